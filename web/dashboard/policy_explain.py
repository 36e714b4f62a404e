"""What an event would do: a pasted one, or one of an incident whose body is decrypted in memory and never shown."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, render_template, request

from escalator.errors import ContentLocked, InvalidEvent
from escalator.model.policy import Policy
from escalator.rendering.preview_json import document, why_nobody
from escalator.rendering.preview_text import firings
from escalator.rendering.view import headline
from escalator.schedules.local_time import first_instant
from escalator.services.core.context import Core
from escalator.services.policies.explain import (
    Explanation,
    event_problems,
    explain_event,
    read_stored_event,
    stored_events,
)
from escalator.store.events import StoredEvent
from web.dashboard.template_filters import zone
from web.session import running_policy, viewer

_MOST_DIGITS = 12
_PURGED = "The events of this incident have been deleted, so there is nothing to explain. Paste an event instead."
_LOCKED = "This event cannot be decrypted: no key in CONTENT_KEY opens it."
_NOTHING = "Paste an event, or enter the number of an incident."
_NO_TIME = "Not a valid time; write it as 2026-01-05T18:00."
_NO_NUMBER = "Not an incident number; write it as 1042."


@dataclass(slots=True)
class _Form:
    """What somebody has typed, and the errors by field; all of it is kept."""

    body: str
    source: str
    at: str
    number: str
    event: str
    wrong: dict[str, str] = field(default_factory=dict)
    offered: tuple[StoredEvent, ...] = ()

    def complain(self, name: str, text: str) -> None:
        """Record an error of a field."""
        self.wrong[name] = f"{self.wrong[name]}; {text}" if name in self.wrong else text


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the page."""

    @blueprint.get("/policy/explain")
    def explain() -> str:
        return _page(core, _form(request.args), is_asked="number" in request.args)

    @blueprint.post("/policy/explain")
    def explain_this() -> str:
        return _page(core, _form(request.form), is_asked=True)


def _form(arguments: Any) -> _Form:
    return _Form(
        body=arguments.get("body", ""),
        source=arguments.get("source", ""),
        at=arguments.get("at", "").strip(),
        number=arguments.get("number", "").strip().removeprefix("#"),
        event=arguments.get("event", ""),
    )


def _page(core: Core, form: _Form, *, is_asked: bool) -> str:
    explanation = _explained(core, form) if is_asked else None
    policy = running_policy().policy
    outcome = _outcome(explanation, policy) if explanation else {}
    return render_template("dashboard/policy_explain.html", form=form, policy=policy, **outcome)


def _explained(core: Core, form: _Form) -> Explanation | None:
    """Return the explanation of the form's event; None if the form has errors."""
    at = _instant(form)
    picked = _picked(core, form) if form.number else None
    body = form.body.encode() if form.body.strip() else b""
    if picked is not None:
        body, form.source = _opened(core, form, picked), form.source or picked.source
    if not body and not form.wrong:
        form.complain("body", _NOTHING)
    if form.wrong:
        return None
    try:
        return explain_event(core, running_policy(), body, form.source or None, at)
    except InvalidEvent as error:
        for name, message in event_problems(error):
            if name in {"source", "at"}:
                form.complain(name, message)
            else:
                form.complain("body", f"{name}: {message}" if name else message)
    return None


def _instant(form: _Form) -> datetime | None:
    """Return the typed instant, in the reader's zone unless it has its own; None for now."""
    if not form.at:
        return None
    try:
        at = datetime.fromisoformat(form.at)
        return at if at.tzinfo else first_instant(at, zone())
    except (ValueError, OverflowError):
        form.complain("at", _NO_TIME)
    return None


def _picked(core: Core, form: _Form) -> StoredEvent | None:
    """Return the chosen event of an incident, else the one that opened it. Aborts with 404."""
    if not form.number.isascii() or not form.number.isdecimal() or len(form.number) > _MOST_DIGITS:
        form.complain("number", _NO_NUMBER)
        return None
    offered_events = stored_events(core, running_policy(), viewer(), int(form.number))
    if offered_events is None:
        abort(404)
    form.offered = offered_events
    picked = next((event for event in offered_events if str(event.id) == form.event), None)
    if form.event and picked is None:
        abort(404)
    if not offered_events:
        form.complain("number", _PURGED)
        return None
    return picked or offered_events[0]


def _opened(core: Core, form: _Form, event: StoredEvent) -> bytes:
    form.event = str(event.id)
    try:
        return read_stored_event(core, event)
    except ContentLocked:
        form.complain("number", _LOCKED)
    return b""


def _outcome(explanation: Explanation, policy: Policy) -> dict[str, Any]:
    """Return the values for the page: nothing from the event's content."""
    incident = explanation.found.incident if explanation.found else None
    values: dict[str, Any] = {
        "explained": explanation,
        "incident": incident,
        "nobody": why_nobody(explanation.found, explanation.observation),
        "document": json.dumps(document(explanation.found, explanation.at), indent=2, ensure_ascii=False),
    }
    if explanation.found and incident:
        values["headline"] = headline(incident, policy.categories.get(incident.category or ""))
        values["firings"] = list(firings(explanation.found, explanation.at, policy))
    return values
