"""One incident: its page, actions, revealed text, export; and the exposure limit of its reader."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog
from flask import Blueprint, Response, abort, g, jsonify, redirect, render_template, request
from jinja2 import pass_context
from jinja2.runtime import Context
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from escalator.engine.available_actions import AvailableAction
from escalator.model.incident import Outcome, Verb
from escalator.model.levels import Role
from escalator.rendering.buttons import LABELS
from escalator.rendering.push_text import OUTCOMES, words
from escalator.rendering.stream_actions import confirmation_question, stream_action_label
from escalator.services.core.context import Core
from escalator.services.incidents import exposure_limits
from escalator.services.incidents.legal_hold import MAX_REASON, HoldRefused, HoldRequest, change_hold
from escalator.services.views.incident import IncidentDetails, view_incident
from escalator.services.views.incident_export import export_incident
from escalator.services.views.perform_action import ViewerAction, act_as_viewer
from escalator.services.views.reveal import RevealResult, reveal_line
from escalator.store.incidents import MOST_NUMBER
from web.dashboard.layout import set_flash
from web.dashboard.picture_proofs import ShownPicture
from web.dashboard.template_filters import zone
from web.note_publishing import publish_later
from web.session import require, running_policy, viewer

log = structlog.get_logger(__name__)

PUBLISHERS = 2
MAX_NOTE, MAX_REFERENCE, LONGEST_MIN = 2_000, 200, 24 * 60
_NO_LINE = 10_000


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the pages."""
    blueprint.add_app_template_filter(offer_label, "offer_label")
    blueprint.add_app_template_filter(confirmation_question, "confirmation_question")
    blueprint.add_app_template_filter(to_the_second, "to_the_second")
    _add_incident(blueprint, core)
    _add_hold(blueprint, core)
    _add_acts(blueprint, core)

    @blueprint.get("/care")
    def care_page() -> str:
        with core.database.reading() as connection:
            read = exposure_limits.person_exposure(connection, viewer().person, running_policy().policy, g.now)
            others = _led_at_limit(connection)
        return render_template("dashboard/care.html", burden=read, care=running_policy().policy.care, at_limit=others)


def _add_incident(blueprint: Blueprint, core: Core) -> None:

    @blueprint.get("/incidents/<int:number>")
    def incident(number: int) -> str:
        return incident_page(view_incident(core, viewer(), number))

    @blueprint.get("/incidents/<int:number>.json")
    def incident_as_json(number: int) -> Response:
        document = export_incident(core, viewer(), number)
        if document is None:
            abort(404)
        answer = jsonify(document)
        answer.headers["Content-Disposition"] = f'attachment; filename="incident-{number}.json"'
        return answer


def _add_acts(blueprint: Blueprint, core: Core) -> None:
    publishers = ThreadPoolExecutor(PUBLISHERS, thread_name_prefix="note")

    @blueprint.post("/incidents/<int:number>/reveal")
    def reveal(number: int) -> str:
        line = _whole_number("line", _NO_LINE)
        shown = reveal_line(core, viewer(), number, line or 0, is_insisted="anyway" in request.form)
        if shown is None:
            abort(404)
        return incident_page(view_incident(core, viewer(), number), shown)

    @blueprint.post("/incidents/<int:number>/<verb>")
    def do(number: int, verb: str) -> AnyResponse:
        result = act_as_viewer(core, viewer(), number, _requested_action(verb))
        if result is None:
            abort(404)
        set_flash(result.words, is_refused=result.refused is not None)
        if result.note is not None:
            publish_later(publishers, core, result.note)
        return redirect(f"/incidents/{number}", code=303)


def _add_hold(blueprint: Blueprint, core: Core) -> None:
    @blueprint.post("/incidents/<int:number>/hold")
    def hold(number: int) -> AnyResponse:
        return change(number, is_held=True)

    @blueprint.post("/incidents/<int:number>/lift_hold")
    def lift_hold(number: int) -> AnyResponse:
        return change(number, is_held=False)

    def change(number: int, *, is_held: bool) -> AnyResponse:
        require(Role.ADMIN)
        reason, person = request.form.get("reason", ""), viewer().person.key
        result = change_hold(core, HoldRequest(number, is_held, person, reason, viewer().via))
        if isinstance(result, HoldRefused):
            if result.is_missing:
                abort(404)
            set_flash(f"Nothing changed: {result.message}.", is_refused=True)
        else:
            set_flash(result)
        return redirect(f"/incidents/{number}", code=303)


def _led_at_limit(connection: Connection) -> list[str] | None:
    """Return, for a senior, the names of people at the exposure limit today; None for others."""
    if viewer().person.role < Role.SENIOR:
        return None
    policy = running_policy().policy
    keys = exposure_limits.people_at_limit(connection, policy.people.values(), policy, g.now)
    return [person.name for key, person in policy.people.items() if key in keys]


@pass_context
def offer_label(context: Context, offer: AvailableAction) -> str:
    """Return the label of an action's button on the page of an incident."""
    if offer.stream_action is not None:
        return stream_action_label(offer.stream_action, context["incident"])
    if offer.minutes is None:
        return LABELS[offer.verb]
    return f"{LABELS[offer.verb]} {words(offer.span)}"


def to_the_second(instant: datetime) -> str:
    """Return `14:03:10` for today, `25 Nov 14:03:10` else, in the reader's zone."""
    local, now = instant.astimezone(zone()), g.now.astimezone(zone())
    return f"{local:%H:%M:%S}" if local.date() == now.date() else f"{local.day} {local:%b %H:%M:%S}"


def incident_page(
    page: IncidentDetails | None, shown: RevealResult | None = None, picture: ShownPicture | None = None
) -> str:
    """Return the page of an incident, with a line or a picture that was asked for; aborts with 404 without one."""
    if page is None:
        abort(404)
    outcomes = [
        (outcome.value, OUTCOMES[outcome].capitalize())
        for outcome in Outcome
        if outcome is not Outcome.REVIEWED_IN_STREAM
    ]
    return render_template(
        "dashboard/incident.html",
        page=page,
        incident=page.incident,
        shown=shown,
        picture=picture,
        outcomes=outcomes,
        care=running_policy().policy.care,
        may_hold=viewer().person.role is Role.ADMIN and not viewer().is_sandbox,
        max_note=MAX_NOTE,
        max_reason=MAX_REASON,
        max_reference=MAX_REFERENCE,
    )


def _requested_action(verb: str) -> ViewerAction:
    """Return the action in a form; aborts with 404 for an unknown one, with 400 if a required field is missing."""
    if verb not in set(Verb) - {Verb.REVEAL}:
        abort(404)
    form, outcome, note = request.form, request.form.get("outcome", ""), request.form.get("note", "").strip()
    number, fence = _whole_number("round"), _whole_number("fence")
    is_empty_note = verb == Verb.NOTE and not note
    if number is None or fence is None or is_empty_note or (outcome and outcome not in set(Outcome)):
        abort(400)
    return ViewerAction(
        Verb(verb),
        seen=(number, fence),
        outcome=Outcome(outcome) if outcome else None,
        reference=form.get("reference", "").strip()[:MAX_REFERENCE],
        minutes=_whole_number("minutes", LONGEST_MIN),
        to=form.get("to", ""),
        note=note[:MAX_NOTE] if verb == Verb.NOTE else "",
        action=form.get("action", "") if verb == Verb.STREAM_ACTION else "",
    )


def _whole_number(name: str, most: int = MOST_NUMBER) -> int | None:
    """Return a field's whole number; None for anything else."""
    text = request.form.get(name, "")
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most else None
    )
