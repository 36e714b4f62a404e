"""Descriptions of kinds of destinations for the rest of the product: plain data, without the kind's code.

Each kind has its own in `escalator/channels/VENDOR/kind.py`. A description has no defaults, so that a missing part
is an error of mypy and at import.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from escalator.model.levels import ContentRule


@dataclass(frozen=True, slots=True)
class TextField:
    """A text that is not empty. All of it must match `pattern`; `right` says what to write instead."""

    pattern: str = ""
    right: str = "write a text"


@dataclass(frozen=True, slots=True)
class UrlField:
    """A web address, which may hold a secret."""


@dataclass(frozen=True, slots=True)
class EmailsField:
    """One email address, or a list of them."""


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonField:
    """A key of the policy's `people`."""


@dataclass(frozen=True, slots=True)
class JsonField:
    """A mapping of ids to values of any type, kept as `Destination.further_fields`.

    An id must match `id_pattern` and be none of `reserved`; `right` says what to write.
    """

    id_pattern: str
    reserved: tuple[str, ...]
    right: str


Field = TextField | UrlField | EmailsField | ChoiceField | PersonField | JsonField


@dataclass(frozen=True, slots=True)
class SectionField:
    """A mapping with fixed keys: `address` is the key of the address, the others are options. All are required except
    those in `optional`.
    """

    address: str
    fields: Mapping[str, Field]
    optional: frozenset[str] = frozenset()


class Option(NamedTuple):
    """A further key beside the kind's own; `elsewhere` is the complaint when a destination of another kind has it."""

    field: Field
    elsewhere: str


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of a destination of this kind in the policy: `KIND: address`, and further keys."""

    address: Field | SectionField
    options: Mapping[str, Option]


class Attention(Enum):
    """Whether somebody is sure to notice a message there; coverage uses it."""

    ALWAYS = auto()
    IF_URGENT = auto()
    NEVER = auto()


class Credential(NamedTuple):
    """An environment variable that a kind needs. `why` is what does not work without it, `right` what to write."""

    name: str
    why: str
    right: str


class Advice(NamedTuple):
    """An optional environment variable of a kind, and what does not work without it."""

    name: str
    loss: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindDescription:
    """One kind of destination.

    `key` is its word in the policy, the database, the API and the metrics, and the name of its folder. `title` is its
    name for people. `is_called_by_title`: in sentences a destination is called `PagerDuty`, not by its own key.
    `entry` is its entry in the policy. `has_secret_address`: everybody who knows the address can send there, so it is
    never shown. `has_own_host`: the address names the host, so that a host that hangs delays only its own deliveries.

    `person_key` is the key of a person's address of this kind under `people`, empty where people have none;
    `tells_people` whether this version can notify such a person.

    `content_limit` is the least strict rule by which content may be sent there. `shows_names`: people are called by
    their names there, not by their keys. `attention` is for coverage. `is_shared`: a channel named by its `#name` may
    be read by others. `is_for_machines`: programs read it, not people.

    `has_message_each_round`: a new round makes a new message, because only that alerts people again. `has_answer_link`:
    its readers answer by a link in the message.

    `token` is the variable without which diverted messages stay in the sandbox, empty where there is none;
    `credentials` are needed by production, `advice` is told to whoever starts without.
    """

    key: str
    title: str
    is_called_by_title: bool
    entry: Entry
    has_secret_address: bool
    has_own_host: bool
    person_key: str
    tells_people: bool
    content_limit: ContentRule
    shows_names: bool
    attention: Attention
    is_shared: bool
    is_for_machines: bool
    has_message_each_round: bool
    has_answer_link: bool
    token: str
    credentials: tuple[Credential, ...]
    advice: tuple[Advice, ...]
