"""The known facts of one item, merged from events that come twice, late and in any order.

A fact is a value and the earliest of Stream's own times at which it was seen. Merging takes unions and minima, so
the result does not depend on the order or the number of the events (RULES 1). The facts of one item are bounded: a
viral item has thousands of flags.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

Sightings = Mapping[str, datetime]
"""Value -> when Stream first said so (UTC)."""

LatestValues = Mapping[str, tuple[datetime, str]]
"""Name -> the newest that Stream said of it, and when."""

MAX_VALUES = 1_000
MAX_NAMES = 200
CUSTOM_PREFIX = "custom."
CALL_PREFIX = "call:"
"""With the name of an action: when a person last called for people by it."""
AUTOMATIC = "automatic"
"""Calls that automation, an API key or the author made."""
_IGNORED = str.maketrans("", "", " -_\t\n")


def normalized(text: str) -> str:
    """Return a label or reason as it is compared: without case, spaces, hyphens and underscores."""
    return text.casefold().translate(_IGNORED)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that conditions can ask about, by the name that the policy language gives it.

    `seen` maps a name to its sightings. Names of the language: event label kind action entity_type reporter reason
    rule language channel config_key author stream_team escalation_priority custom.<key>. Names of our own:
    `text_severity` (a word), `severity_number`, `confidence` (0 to 1), both as decimal text, `report` (ids of the
    users who reported),
    `review` (ids of those who reviewed in Stream), `category` (what a person or a drill has said it is, by its key),
    `severity` (a word: what a drill rehearses), `automatic` (see AUTOMATIC).
    `latest` maps a name to the newest (time, value), for what Stream replaces: `recommended_action`. Names of our own:
    `review:ID` (a person's newest review), `reviews_spent` (reviews up to then count no more), `call:ACTION` (see
    CALLED).
    """

    seen: Mapping[str, Sightings] = field(default_factory=dict)
    latest: LatestValues = field(default_factory=dict)

    def values(self, name: str) -> frozenset[str]:
        """Return every value known of that name; `action` includes the newest recommended action."""
        values = frozenset(self.seen.get(name, ()))
        if name == "action" and "recommended_action" in self.latest:
            return values | {self.latest["recommended_action"][1]}
        return values

    def before(self, instant: datetime) -> "Facts":
        """Return only what Stream said before that instant (a flag at the very instant of a review is newer)."""
        seen = {
            name: kept
            for name, sightings in self.seen.items()
            if (kept := {value: at for value, at in sightings.items() if at < instant})
        }
        return Facts(seen, {name: value for name, value in self.latest.items() if value[0] < instant})

    def merged(self, other: "Facts") -> "Facts":
        """Return both together, trimmed for storage: commutative, associative, idempotent, bounded."""
        return self.joined(other).trimmed()

    def joined(self, other: "Facts") -> "Facts":
        """Return both together, untrimmed: decisions use it, so that no new fact is lost to the limit."""
        seen = {
            name: _earliest(self.seen.get(name, {}), other.seen.get(name, {}))
            for name in sorted({*self.seen, *other.seen})
        }
        return Facts(seen, _newest(self.latest, other.latest))

    def trimmed(self) -> "Facts":
        """Return at most 200 names, the customer's own last, and of each the 1,000 values seen first.

        The first and not the last: an earliest time can only become earlier, so the same values are left out in every
        order of the events.
        """
        names = sorted(self.seen, key=lambda name: (name.startswith(CUSTOM_PREFIX), name))[:MAX_NAMES]
        return Facts({name: _first(self.seen[name]) for name in names}, self.latest)


def _first(seen: Sightings) -> Sightings:
    if len(seen) <= MAX_VALUES:
        return seen
    return dict(sorted(seen.items(), key=lambda sighting: (sighting[1], sighting[0]))[:MAX_VALUES])


def _earliest(left: Sightings, right: Sightings) -> Sightings:
    return {
        value: min(at for at in (left.get(value), right.get(value)) if at is not None)
        for value in sorted({*left, *right})
    }


def _newest(left: LatestValues, right: LatestValues) -> LatestValues:
    return {
        name: max(value for value in (left.get(name), right.get(name)) if value is not None)
        for name in sorted({*left, *right})
    }


def sightings(values: Iterable[str], at: datetime) -> Sightings:
    """Return the values that are not empty, all seen at that time."""
    return {value: at for value in values if value}


@dataclass(frozen=True, slots=True)
class Content:
    """What a person wrote and who they are; the content rule decides who may see it (RULES 5).

    `latest` has, by name, the newest non-empty value: `text`, `language` (ISO code), `author_id`, `author_name`,
    `account_created_at` (RFC 3339), `flagged_before` (a decimal integer), `media` (addresses, one a line, that are
    never fetched), `note` (what a moderator wrote in Stream when escalating), `labels` (see `escalator.stream.labels`).
    """

    latest: LatestValues = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.latest[name][1] if name in self.latest else ""

    def merged(self, other: "Content") -> "Content":
        """Return both together: commutative, associative, idempotent."""
        return Content(_newest(self.latest, other.latest))

    def without(self, *names: str) -> "Content":
        """Return the content without these names."""
        return Content({name: value for name, value in self.latest.items() if name not in names})


@dataclass(frozen=True, slots=True)
class ItemKey:
    """The key by which two events of a source belong to one incident: `kind` is item or entity."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Review:
    """A review in Stream: when (Stream's time), by whom (a Stream user id), and what was done."""

    at: datetime
    by: str
    action: str


@dataclass(frozen=True, slots=True)
class ItemState:
    """A review queue item as Stream had it at `updated_at`; both times are Stream's.

    `digest` is equal for states that mean the same here (`stream.recovered.digest_of`); empty where it was not needed.
    """

    item_id: str
    updated_at: datetime
    reviewed_at: datetime | None = None
    digest: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Observation:
    """One event, normalized: which item it is about, and its facts.

    `keys` hold at most one of each kind; an event without any is an incident of its own. `other_keys` are keys by which
    earlier versions stored the same entity: they find an incident, and are never stored. `opens` is False for events
    that are only shown and recorded; `waits` is True for those that wait 10 s for the item's own event; `only_if_named`
    for those that open only where a route names the event (appeals). `links` fill the source's `dashboard_url`:
    item_id, entity_type, entity_id, user_id. `opened_by` is the person (policy key) who opens it by hand, in `via`. For
    a drill `drill` is its name, and `route` the route it rehearses, whatever its conditions. `item` is the state of the
    review queue item that the event shows. `was_lost` is True for what was read from Stream's queue because the webhook
    about it never came. `confirmed` are calls of ours to Stream whose effect the event shows.
    """

    event_type: str
    at: datetime
    keys: tuple[ItemKey, ...]
    facts: Facts
    other_keys: tuple[ItemKey, ...] = ()
    content: Content = Content()
    review: Review | None = None
    opens: bool = True
    waits: bool = False
    only_if_named: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    opened_by: str = ""
    via: str = "stream"
    drill: str = ""
    route: str = ""
    item: ItemState | None = None
    was_lost: bool = False
    confirmed: frozenset[UUID] = frozenset()
