"""The text of an iCalendar feed (RFC 5545) -> who it names when.

The text is not trusted, and a recurrence rule of one line may need more time than any machine has: this runs only in
a process with a time limit (`escalator.services.oncall.calendar_subprocess`).

What the standard defines is read exactly. What it leaves undefined, or forbids, is counted as unreadable and puts
nobody on call. `lines` splits the text into components, `values` and `zones` read times, `rules` expand recurrence,
`series` expands events with one UID, `reading` reads a whole feed.
"""

from escalator.schedules.ical.reading import MOST_EVENTS, read_feed

__all__ = ["MOST_EVENTS", "read_feed"]
