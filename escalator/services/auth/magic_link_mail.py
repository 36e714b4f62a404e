"""Sends magic links by email: to people whom an admin invites, and to people who ask for one."""

from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from urllib.parse import urlencode

import structlog
from uuid6 import uuid7

from escalator.channels.email import addresses
from escalator.channels.email.composing import compose, message_id
from escalator.channels.email.letter import ALONE, Letter
from escalator.errors import Unavailable
from escalator.model.audit import SYSTEM, Actor
from escalator.model.message import Delivered, Failed, FailureReason, Link, MessageContext
from escalator.model.policy import Person
from escalator.rendering.push_text import words
from escalator.services.auth import magic_links
from escalator.services.auth.sign_in_methods import can_mail
from escalator.services.auth.viewer import Viewer
from escalator.services.core.contacts import person_with_email
from escalator.services.core.context import Core
from escalator.store import audit_log

log = structlog.get_logger(__name__)

_SUBJECT = "Sign in to Escalator"
_WHY = "Sent by Escalator because {who} asked for it. Replies are not read."
_THEY = "you or somebody who knows your address"
_MAIL = "mail"


@dataclass(frozen=True, slots=True)
class _LinkRequest:
    """Who asked for a link, for records and in words; how long it is valid, and which page it opens."""

    author: Actor
    via: str
    asker: str
    good_for: timedelta
    wanted: str = "/"


def send_invitation(core: Core, author: Viewer, person: Person) -> Delivered | Failed:
    """Email a link to somebody whom an admin invites. Raises Unavailable."""
    author_actor = Actor("person", author.person.key)
    return _sent(core, person, _LinkRequest(author_actor, author.via, author.person.name, magic_links.INVITED_GOOD_FOR))


def send_requested_link(core: Core, email: str, wanted: str = "/") -> None:
    """Email a link to the one person with this address, if there is one. `wanted` is the page it opens.

    It raises nothing: nobody waits for it, so its duration does not show whether there is one.
    """
    try:
        with core.database.reading() as connection:
            policy = core.policies.required(connection).policy
        person = person_with_email(policy, core.expand, email)
        if person is not None:
            _sent(core, person, _LinkRequest(SYSTEM, _MAIL, _THEY, magic_links.ASKED_FOR_GOOD_FOR, wanted))
    except Unavailable as error:
        log.warning("sign_in_mail_failed", reason=str(error))


def _sent(core: Core, person: Person, request: _LinkRequest) -> Delivered | Failed:
    """Create a link and email it; a failure is logged and recorded, because the recipient cannot see it."""
    sender, recipient = addresses.sender(core.settings.mail_from), addresses.address(core.expand(person.email or ""))
    if sender is None or not can_mail(core.settings):
        sent: Delivered | Failed = Failed(FailureReason.NOT_CONFIGURED)
    elif recipient is None:
        sent = Failed(FailureReason.BAD_TARGET, "address")
    else:
        url = magic_links.create_link(core, person.key, request.author, request.via, request.good_for)
        sent = _send_letter(core, person, _letter(person, request, url), sender, recipient)
    if isinstance(sent, Failed):
        log.warning("sign_in_mail_failed", person=person.key, reason=sent.reason.value, detail=sent.detail)
        with core.database.writing() as connection:
            entry = magic_links.invitation_entry(person.key, request.author, request.via, sent.reason.value)
            audit_log.insert(connection, [(entry, None)], core.clock.now())
    return sent


def _letter(person: Person, request: _LinkRequest, url: str) -> Letter:
    return Letter(
        lead=_SUBJECT,
        heading="",
        lines=((f"The link below signs in {person.name}. It works once, within {words(request.good_for)}.",),),
        answer=Link("Sign in", url if request.wanted == "/" else f"{url}?{urlencode({'next': request.wanted})}"),
        small=(ALONE, _WHY.format(who=request.asker)),
    )


def _send_letter(core: Core, person: Person, letter: Letter, sender: Address, to: Address) -> Delivered | Failed:
    mail = compose(
        letter,
        sender=sender,
        recipient=to,
        subject=_SUBJECT,
        id_=message_id(f"sign-in.{uuid7()}", sender.domain),
        thread=(),
        at=core.clock.now(),
    )
    return core.vendors.mail.send(MessageContext(None, None, _MAIL, person.key), mail)
