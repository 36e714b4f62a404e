"""The audit log: search, export as a file, and the check of the hash chain."""

from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.datastructures import MultiDict

from escalator.model.destination_kind import DestinationKind
from escalator.model.policy import Category
from escalator.schedules.local_time import first_instant
from escalator.services.audit import search as trail
from escalator.services.audit import verify
from escalator.services.audit.search import AuditPage, ExportFormat
from escalator.services.core.context import Core
from escalator.store.audit_search import AuditQuery, Position
from escalator.store.incidents import MOST_NUMBER
from web.dashboard.audit_entry import dated, record_sentence, title
from web.dashboard.template_filters import zone
from web.session import running_policy, viewer

_FIELDS = ("person", "number", "category", "action", "via", "since", "until")
_VENDORS = [kind.value for kind in DestinationKind if not kind.about.is_for_machines]
_VIAS = ("engine", "dashboard", "api", *_VENDORS, "stream", "cli", "file", "sandbox")
_MIMETYPES = {ExportFormat.CSV: "text/csv", ExportFormat.JSON_LINES: "application/x-ndjson"}
_LONGEST_FIELD = 160


def register(door: Blueprint, core: Core) -> None:
    """Add the search, its export, and the page of the chain."""

    @door.get("/audit")
    def audit() -> str:
        search = _search(request.args)
        older, newer = _place("older"), _place("newer")
        page = trail.search_page(core, viewer(), running_policy(), search, older_than=older, newer_than=newer)
        return render_template(
            "dashboard/audit.html",
            asked=_asked(request.args),
            rows=[(row, record_sentence(row), title(row.category)) for row in page.rows],
            dated=dated,
            unsealed=sum(row.seq is None for row in page.rows),
            newer=_address(page, "newer"),
            older=_address(page, "older"),
            people=_people(),
            categories=_categories(),
            groups=trail.GROUPS,
            vias=_VIAS,
        )

    @door.post("/audit/export")
    def export() -> Response:
        search = _search(request.form)
        if request.form.get("form") not in set(ExportFormat):
            abort(400, "form must be csv or jsonl")
        form = ExportFormat(request.form["form"])
        headers = {"Content-Disposition": f'attachment; filename="audit.{form.value}"'}
        records = trail.export_records(core, viewer(), running_policy(), search, form)
        return Response(records, mimetype=_MIMETYPES[form], headers=headers)

    @door.get("/audit/chain")
    def whole() -> str:
        return render_template("dashboard/audit_chain.html", chain=verify.chain_status(core))


def _search(arguments: MultiDict[str, str]) -> AuditQuery:
    """Return the form's query. Aborts with 400 for invalid values, with 403 for what they may not search."""
    texts = _asked(arguments)
    search = AuditQuery(
        actor=texts.get("person"),
        number=_number(texts.get("number")),
        category=texts.get("category"),
        actions=_actions(texts.get("action")),
        via=texts.get("via"),
        since=_instant("since", texts.get("since")),
        until=_instant("until", texts.get("until"), is_end=True),
    )
    refused = trail.search_refusal(viewer().person, search)
    if refused:
        abort(403, refused)
    return search


def _asked(arguments: MultiDict[str, str]) -> dict[str, str]:
    """Return the fields that are filled in. PostgreSQL accepts no null byte in text."""
    texts = {name: arguments.get(name, "").strip() for name in _FIELDS}
    if any(len(text) > _LONGEST_FIELD or "\0" in text for text in texts.values()):
        abort(400, "One of the fields is too long or contains invalid characters.")
    return {name: text for name, text in texts.items() if text}


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and int(digits) <= MOST_NUMBER):
        abort(400, "Enter the number of the incident, such as 1042.")
    return int(digits)


def _actions(word: str | None) -> tuple[str, ...]:
    try:
        return trail.actions_named(word) if word else ()
    except ValueError:
        abort(400, "There is no such action.")


def _instant(name: str, text: str | None, *, is_end: bool = False) -> datetime | None:
    """Return when a day (or a minute) begins in the reader's zone; the end of a day if it ends a period."""
    if text is None:
        return None
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None:
            return local.astimezone(UTC)
        if is_end and local.time() == time():
            local += timedelta(days=1)
        return first_instant(local, zone())
    except (ValueError, OverflowError):
        abort(400, f"{name} must be a date such as 2026-01-31.")


def _place(name: str) -> Position | None:
    text = request.args.get(name)
    try:
        return trail.decode_cursor(text) if text else None
    except ValueError:
        abort(400, "This page of the list no longer exists.")


def _address(page: AuditPage, side: str) -> str | None:
    place = page.newer if side == "newer" else page.older
    if place is None:
        return None
    return "/audit?" + urlencode({**_asked(request.args), side: trail.encode_cursor(place)})


def _people() -> list[tuple[str, str]]:
    """Return the people to search by, the viewer first: key and name."""
    person = viewer().person
    others = [person_ for person_ in running_policy().policy.people.values() if person_.key != person.key]
    may_ask = [other for other in others if not trail.search_refusal(person, AuditQuery(actor=other.key))]
    return [(one.key, one.name) for one in (person, *may_ask)]


def _categories() -> list[Category]:
    policy = running_policy().policy
    return [category for key, category in policy.categories.items() if viewer().may_see((key,), policy)]
