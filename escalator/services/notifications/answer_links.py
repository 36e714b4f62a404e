"""The links by which readers of a message answer: signed, valid for a week, for one person and one incident.

Somebody who is not in the policy, shares the mailbox, or reads of a restricted category, gets a link to sign in
instead: a mailbox that several people read identifies nobody, and emails are easily forwarded.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from escalator.clock import Clock
from escalator.engine.permissions import allowed_people, check_permission
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Incident, State, Verb
from escalator.model.levels import Mode
from escalator.model.message import FEED_OCCASIONS, Link
from escalator.model.policy import Person, Policy
from escalator.rendering.view import View
from escalator.services.core.contacts import person_with_email
from escalator.services.core.context import Core
from escalator.store.deliveries import Delivery
from escalator.store.posted_messages import PostedMessage

GOOD_FOR = timedelta(days=7)
PAGE_GOOD_FOR = timedelta(hours=1)
_CLOCKS_DIFFER = timedelta(seconds=60)
"""How far the clocks of two machines may differ before one refuses a new link that the other has made."""

READER = "reader"
"""The option of a destination that names its only reader, for kinds that have it."""

_SIGN_IN = "Sign in to acknowledge"
_LINK, _PAGE = "answer-link-v1", "answer-page-v1"


class LinkProblem(StrEnum):
    """Why it is invalid."""

    WRONG = "wrong"
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class AnswerLink:
    """Who may do what to which incident by a link; `is_sandbox`: it was made in the sandbox and counts only there.

    `round` is the round it was made in: an acknowledgement counts from an older one too (RULES 3). `channel` is where
    the link was sent.
    """

    incident_id: UUID
    round: int
    person: str
    is_sandbox: bool
    verb: Verb = Verb.ACKNOWLEDGE
    channel: DestinationKind = DestinationKind.EMAIL


class AnswerLinkSigner:
    """Creates and reads links. Of several secrets, the newest is first and signs; all are valid."""

    def __init__(self, keys: Sequence[str], clock: Clock) -> None:
        self._keys = list(reversed(keys))
        self._clock = clock

    def token(self, link: AnswerLink) -> str:
        """Return the token for the address."""
        values = [
            link.incident_id.hex,
            link.round,
            link.person,
            link.verb.value,
            int(link.is_sandbox),
            link.channel.value,
        ]
        return self._sign(_LINK, values)

    def read(self, token: str) -> AnswerLink | LinkProblem:
        """Return a token's content, or why it is invalid."""
        values = self._verify(_LINK, token, GOOD_FOR)
        if isinstance(values, LinkProblem):
            return values
        incident_id, round_, person, verb, is_sandbox, *channel = values
        kind = DestinationKind(channel[0]) if channel else DestinationKind.EMAIL  # links of old versions have none
        return AnswerLink(UUID(incident_id), int(round_), str(person), bool(is_sandbox), Verb(verb), kind)

    def page(self, token: str) -> str:
        """Return the text that this token's page sends back: always different, valid for an hour."""
        return self._sign(_PAGE, [_digest(token), secrets.token_urlsafe(9)])

    def is_of_page(self, page: str, token: str) -> bool:
        """Whether a page of ours for this token was sent back in time."""
        values = self._verify(_PAGE, page, PAGE_GOOD_FOR)
        return not isinstance(values, LinkProblem) and secrets.compare_digest(str(values[0]), _digest(token))

    def _sign(self, salt: str, value: list[object]) -> str:
        return str(self._serializer(salt, timedelta(0)).dumps(value))

    def _verify(self, salt: str, text: str, good_for: timedelta) -> list[Any] | LinkProblem:
        try:
            values: list[Any] = self._serializer(salt, _CLOCKS_DIFFER).loads(
                text, max_age=int(good_for.total_seconds())
            )
        except SignatureExpired:
            return LinkProblem.TOO_OLD
        except BadData:
            return LinkProblem.WRONG
        return values

    def _serializer(self, salt: str, ahead: timedelta) -> URLSafeTimedSerializer:
        signing = {
            "key_derivation": "hmac",
            "digest_method": hashlib.sha256,
            "now_s": int((self._clock.now() + ahead).timestamp()),
        }
        return URLSafeTimedSerializer(self._keys, salt=salt, signer=_Signer, signer_kwargs=signing)


class _Signer(TimestampSigner):
    """itsdangerous', which would use its own clock."""

    def __init__(self, *args: Any, now_s: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self._now_s = now_s

    def get_timestamp(self) -> int:
        """Return the time of our clock."""
        return self._now_s


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def answer_link_signer(core: Core) -> AnswerLinkSigner:
    """Return this installation's creator and reader of links."""
    return AnswerLinkSigner((core.settings.answer_link_secret,), core.clock)


def email_link_for(core: Core, view: View, to: Delivery | PostedMessage) -> Link | None:
    """Return the link by which this message's reader answers; None when no answer by link is expected."""
    incident = view.incident
    if not to.channel.about.has_answer_link or incident.state is not State.TRIGGERED or view.occasion in FEED_OCCASIONS:
        return None
    own = answer_link(core, incident, view.running, to)
    return own or Link(_SIGN_IN, f"{core.settings.base_url}/sign-in?incident={incident.number}")


def answer_link(core: Core, incident: Incident, policy: Policy, to: Delivery | PostedMessage) -> Link | None:
    """Return the link by which the only reader may acknowledge; None if there is no such person."""
    person = _reader(core, to, policy)
    if (
        person is None
        or incident.state is not State.TRIGGERED
        or allowed_people(incident, policy) is not None
        or check_permission(Verb.ACKNOWLEDGE, person, incident, policy) is not None
    ):
        return None
    link = AnswerLink(incident.id, incident.round, person.key, is_sandbox=to.mode is Mode.SANDBOX, channel=to.channel)
    return Link(
        f"Acknowledge #{incident.number}", f"{core.settings.base_url}/answer/{answer_link_signer(core).token(link)}"
    )


def _reader(core: Core, to: Delivery | PostedMessage, policy: Policy) -> Person | None:
    """Return the only person who reads there: the `reader` in the policy, or the mailbox's owner.

    None if it is sent to somebody else.
    """
    destination = policy.destinations.get(to.destination)
    if destination is not None and READER in destination.options:
        owner = policy.people.get(destination.options[READER])
    else:
        owner = person_with_email(policy, core.expand, core.expand(to.address))
    return owner if owner is not None and to.person in {None, owner.key} else None
