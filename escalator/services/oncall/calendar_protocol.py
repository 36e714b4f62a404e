"""What the process that reads a feed tells the one that asked."""

import json
from datetime import datetime

from escalator.schedules.calendar import Event, Flaw, Reading


def encode_reading(said: Reading | Flaw) -> bytes:
    """Return it as JSON."""
    if isinstance(said, Flaw):
        return json.dumps({"flaw": said.value}).encode()
    events = [(one.start.isoformat(), one.end.isoformat(), one.attendees, one.summary) for one in said.events]
    return json.dumps({"events": events, "unreadable": said.unreadable}).encode()


def decode_reading(text: bytes) -> Reading | Flaw:
    """Return what was spoken."""
    said = json.loads(text)
    if "flaw" in said:
        return Flaw(said["flaw"])
    events = (
        Event(datetime.fromisoformat(start), datetime.fromisoformat(end), tuple(attendees), summary)
        for start, end, attendees, summary in said["events"]
    )
    return Reading(tuple(events), said["unreadable"])
