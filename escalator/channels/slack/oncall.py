"""Who is on call now and next, as Slack shows it."""

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


def oncall_text(roster: Roster, asker: Person, name: str, expand: Expand) -> str:
    """Return who is on call for the named team or schedule, or for all that the asker may see, in mrkdwn.

    The team of a restricted category and its schedule are shown only to members of its teams. A schedule that a team
    uses is shown by itself only when it is named.
    """
    known = [status for status in on_call_statuses(roster) if may_view_on_call(status, asker, roster.policy)]
    shown = known
    if name:
        shown = [status for status in known if normalized(status.key) == normalized(name)]
        if not shown:
            keys = (f"`{escape(status.key)}`" for status in known)
            names = fitting(keys, MORE, between=", ", room=_NAMES_CHARS) or "none"
            return f"There is no team or schedule `{escape(cut(name, _ASKED_CHARS))}`. Known: {names}."
    else:
        followed = {status.schedule for status in known if status.is_team}
        shown = [status for status in known if status.is_team or status.key not in followed]
    if not shown:
        return "There is no team."
    return fitting((_line(status, roster.policy, expand) for status in shown), _MORE)


def _line(status: OnCallStatus, policy: Policy, expand: Expand) -> str:
    def named(keys: Iterable[str]) -> str:
        return ", ".join(_name_and_contact(key, status.lead, policy, expand) for key in keys if key in policy.people)

    return f"*{escape(status.key)}* · {' · '.join(_status_lines(status, named))}"


def _status_lines(status: OnCallStatus, named: Callable[[Iterable[str]], str]) -> Iterator[str]:
    if status.schedule is None:
        keys = dict.fromkeys((*status.now, *([status.lead] if status.lead else [])))
        yield f"everybody: {named(keys) or 'nobody'}"
        return
    until = f" until {date(status.until)}" if status.until else ""
    if status.is_attended:
        yield f"now {named(status.now)}{until}"
    else:
        yield f"nobody is on call{until}"
        if status.lead:
            yield f"lead instead: {named([status.lead])}"
    if status.next_from:
        since = f" from {date(status.next_from)}" if status.next_from != status.until else ""
        yield f"next {named(status.next)}{since}"


def _name_and_contact(key: str, lead: str | None, policy: Policy, expand: Expand) -> str:
    """Return a name and the first contact."""
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
