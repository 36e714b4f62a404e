"""The format in which the calendar reader process replies."""

import json
from datetime import datetime

from escalator.schedules.calendar import CalendarEvent, FeedFlaw, FeedReading


def encode_reading(reading: FeedReading | FeedFlaw) -> bytes:
    """Return it as JSON."""
    if isinstance(reading, FeedFlaw):
        return json.dumps({"flaw": reading.value}).encode()
    events = [
        (event.start.isoformat(), event.end.isoformat(), event.attendees, event.summary) for event in reading.events
    ]
    return json.dumps({"events": events, "unreadable": reading.unreadable}).encode()


def decode_reading(text: bytes) -> FeedReading | FeedFlaw:
    """Parse the result."""
    decoded = json.loads(text)
    if "flaw" in decoded:
        return FeedFlaw(decoded["flaw"])
    events = (
        CalendarEvent(datetime.fromisoformat(start), datetime.fromisoformat(end), tuple(attendees), summary)
        for start, end, attendees, summary in decoded["events"]
    )
    return FeedReading(tuple(events), decoded["unreadable"])
