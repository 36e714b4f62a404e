"""E-mail, for the contract that every way out keeps (tests/channels/test_contract.py)."""

from escalator.channels.email.channel import MailChannel
from escalator.channels.email.smtp import LIMITS, SmtpMailer
from escalator.model.destination_kind import DestinationKind
from escalator.settings.connections import SmtpSecurity
from tests.doubles.mail import MailDouble, MailFault

KIND = DestinationKind.EMAIL
LONGEST_S = LIMITS.total_s

_FAULTS = {
    "html": MailFault("data", reply="<html>Our robots are sleepy</html>"),
    "oversized": MailFault("data", endless=True),
    "dropped": MailFault("data", drop=True),
    "lost": MailFault("data", drop=True, is_done=True),
    "silence": MailFault("data", hang=True),
    "dripping_body": MailFault("data", drip=True),
    "http_503": MailFault("data", reply="451 4.3.0 our robots are sleepy <leads@example.org>"),
    "http_400": MailFault("data", reply="554 5.6.0 our robots are sleepy <leads@example.org>"),
    "http_401": MailFault("login", reply="535 5.7.8 our robots are sleepy"),
    "http_404": MailFault("recipient", reply="550 5.1.1 our robots are sleepy <leads@example.org>"),
}
"""SMTP has codes of its own; where one says what an HTTP status does, it stands for it."""


def double():
    return MailDouble(SmtpSecurity.STARTTLS)


def make(double, limits):
    mailer = SmtpMailer(double.url, limits=limits or LIMITS, tls=double.trust)
    return MailChannel(mailer, "Escalator <alerts@example.com>")


def address(double):
    return "leads@example.org"


def options(double):
    return {}


def inject(double, fault):
    if fault not in _FAULTS:
        return False
    double.inject(_FAULTS[fault])
    return True


def effects(double):
    return len({mail.id for mail in double.mails})


def sent(double):
    return [(mail.sender, mail.recipient, mail.raw) for mail in double.mails]


def secrets(double):
    return (double.password, double.user + ":", "leads@", "alerts@", "example.com", "example.org")
