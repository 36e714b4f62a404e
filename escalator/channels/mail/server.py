"""SMTP_URL: which mail server, how the line to it is secured, and as whom."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from escalator.model.message import Failed, FailureReason


class Security(StrEnum):
    """How the line is secured. Insecure is for a double on this machine."""

    STARTTLS = "smtp"
    TLS = "smtps"
    INSECURE = "smtp+insecure"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.INSECURE: 25}


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server; without a user nobody logs in."""

    security: Security
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


def server(url: str) -> Server | Failed:
    """Return the server that the URL names, or, as NOT_CONFIGURED, what about it is wrong."""
    if not url.strip():
        return _wrong("no_smtp_url")
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return _wrong("smtp_url")
    if parts.scheme not in set(Security):
        return _wrong("smtp_url_scheme")
    if not host or not host.isascii() or parts.path.strip("/") or parts.query or parts.fragment:
        # An unescaped / ? or # in a password ends up here as well: what is left of it is no host.
        return _wrong("smtp_url_host")
    login = _login(parts)
    if login is None:
        return _wrong("smtp_url_login")
    security = Security(parts.scheme)
    return Server(security, host, _PORTS[security] if port is None else port, *login)


def _login(parts: SplitResult) -> tuple[str, str] | None:
    """Return user and password, two empty texts for neither; None for one alone and for what SMTP cannot say."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) is not bool(password):
        return None
    is_sayable = all(said.isascii() and (said.isprintable() or not said) for said in (user, password))
    return (user, password) if is_sayable else None


def _wrong(word: str) -> Failed:
    return Failed(FailureReason.NOT_CONFIGURED, word)
