"""Email, for the registry of vendors."""

from escalator.channels.clients import Clients
from escalator.channels.email.addresses import address, sender
from escalator.channels.email.channel import MailChannel
from escalator.channels.vendor import Question, Vendor, nowhere
from escalator.clock import Clock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason
from escalator.settings import Settings

_NO_SENDER = Failed(FailureReason.NOT_CONFIGURED, "mail_from")
_NOT_A_MAILBOX = Failed(FailureReason.BAD_TARGET, "address")


def _channel(clients: Clients, settings: Settings, _clock: Clock) -> MailChannel:
    return MailChannel(clients.mail, settings.mail_from)


def _probe(clients: Clients, settings: Settings, question: Question) -> Delivered | Failed:
    mail_from, recipient = sender(settings.mail_from), address(question.address)
    if mail_from is None:
        return _NO_SENDER
    return clients.mail.check(mail_from.addr_spec, recipient.addr_spec) if recipient else _NOT_A_MAILBOX


EMAIL = Vendor(
    kind=DestinationKind.EMAIL,
    make_channel=_channel,
    probe=_probe,
    remedies={},
    place=nowhere,
    callbacks=None,
)
