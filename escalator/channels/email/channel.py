"""The email channel: an email for each page, and a short one in its thread when the incident is taken or closed.

An email cannot be updated. So `update` sends only what is new to its reader, and a face is what they know: for equal
faces nothing is sent. A new round, which needs an answer, is sent by the path's own pages.
"""

from email.headerregistry import Address

from escalator.channels.contract import Notification, fingerprint_of
from escalator.channels.email import limits
from escalator.channels.email.addresses import address, sender
from escalator.channels.email.api import Mailer
from escalator.channels.email.composing import compose, message_id
from escalator.channels.email.letter import Letter, follow_up, full
from escalator.model.incident import HELD_STATES, State
from escalator.model.message import Delivered, Failed, FailureReason, IncidentStatus
from escalator.rendering.redaction import one_line
from escalator.rendering.truncate import MORE

_FACE_DIGEST = 40
_QUIET = frozenset({State.TRIGGERED, State.GROUPED, State.LOGGED})


class MailChannel:
    """Sends emails. The reference is the Message-ID of the first email, which starts the thread.

    The thread uses only `References`: a locked phone shows the subject, so each email has its own.

    `mail_from` is `alerts@example.com` or `Escalator <alerts@example.com>`.
    """

    def __init__(self, mailer: Mailer, mail_from: str) -> None:
        self._mailer = mailer
        self._is_told_sender = bool(mail_from.strip())
        self._sender = sender(mail_from)

    def send(self, notification: Notification, /) -> Delivered | Failed:
        """Send an email, in the thread of the first one, if there is one."""
        return self._send(notification, full(notification), notification.key)

    def update(self, notification: Notification, /) -> Delivered | Failed:
        """Send a short email in the thread, if there is something that its reader does not know."""
        status = notification.standing
        if status is None or status.state in _QUIET or _is_theirs(notification, status):
            return Delivered(notification.ref or "")
        return self._send(
            notification,
            follow_up(notification),
            f"{notification.place}.{fingerprint_of(self.face(notification))[:16]}",
        )

    def face(self, notification: Notification, /) -> str:
        """Return what the reader knows: that it waits, who has taken it and when, or how it was closed.

        Snoozed counts as taken: it is the same person, since the same instant, and nobody else is notified meanwhile.
        """
        status = notification.standing
        if status is None:
            return ""
        if status.state is State.TRIGGERED:
            return "asking"
        answered_by = fingerprint_of(
            status.by or "", status.since.isoformat() if status.since else "", status.outcome or ""
        )
        return f"{'taken' if status.state in HELD_STATES else status.state.value}:{answered_by[:_FACE_DIGEST]}"

    def _send(self, notification: Notification, letter: Letter, key: str) -> Delivered | Failed:
        if self._sender is None:
            return Failed(FailureReason.NOT_CONFIGURED, "mail_from" if self._is_told_sender else "no_mail_from")
        recipient = address(notification.address)
        if recipient is None:
            return Failed(FailureReason.BAD_TARGET, "address")
        id_ = message_id(key, self._sender.domain)
        sent = self._mailer.send(
            notification.context,
            compose(
                letter,
                sender=self._sender,
                recipient=recipient,
                subject=one_line(letter.lead, limits.SUBJECT) or MORE,
                id_=id_,
                thread=_thread(notification, self._sender),
                at=notification.at,
            ),
        )
        if isinstance(sent, Failed):
            return sent
        return Delivered(notification.ref or id_[: limits.MESSAGE_ID])


def _is_theirs(notification: Notification, status: IncidentStatus) -> bool:
    """Whether the reader did it themselves."""
    return status.by is not None and status.by == notification.context.person


def _thread(notification: Notification, from_: Address) -> tuple[str, ...]:
    """Return the References: a root id, the same for all emails of the incident, and the first email's id."""
    if notification.standing is None:
        return ()
    root = message_id(f"incident.{notification.standing.incident_id}", from_.domain)
    return (root, notification.ref) if notification.ref else (root,)
