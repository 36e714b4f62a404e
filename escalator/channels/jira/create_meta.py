"""Fields of a new issue, allowed and required: Jira's create metadata.

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
    """The fields of a new issue of one type, id -> name; `required` are those without a default."""

    names: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


def create_screen(site: Site, project: str, issue_type: str) -> CreateScreen | None | Failed:
    """Return the fields of a new issue of this type in a project; None when we cannot create one there."""
    place = f"/issue/createmeta/{quote(project, safe='')}/issuetypes"
    types = _all(site, place, "issueTypes")
    if isinstance(types, Failed):
        return _all_in_one(site, project, issue_type) if types.reason is FailureReason.BAD_TARGET else types
    type_id = next((str(type_.get("id", "")) for type_ in types if _is_named(type_, issue_type)), "")
    if not type_id:
        return None
    fields = _all(site, f"{place}/{quote(type_id, safe='')}", "fields")
    if isinstance(fields, Failed):
        return fields
    return _screen({str(field.get("fieldId") or field.get("key") or ""): field for field in fields})


def _all_in_one(site: Site, project: str, issue_type: str) -> CreateScreen | None | Failed:
    query = {"projectKeys": project, "issuetypeNames": issue_type, "expand": "projects.issuetypes.fields"}
    response = site.ask("GET", f"/issue/createmeta?{urlencode(query)}")
    if isinstance(response, Failed):
        return response
    types = [type_ for known in _objects(response.get("projects")) for type_ in _objects(known.get("issuetypes"))]
    fields = next((type_.get("fields") for type_ in types if _is_named(type_, issue_type)), None)
    if not isinstance(fields, dict):
        return None
    return _screen({name: field for name, field in fields.items() if isinstance(field, dict)})


def _all(site: Site, place: str, name: str) -> list[dict[str, Any]] | Failed:
    """Return all items of a paged list."""
    items: list[dict[str, Any]] = []
    for _ in range(_MOST_PAGES):
        response = site.ask("GET", f"{place}?{urlencode({'startAt': len(items), 'maxResults': _PAGE})}")
        if isinstance(response, Failed):
            return response
        page = response.get(name, response.get("values"))
        if not isinstance(page, list):
            return Failed(FailureReason.BAD_ANSWER, "no_create_metadata")
        items += _objects(page)
        total = response.get("total")
        if not page or response.get("isLast") is True or (isinstance(total, int) and len(items) >= total):
            break
    return items


def _screen(fields: Mapping[str, Mapping[str, Any]]) -> CreateScreen:
    names = {key: str(field.get("name", key)) for key, field in fields.items() if key}
    required = {
        key for key, field in fields.items() if field.get("required") is True and not field.get("hasDefaultValue")
    }
    return CreateScreen(names, frozenset(required & names.keys()))


def _is_named(entry: Mapping[str, Any], name: str) -> bool:
    return str(entry.get("name", "")).casefold() == name.casefold()


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
