"""What the process that reads a feed tells the one that asked."""

import json
from datetime import datetime

from escalator.schedules.calendar import CalendarEvent, FeedFlaw, FeedReading


def encode_reading(said: FeedReading | FeedFlaw) -> bytes:
    """Return it as JSON."""
    if isinstance(said, FeedFlaw):
        return json.dumps({"flaw": said.value}).encode()
    events = [(one.start.isoformat(), one.end.isoformat(), one.attendees, one.summary) for one in said.events]
    return json.dumps({"events": events, "unreadable": said.unreadable}).encode()


def decode_reading(text: bytes) -> FeedReading | FeedFlaw:
    """Return what was spoken."""
    said = json.loads(text)
    if "flaw" in said:
        return FeedFlaw(said["flaw"])
    events = (
        CalendarEvent(datetime.fromisoformat(start), datetime.fromisoformat(end), tuple(attendees), summary)
        for start, end, attendees, summary in said["events"]
    )
    return FeedReading(tuple(events), said["unreadable"])
