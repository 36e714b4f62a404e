"""The form that puts somebody on call, and the buttons that end it: they work without any script."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from escalator.engine.oncall import may_view_schedule
from escalator.engine.overrides import MAX_OVERRIDE_LENGTH, categories_hidden_from, may_add_override
from escalator.model.levels import Mode, Role
from escalator.model.policy import Person
from escalator.model.schedule import ManualOverride, Schedule, Shift
from escalator.schedules.local_time import first_instant, local_time_reached
from escalator.services.core.context import Core
from escalator.services.oncall import overrides
from escalator.services.oncall.overrides import OverrideRefused, OverrideRequest
from web.dashboard.layout import set_flash
from web.dashboard.template_filters import moment, zone
from web.dashboard.template_filters import person as named
from web.session import require, running_policy, viewer

_LOCAL = "%Y-%m-%dT%H:%M"
_USUAL = timedelta(hours=8)
_FIELDS = ("week", "schedule", "person", "from", "to")


@dataclass(frozen=True, slots=True)
class OverrideForm:
    """The form's values; times are local to the schedule. `people` are the choices."""

    schedule: Schedule
    person: str
    start: str
    end: str
    people: tuple[Person, ...]


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the addresses of the form and the buttons."""

    @blueprint.post("/oncall/overrides")
    def begin_override() -> AnyResponse:
        require(Role.MODERATOR)
        schedule = _known_schedule(request.form)
        if schedule is None:
            abort(404)
        start, end = (_instant(request.form.get(name, ""), schedule) for name in ("from", "to"))
        if start is None or end is None:
            return _refused("enter date and time of both the start and the end", request.form)
        override_request = OverrideRequest(schedule.key, request.form.get("person", ""), start, end)
        result = overrides.create_override(core, override_request, viewer().person, _via())
        if isinstance(result, OverrideRefused):
            return _refused(result.message, request.form)
        set_flash(_begun(result))
        return redirect(address(week=result.start.astimezone(zone()).date().isoformat()), 303)

    @blueprint.post("/oncall/overrides/<uuid:override_id>/end")
    def end_override(override_id: UUID) -> AnyResponse:
        require(Role.MODERATOR)
        result = overrides.end_override(core, override_id, viewer().person, _via())
        if isinstance(result, OverrideRefused):
            set_flash(f"Nothing changed: {result.message}.", is_refused=True)
        else:
            set_flash(f"Override ended: {named(result.person)} on {result.schedule}.")
        return redirect(address(), 303)


def form(asked: Mapping[str, str]) -> OverrideForm | None:
    """Return the form for the requested schedule; None if there is none, or this reader may not use it."""
    reader, schedule = viewer().person, _known_schedule(asked)
    everybody = running_policy().policy.people.values()
    people = tuple(
        person for person in everybody if person.role.may_acknowledge and may_add_override(reader, person.key)
    )
    if schedule is None or not people:
        return None
    now = _local(g.now, schedule)
    start = asked.get("from") or f"{now:{_LOCAL}}"
    end = asked.get("to") or f"{now + _USUAL:{_LOCAL}}"
    return OverrideForm(schedule, asked.get("person") or reader.key, start, end, people)


def form_address(monday: date, schedule: Schedule, shift: Shift | None = None) -> str:
    """Return the form's address, for the rest of a shift if one is given."""
    arguments = {"week": monday.isoformat(), "schedule": schedule.key}
    if shift is not None:
        start = max(shift.start, g.now)
        end = min(shift.end, start + MAX_OVERRIDE_LENGTH)
        arguments |= {"from": f"{_local(start, schedule):{_LOCAL}}", "to": f"{_local(end, schedule):{_LOCAL}}"}
    return f"{address(**arguments)}#override"


def address(**asked: str) -> str:
    """Return the page's address with these parameters."""
    return f"/oncall?{urlencode(asked)}" if asked else "/oncall"


def _known_schedule(asked: Mapping[str, str]) -> Schedule | None:
    schedule = running_policy().policy.schedules.get(asked.get("schedule", ""))
    is_known = schedule is not None and may_view_schedule(schedule.key, viewer().person, running_policy().policy)
    return schedule if is_known else None


def _via() -> str:
    """Return the `via` of the click: without a real sign-in, an action counts only in the sandbox."""
    return Mode.SANDBOX.value if viewer().is_sandbox else viewer().via


def _refused(text: str, asked: Mapping[str, str]) -> AnyResponse:
    """Show what is wrong, and the form again as it was filled in."""
    set_flash(f"Nothing changed: {text}.", is_refused=True)
    arguments = {name: asked[name] for name in _FIELDS if asked.get(name)}
    return redirect(f"{address(**arguments)}#override", 303)


def _begun(override: ManualOverride) -> str:
    span = f"{moment(override.start)} – {moment(override.end)}"
    text = f"{named(override.person)} is on call on {override.schedule}, {span}."
    hidden = ", ".join(
        category.title
        for category in categories_hidden_from(running_policy().policy, override.schedule, override.person)
    )
    return f"{text} They may not see {hidden} and are not notified of it." if hidden else text


def _local(at: datetime, schedule: Schedule) -> datetime:
    """Return the schedule's local time; an ambiguous one means the first."""
    return local_time_reached(at, schedule.timezone)


def _instant(text: str, schedule: Schedule) -> datetime | None:
    """Return the instant of a local time of the schedule; None if it is invalid."""
    try:
        return first_instant(datetime.fromisoformat(text).replace(tzinfo=None), schedule.timezone)
    except ValueError:
        return None
