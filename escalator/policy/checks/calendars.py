"""Schedules that follow a calendar: is its address valid, and who is on call when the calendar has no event."""

from collections.abc import Iterator, Mapping

from escalator.policy.draft import PolicyDraft
from escalator.policy.placeholders import expand
from escalator.policy.problems import PolicyFinding, make_warning
from escalator.schedules.calendar import feed_url


def check_calendars(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    """Yield addresses that cannot be fetched, and schedules with nobody on call when their calendar has no event."""
    for key, schedule in draft.schedules.items():
        place = ("schedules", key, "ical")
        if schedule.ical is None:
            continue
        address = expand(schedule.ical, env).strip()
        if address and feed_url(address) is None:
            right = "write the https:// or webcal:// address of an iCalendar feed"
            yield make_warning(place, "is not an address, so the calendar is never read", right, blocks_production=True)
        if not (schedule.people or schedule.layers):
            what = "may have no event, and then nobody is on call"
            yield make_warning(place, what, "add `people` for times without calendar events")
