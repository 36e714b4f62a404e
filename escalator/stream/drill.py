"""A drill: an event of our own that takes the way of all events, so that what is rehearsed is the real thing.

Its type means nothing at Stream's door: there it is counted and forgotten, so that no event from outside can call
itself a drill, which would hide a real alert among those that nobody fears.
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
    """What is rehearsed: the `route`, whatever its conditions, by an incident of that category and severity.

    `id` is that of the drill's row, `name` the drill's. An empty category or severity is not said.
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
    """Return what such an event says: an incident of its own, which no other event joins."""
    said = DrillRehearsal(**{name: str(body.get(name, "")) for name in DrillRehearsal.__dataclass_fields__})
    seen = {"event": [TYPE], "category": [said.category], "severity": [said.severity]}
    return Observation(
        event_type=TYPE,
        at=at,
        keys=(ItemKey("entity", bounded_id(f"{_KEY}/{said.id}")),),
        facts=Facts({name: sightings(values, at) for name, values in seen.items() if any(values)}),
        content=Content({"text": (at, _ABOUT), "language": (at, "en")}),
        via="engine",
        drill=said.name,
        route=said.route,
    )
