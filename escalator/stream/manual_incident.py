"""An incident that a person opens: an event of our own beside Stream's, which takes the same way as theirs.

Its type means nothing at Stream's door: there it is counted and forgotten, so that only we can open one.
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
    """What a person says: which category of the policy (its key), and what it is about.

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
    said = {name: storable_text(value) for name, value in asdict(report).items()}
    return json.dumps({"type": TYPE, **said}, sort_keys=True).encode()


def observation(body: Mapping[str, object], at: datetime) -> Observation:
    """Return what such an event says. It is an incident of its own, whatever else is known of the item.

    Were it to join an incident about the same item, one that is over would stay so, and nobody would be told.
    """
    report = ManualReport(**{name: str(body.get(name, "")) for name in ManualReport.__dataclass_fields__})
    seen = {
        "event": [TYPE],
        "category": [report.category],
        "reporter": [REPORTER],
        "author": [report.author],
    }
    text = f"{report.about}\n{report.item}" if report.item else report.about
    said = {"text": text, "author_id": report.author}
    return Observation(
        event_type=TYPE,
        at=at,
        keys=(ItemKey("entity", bounded_id(f"{_KEY}/{report.id}")),),
        facts=Facts({name: sightings(values, at) for name, values in seen.items() if any(values)}),
        content=Content({name: (at, value) for name, value in said.items() if value}),
        links=_links(report),
        opened_by=report.person,
        via=report.via,
    )


def _links(report: ManualReport) -> dict[str, str]:
    """Return the ids for the source's dashboard. What somebody types is never taken for the id of Stream's own item,
    which may be said where the content is withheld: it may be a user's.
    """
    known = {"entity_id": report.item if _ID.fullmatch(report.item) else "", "user_id": report.author}
    return {name: value for name, value in known.items() if value}
