"""What an event would do now: the live engine, run ahead of the clock over what the installation goes by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from escalator.engine.preview import Preview, preview
from escalator.errors import InvalidEvent
from escalator.model.facts import Observation
from escalator.rendering.preview import document
from escalator.services.core import Core
from escalator.services.policies import Running
from escalator.stream.normalise import observe


@dataclass(frozen=True, slots=True)
class Explained:
    """What would become of an event accepted at that time; `observation` is None for one that means nothing here."""

    at: datetime
    source: str
    observation: Observation | None
    found: Preview | None


def explained(core: Core, running: Running, body: bytes, source: str | None, at: datetime | None) -> Explained:
    """Return what an event would do under the running policy, with its calendars and every silence that has not ended.

    `source` is the first of the policy's and `at` (aware) is now where they are None. Nothing is stored or sent.
    Raises InvalidEvent, by field, for a body that is no event and for an unknown `source`.
    """
    policy, now = running.policy, at or core.clock.now()
    observation = observe(body, now)
    name = next(iter(policy.sources), "") if source is None else source
    if source is not None and source not in policy.sources:
        raise InvalidEvent({"source": [f"No source of the policy; known: {', '.join(policy.sources) or 'none'}."]})
    begun = tuple(one for one in running.silences if one not in policy.silences)
    found = preview(observation, name, policy, now, running.calendars, begun) if observation else None
    return Explained(now, name, observation, found)


def explain(core: Core, running: Running, body: bytes, source: str | None, at: datetime | None) -> dict[str, Any]:
    """Return the JSON object of RULES 6 for an event; what is left out and raised is as for `explained`."""
    said = explained(core, running, body, source, at)
    return document(said.found, said.at)
