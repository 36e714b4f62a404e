"""Drills: events of our own that are processed like all events, so that a drill tests the real code.

A webhook with this type is counted and dropped, so that no event from outside can pass as a drill, which would hide
a real alert.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from escalator.model.facts import Content, Facts, ItemKey, Observation, sightings
from escalator.stream.text import bounded_id

TYPE = "escalator.drill"
_KEY = "escalator:drill"
_ABOUT = "This is a drill. Nothing has happened and nobody is harmed: answer it as you would answer a real alert."


@dataclass(frozen=True, slots=True)
class DrillRehearsal:
    """A rehearsal of `route`, whatever its conditions, by an incident of that category and severity.

    `id` is that of the drill's row, `name` the drill's. An empty category or severity is left out.
    """

    id: str
    name: str
    route: str
    category: str = ""
    severity: str = ""


def body_of(rehearsal: DrillRehearsal) -> bytes:
    """Return the event to store. The same rehearsal is the same bytes."""
    return json.dumps({"type": TYPE, **asdict(rehearsal)}, sort_keys=True).encode()


def observation(body: Mapping[str, object], at: datetime) -> Observation:
    """Return the observation of such an event: an incident of its own, which no other event joins."""
    rehearsal = DrillRehearsal(**{name: str(body.get(name, "")) for name in DrillRehearsal.__dataclass_fields__})
    values_by_name = {"event": [TYPE], "category": [rehearsal.category], "severity": [rehearsal.severity]}
    return Observation(
        event_type=TYPE,
        at=at,
        keys=(ItemKey("entity", bounded_id(f"{_KEY}/{rehearsal.id}")),),
        facts=Facts({name: sightings(values, at) for name, values in values_by_name.items() if any(values)}),
        content=Content({"text": (at, _ABOUT), "language": (at, "en")}),
        via="engine",
        drill=rehearsal.name,
        route=rehearsal.route,
    )
