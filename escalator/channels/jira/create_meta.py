"""What a new issue may and must say: Jira's create metadata.

Sources: developer.atlassian.com/cloud/jira/platform/rest/v3, "Get create metadata issue types for a project" and "Get
create field metadata for a project and issue type id" (lists `issueTypes` and `fields`); docs.atlassian.com/software/
jira/docs/api/REST (v2), the same addresses since 8.4, with `values`. What is older than that has the one address
`/issue/createmeta` with all in it, which 9.0 has no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from escalator.channels.jira.site import Site
from escalator.model.message import Failed, FailureReason

_PAGE = 50
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class CreateScreen:
    """The fields of a new issue of one type, each id with its name; `required` are those that have no default."""

    names: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


def create_screen(site: Site, project: str, issue_type: str) -> CreateScreen | None | Failed:
    """Return what an issue of this type is made of in a project; None when we can make none of this type there."""
    place = f"/issue/createmeta/{quote(project, safe='')}/issuetypes"
    types = _all(site, place, "issueTypes")
    if isinstance(types, Failed):
        return _all_in_one(site, project, issue_type) if types.reason is FailureReason.BAD_TARGET else types
    found = next((str(one.get("id", "")) for one in types if _is_named(one, issue_type)), "")
    if not found:
        return None
    fields = _all(site, f"{place}/{quote(found, safe='')}", "fields")
    if isinstance(fields, Failed):
        return fields
    return _screen({str(one.get("fieldId") or one.get("key") or ""): one for one in fields})


def _all_in_one(site: Site, project: str, issue_type: str) -> CreateScreen | None | Failed:
    asked = {"projectKeys": project, "issuetypeNames": issue_type, "expand": "projects.issuetypes.fields"}
    said = site.ask("GET", f"/issue/createmeta?{urlencode(asked)}")
    if isinstance(said, Failed):
        return said
    types = [one for known in _objects(said.get("projects")) for one in _objects(known.get("issuetypes"))]
    fields = next((one.get("fields") for one in types if _is_named(one, issue_type)), None)
    if not isinstance(fields, dict):
        return None
    return _screen({name: one for name, one in fields.items() if isinstance(one, dict)})


def _all(site: Site, place: str, name: str) -> list[dict[str, Any]] | Failed:
    """Return all of a list that comes in pages."""
    found: list[dict[str, Any]] = []
    for _ in range(_MOST_PAGES):
        said = site.ask("GET", f"{place}?{urlencode({'startAt': len(found), 'maxResults': _PAGE})}")
        if isinstance(said, Failed):
            return said
        page = said.get(name, said.get("values"))
        if not isinstance(page, list):
            return Failed(FailureReason.BAD_ANSWER, "no_create_metadata")
        found += _objects(page)
        total = said.get("total")
        if not page or said.get("isLast") is True or (isinstance(total, int) and len(found) >= total):
            break
    return found


def _screen(fields: Mapping[str, Mapping[str, Any]]) -> CreateScreen:
    names = {key: str(one.get("name", key)) for key, one in fields.items() if key}
    required = {key for key, one in fields.items() if one.get("required") is True and not one.get("hasDefaultValue")}
    return CreateScreen(names, frozenset(required & names.keys()))


def _is_named(one: Mapping[str, Any], issue_type: str) -> bool:
    return str(one.get("name", "")).casefold() == issue_type.casefold()


def _objects(said: object) -> list[dict[str, Any]]:
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
