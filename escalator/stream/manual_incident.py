"""Incidents that a person opens: events of our own that are processed like Stream's.

A webhook with this type is counted and dropped, so that only people of the policy can open one.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from escalator.model.facts import Content, Facts, ItemKey, Observation, sightings
from escalator.stream.text import bounded_id, storable_text

TYPE = "escalator.manual"
REPORTER = "moderator"
_KEY = "escalator:manual"
_ID = re.compile(r"[\w:.-]{1,200}")


@dataclass(frozen=True, slots=True)
class ManualReport:
    """A person's report: the category (its key) and the item.

    `id` is the same however often the same form is sent. `item` is a link or an id and `author` a user id of Stream's,
    where they are known. `person` is the policy key of who opens it, `via` where.
    """

    id: str
    category: str
    about: str
    person: str
    via: str
    item: str = ""
    author: str = ""


def body_of(report: ManualReport) -> bytes:
    """Return the event to store. The same report is the same bytes."""
    fields = {name: storable_text(value) for name, value in asdict(report).items()}
    return json.dumps({"type": TYPE, **fields}, sort_keys=True).encode()


def observation(body: Mapping[str, object], at: datetime) -> Observation:
    """Return the observation of such an event. It is an incident of its own, whatever else is known of the item.

    If it joined a closed incident about the same item, that would stay closed, and nobody would be notified.
    """
    report = ManualReport(**{name: str(body.get(name, "")) for name in ManualReport.__dataclass_fields__})
    values_by_name = {
        "event": [TYPE],
        "category": [report.category],
        "reporter": [REPORTER],
        "author": [report.author],
    }
    text = f"{report.about}\n{report.item}" if report.item else report.about
    content_values = {"text": text, "author_id": report.author}
    return Observation(
        event_type=TYPE,
        at=at,
        keys=(ItemKey("entity", bounded_id(f"{_KEY}/{report.id}")),),
        facts=Facts({name: sightings(values, at) for name, values in values_by_name.items() if any(values)}),
        content=Content({name: (at, value) for name, value in content_values.items() if value}),
        links=_links(report),
        opened_by=report.person,
        via=report.via,
    )


def _links(report: ManualReport) -> dict[str, str]:
    """Return the ids for the source's dashboard. A typed id never counts as that of a review queue item, which may be
    shown where the content is withheld: it may be a user's.
    """
    known = {"entity_id": report.item if _ID.fullmatch(report.item) else "", "user_id": report.author}
    return {name: value for name, value in known.items() if value}
