"""DATABASE_URL, REDIS_URL and SMTP_URL: read as the libraries read them that connect, so that none of them fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, make_url

from escalator.settings.kinds import Unfit, is_host
from escalator.settings.urls import PERCENT, service_host, split

_DATABASE = "postgresql://user:password@host:5432/name or sqlite:///file.db"
_BROKER = "redis://:password@host:6379/0, or rediss:// for TLS"
_MAIL = "smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465 (TLS)"
_CERT_REQS = {"CERT_REQUIRED", "CERT_OPTIONAL", "CERT_NONE", "required", "optional", "none"}
CHOICES: Mapping[str, frozenset[str]] = {
    "sslmode": frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}),
    "channel_binding": frozenset({"disable", "prefer", "require"}),
    "gssencmode": frozenset({"disable", "prefer", "require"}),
    "target_session_attrs": frozenset({"any", "read-write", "primary"}),
}
"""What some of libpq's options may be (https://www.postgresql.org/docs/current/libpq-connect.html). It looks at them
only when it connects. A session that may not write is left out: it is of no use here."""

_BROKER_OPTIONS = {"ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname"}


def database(text: str) -> str:
    """Return where the database is, for SQLAlchemy: postgres:// and postgresql:// mean psycopg 3."""
    scheme, separator, rest = text.partition("://")
    match scheme.lower() if separator else "":
        case "sqlite":
            return _sqlite(f"sqlite://{rest}", rest)
        case "postgres" | "postgresql" | "postgresql+psycopg":
            url = f"postgresql+psycopg://{rest}"
            _check_postgres(url)
            return url
        case _ if text:
            raise Unfit("is of no database that is supported", _DATABASE)
        case _:
            return ""


def _sqlite(text: str, rest: str) -> str:
    file = unquote(rest.removeprefix("/"))
    if not rest.startswith("/") or "?" in rest or "\0" in file:
        raise Unfit("names no file of SQLite", "sqlite:///file.db, or sqlite:////an/absolute/path.db")
    if file in {"", ":memory:"}:
        raise Unfit("names no file, and no two processes share a database in memory", "sqlite:///file.db")
    return text


def _check_postgres(text: str) -> None:
    # Both libraries repeat pieces of the URL in what they raise.
    try:
        url = make_url(text)
    except Exception:  # noqa: BLE001  # ArgumentError, and ValueError for a port in words
        raise Unfit("is no URL: its host or port cannot be read", PERCENT) from None
    if (url.host and not is_host(url.host)) or not 0 < (url.port or 5432) < 65536:
        raise Unfit("is no URL: its host or port cannot be read", PERCENT)
    if any("\0" in (part or "") for part in (url.username, url.password, url.database)):
        raise Unfit("holds %00, which no database knows", PERCENT)
    _check_options(url)


def _check_options(url: URL) -> None:
    options = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    try:
        make_conninfo("", **options)
    except (ProgrammingError, UnicodeError, ValueError):
        right = "such as ?sslmode=require; PostgreSQL's documentation of libpq lists them"
        raise Unfit("has an option that PostgreSQL does not know", right) from None
    for name, known in CHOICES.items():
        if options.get(name, "") not in known | {""}:
            raise Unfit(f"has the option {name} with a value that cannot work", f"one of {', '.join(sorted(known))}")


def broker(text: str) -> str:
    """Return where the broker is, for Celery."""
    if not text:
        return ""
    parts = split(text, _BROKER)
    # A scheme may be written in capitals (RFC 3986, 3.1); Celery's client takes them, Redis' own does not.
    text = f"{parts.scheme}{text[len(parts.scheme) :]}"
    if parts.scheme not in {"redis", "rediss", "unix", "redis+socket"}:
        raise Unfit("is of no broker that is supported", _BROKER)
    if parts.fragment:
        raise Unfit("is no URL: its host or port cannot be read", PERCENT)
    if parts.scheme in {"unix", "redis+socket"}:
        return _socket(text, parts)
    service_host(parts, _BROKER)
    if not _is_number(parts.path.strip("/") or "0"):
        raise Unfit("has a path that is no number of a database", _BROKER)
    _check_broker_options(parts, _BROKER_OPTIONS)
    return text


def _socket(text: str, parts: SplitResult) -> str:
    if not parts.path.strip("/"):
        raise Unfit("names no socket", "unix:///run/redis/redis.sock")
    _check_broker_options(parts, {"db", "virtual_host"})
    return text.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)


def _check_broker_options(parts: SplitResult, known: set[str]) -> None:
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known or (name == "ssl_cert_reqs" and value not in _CERT_REQS):
            raise Unfit("has an option that is not supported", f"one of {', '.join(sorted(known))}")
        if name in {"db", "virtual_host"} and not _is_number(value):
            raise Unfit("has a database that is no number", _BROKER)
        if name.startswith("ssl_") and parts.scheme != "rediss":
            raise Unfit("has an option of TLS and a scheme without it", _BROKER)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4


class Security(StrEnum):
    """How the line to a mail server is secured. Insecure is for a double on this machine."""

    STARTTLS = "smtp"
    TLS = "smtps"
    INSECURE = "smtp+insecure"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.INSECURE: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server; without a user nobody logs in."""

    security: Security
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


def mail_server(text: str) -> MailServer | None:
    """Return the mail server, or None where none is set."""
    if not text:
        return None
    parts = split(text, _MAIL)
    if parts.scheme not in set(Security):
        raise Unfit("is of no mail server", _MAIL)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise Unfit("has something behind its host", f"{_MAIL}; {PERCENT}")
    security = Security(parts.scheme)
    host = service_host(parts, _MAIL).strip("[]")
    return MailServer(security, host, parts.port or _PORTS[security], *_login(parts))


def _login(parts: SplitResult) -> tuple[str, str]:
    """Return user and password, or two empty texts for neither."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) is not bool(password):
        raise Unfit("has a user without a password, or a password without a user", _MAIL)
    if not all(part.isascii() and part.isprintable() for part in (user, password)):
        raise Unfit("has a user or a password that cannot be said to a mail server", "use one of ASCII letters")
    return user, password
