"""SMTP_URL for the mailer: a malformed one is refused at the start, without one each email fails."""

from escalator.model.message import Failed, FailureReason
from escalator.settings.connections import MailServer, parse_mail_server
from escalator.settings.parsers import InvalidValue


def server(url: str) -> MailServer | Failed:
    """Return the server that the URL names, or NOT_CONFIGURED where there is none."""
    try:
        return parse_mail_server(url.strip()) or Failed(FailureReason.NOT_CONFIGURED, "no_smtp_url")
    except InvalidValue:
        return Failed(FailureReason.NOT_CONFIGURED, "smtp_url")
