"""What a mail server's refusals mean: where it refuses, and its code -> our reasons (RFC 5321, 4954)."""

import smtplib
from collections.abc import Mapping
from enum import StrEnum

from escalator.channels.http import broken
from escalator.model.message import Failed, FailureReason


class Stage(StrEnum):
    """Where in the conversation a server refuses."""

    GREETING = "greeting"
    HELLO = "hello"
    STARTTLS = "starttls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"


_FOR_GOOD: Mapping[Stage, FailureReason] = {
    Stage.GREETING: FailureReason.VENDOR_ERROR,
    Stage.HELLO: FailureReason.VENDOR_ERROR,
    Stage.STARTTLS: FailureReason.UNREACHABLE,
    Stage.LOGIN: FailureReason.BAD_CREDENTIALS,
    Stage.SENDER: FailureReason.NOT_CONFIGURED,
    Stage.RECIPIENT: FailureReason.BAD_TARGET,
    Stage.DATA: FailureReason.BAD_MESSAGE,
}
"""What a 5xx means at each stage; a server that refuses everybody may be itself again before a page expires."""
_MUST_LOG_IN = frozenset({530, 534, 535, 538})
_TOO_LARGE = 552
NO_STARTTLS = Failed(FailureReason.UNREACHABLE, "no_starttls")
NO_LOGIN = Failed(FailureReason.BAD_CREDENTIALS, "no_login")


def refused(stage: Stage, code: int) -> Failed:
    """Return what it means that a server says this at that stage. 4xx: later; 5xx: never like this."""
    detail = f"{stage.value}_{code}"
    if 400 <= code < 500:
        return Failed(FailureReason.VENDOR_ERROR, detail)
    if not 500 <= code < 600:
        return Failed(FailureReason.BAD_ANSWER, stage.value)
    if code in _MUST_LOG_IN:
        return Failed(FailureReason.BAD_CREDENTIALS, detail)
    if code == _TOO_LARGE and stage is Stage.SENDER:
        return Failed(FailureReason.BAD_MESSAGE, detail)
    return Failed(_FOR_GOOD[stage], detail)


def failure(error: Exception) -> Failed:
    """Return why a mail was not taken. What the server said is not kept: it may hold an address."""
    match error:
        case smtplib.SMTPServerDisconnected():
            # A timeout, and a line that breaks, come as this.
            return broken(error.__context__ if isinstance(error.__context__, OSError) else ConnectionError())
        case smtplib.SMTPRecipientsRefused():
            return refused(Stage.RECIPIENT, *(code for code, _text in error.recipients.values()))
        case smtplib.SMTPResponseException():
            return refused(_STAGES.get(type(error), Stage.STARTTLS), error.smtp_code)
        case smtplib.SMTPException():
            # What is left is raised by `login` only: the server offers none, or none that we know.
            return NO_LOGIN
        case _:
            return broken(error)


_STAGES: Mapping[type[smtplib.SMTPResponseException], Stage] = {
    smtplib.SMTPConnectError: Stage.GREETING,
    smtplib.SMTPHeloError: Stage.HELLO,
    smtplib.SMTPAuthenticationError: Stage.LOGIN,
    smtplib.SMTPSenderRefused: Stage.SENDER,
    smtplib.SMTPDataError: Stage.DATA,
}
