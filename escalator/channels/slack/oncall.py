"""Who answers for each team now and next, as Slack shows it."""

from collections.abc import Callable, Iterable, Iterator

from escalator.channels.slack.text import date, escape, fitting
from escalator.engine.oncall import OnCallStatus, may_view_on_call, on_call_statuses
from escalator.engine.roster import Roster
from escalator.engine.targets import first_contact
from escalator.model.destination_kind import DestinationKind
from escalator.model.facts import normalized
from escalator.model.policy import Person, Policy
from escalator.rendering.truncate import MORE, cut

_ASKED_CHARS = 80
_NAMES_CHARS = 3_000
_MORE = "… ask for one team: `/oncall TEAM`"

Expand = Callable[[str], str]


def oncall_text(roster: Roster, asker: Person, wanted: str, expand: Expand) -> str:
    """Return who answers for the wanted team or schedule, or for all that the asker may know of, in mrkdwn.

    The team of a restricted category is nobody's business but of those who are in one of its teams, and so is its
    schedule. A schedule that some team follows is shown for itself only when it is asked for.
    """
    known = [duty for duty in on_call_statuses(roster) if may_view_on_call(duty, asker, roster.policy)]
    shown = known
    if wanted:
        shown = [duty for duty in known if normalized(duty.key) == normalized(wanted)]
        if not shown:
            keys = (f"`{escape(duty.key)}`" for duty in known)
            names = fitting(keys, MORE, between=", ", room=_NAMES_CHARS) or "none"
            return f"There is no team or schedule `{escape(cut(wanted, _ASKED_CHARS))}`. Known: {names}."
    else:
        followed = {duty.schedule for duty in known if duty.is_team}
        shown = [duty for duty in known if duty.is_team or duty.key not in followed]
    if not shown:
        return "There is no team."
    return fitting((_line(duty, roster.policy, expand) for duty in shown), _MORE)


def _line(duty: OnCallStatus, policy: Policy, expand: Expand) -> str:
    def named(keys: Iterable[str]) -> str:
        return ", ".join(_called(key, duty.lead, policy, expand) for key in keys if key in policy.people)

    return f"*{escape(duty.key)}* · {' · '.join(_said(duty, named))}"


def _said(duty: OnCallStatus, named: Callable[[Iterable[str]], str]) -> Iterator[str]:
    if duty.schedule is None:
        keys = dict.fromkeys((*duty.now, *([duty.lead] if duty.lead else [])))
        yield f"everybody: {named(keys) or 'nobody'}"
        return
    until = f" until {date(duty.until)}" if duty.until else ""
    if duty.is_attended:
        yield f"now {named(duty.now)}{until}"
    else:
        yield f"nobody is on call{until}"
        if duty.lead:
            yield f"lead instead: {named([duty.lead])}"
    if duty.next_from:
        since = f" from {date(duty.next_from)}" if duty.next_from != duty.until else ""
        yield f"next {named(duty.next)}{since}"


def _called(key: str, lead: str | None, policy: Policy, expand: Expand) -> str:
    """Return a name and the first way of reaching it."""
    person = policy.people[key]
    kind = first_contact(person)
    address = expand(person.address_of(kind) or "")
    contact = {
        DestinationKind.SLACK: f"<@{address}>",
        DestinationKind.EMAIL: escape(address),
        DestinationKind.PAGERDUTY: "PagerDuty",
    }
    reached = contact[kind] if address else "(no contact)"
    return f"{escape(person.name)} {reached}{' (lead)' if key == lead else ''}"
