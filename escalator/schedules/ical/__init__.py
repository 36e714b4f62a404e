"""The text of an iCalendar feed (RFC 5545) -> who it names when.

The text is a stranger's, and a recurrence rule of one line may ask for more than any machine can do: this runs only in
a process with an end of its own (`escalator.services.oncall.calendar_subprocess`).

What the standard defines is read exactly so. What it leaves undefined, or forbids, counts as unreadable and is told: it
never names somebody. `lines` splits the text into components, `values` and `zones` read times, `rules` expand
recurrence, `series` makes occurrences of events with one UID, `reading` goes through the whole feed.
"""

from escalator.schedules.ical.reading import MOST_EVENTS, read_feed

__all__ = ["MOST_EVENTS", "read_feed"]
