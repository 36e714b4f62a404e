"""Refusals of an email server: stage and code -> our failure reasons (RFC 5321, 4954)."""

import smtplib
from collections.abc import Mapping
from enum import StrEnum

from escalator.channels.http import broken
from escalator.model.message import Failed, FailureReason


class Stage(StrEnum):
    """The stage of the SMTP conversation at which a server refuses."""

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
"""The meaning of a 5xx at each stage; a server that refuses everybody may recover before a page expires."""
_MUST_LOG_IN = frozenset({530, 534, 535, 538})
_TOO_LARGE = 552
NO_STARTTLS = Failed(FailureReason.UNREACHABLE, "no_starttls")
NO_LOGIN = Failed(FailureReason.BAD_CREDENTIALS, "no_login")


def refused(stage: Stage, code: int) -> Failed:
    """Return the failure of this code at this stage. 4xx may be retried, 5xx may not."""
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
    """Return why an email was not accepted. The server's text is dropped: it may hold an address."""
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
