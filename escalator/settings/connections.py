"""DATABASE_URL, REDIS_URL and SMTP_URL: checked as strictly as by the libraries that connect with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote

from escalator.lazy_imports import LazyImport
from escalator.settings.parsers import InvalidValue, is_host
from escalator.settings.urls import PERCENT, service_host, split_url

if TYPE_CHECKING:
    import psycopg
    import sqlalchemy
    from psycopg import conninfo
else:
    # Only the URL of a PostgreSQL database needs them, and every command reads the settings.
    psycopg = LazyImport("psycopg")
    sqlalchemy = LazyImport("sqlalchemy")
    conninfo = LazyImport("psycopg.conninfo")

_DATABASE = "write postgresql://user:password@host:5432/name or sqlite:///file.db"
_SEVERAL_HOSTS = "write postgresql://user:password@/name?host=h1:5432&host=h2:5432&target_session_attrs=read-write"
_BROKER = "write redis://:password@host:6379/0, or rediss:// for TLS"
_MAIL = "write smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465 (TLS)"
_CERT_REQS = {"CERT_REQUIRED", "CERT_OPTIONAL", "CERT_NONE", "required", "optional", "none"}
LIBPQ_CHOICES: Mapping[str, frozenset[str]] = {
    "sslmode": frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}),
    "channel_binding": frozenset({"disable", "prefer", "require"}),
    "gssencmode": frozenset({"disable", "prefer", "require"}),
    "target_session_attrs": frozenset({"any", "read-write", "primary"}),
}
"""Values of some options of libpq (https://www.postgresql.org/docs/current/libpq-connect.html), which checks them only
when it connects. Read-only sessions are left out, because the product must write."""

_BROKER_OPTIONS = {"ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname"}


def parse_database_url(text: str) -> str:
    """Return the URL of the database for SQLAlchemy: postgres:// and postgresql:// mean psycopg 3."""
    scheme, separator, location = text.partition("://")
    match scheme.lower() if separator else "":
        case "sqlite":
            return _sqlite(f"sqlite://{location}", location)
        case "postgres" | "postgresql" | "postgresql+psycopg":
            url = f"postgresql+psycopg://{location}"
            _check_postgres(url)
            return url
        case _ if text:
            raise InvalidValue("is not the URL of a supported database", _DATABASE)
        case _:
            return ""


def _sqlite(text: str, location: str) -> str:
    file = unquote(location.removeprefix("/"))
    if not location.startswith("/") or "?" in location or "\0" in file:
        raise InvalidValue("names no SQLite file", "write sqlite:///file.db, or sqlite:////an/absolute/path.db")
    if file in {"", ":memory:"}:
        raise InvalidValue("names a database in memory, which web and worker cannot share", "write sqlite:///file.db")
    return text


def _check_postgres(text: str) -> None:
    if "," in text.partition("://")[2].partition("?")[0].partition("/")[0].rpartition("@")[2]:
        raise InvalidValue("names several hosts before the path", _SEVERAL_HOSTS)
    # Both libraries repeat parts of the URL in their errors.
    try:
        url = sqlalchemy.make_url(text)
    except Exception:  # noqa: BLE001  # ArgumentError, and ValueError for a port in words
        raise InvalidValue("is not a valid URL: its host or port cannot be read", PERCENT) from None
    if (url.host and not is_host(url.host)) or not 0 < (url.port or 5432) < 65536:
        raise InvalidValue("is not a valid URL: its host or port cannot be read", PERCENT)
    if set("/@") & set(url.database or ""):
        raise InvalidValue("is not a valid URL: its database has a / or @ in its name", PERCENT)
    if any("\0" in (part or "") for part in (url.username, url.password, url.database)):
        raise InvalidValue("contains %00, which PostgreSQL does not accept", PERCENT)
    _check_options(url)


def _check_options(url: "sqlalchemy.URL") -> None:
    options = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    try:
        conninfo.make_conninfo("", **options)
    except (psycopg.ProgrammingError, UnicodeError, ValueError):
        right = "write a connection parameter of libpq, such as ?sslmode=require"
        raise InvalidValue("has an option that PostgreSQL does not know", right) from None
    for name, known in LIBPQ_CHOICES.items():
        if options.get(name, "") not in known | {""}:
            right = f"write one of {', '.join(sorted(known))}"
            raise InvalidValue(f"has the option {name} with a value that cannot work", right)


def parse_broker_url(text: str) -> str:
    """Return the URL of the broker for Celery."""
    if not text:
        return ""
    parts = split_url(text, _BROKER)
    # A scheme may be in capitals (RFC 3986, 3.1); Celery's client accepts them, Redis' own does not.
    text = f"{parts.scheme}{text[len(parts.scheme) :]}"
    if parts.scheme not in {"redis", "rediss", "unix", "redis+socket"}:
        raise InvalidValue("is not the URL of a supported broker", _BROKER)
    if parts.fragment:
        raise InvalidValue("is not a valid URL: its host or port cannot be read", PERCENT)
    if parts.scheme in {"unix", "redis+socket"}:
        return _socket(text, parts)
    service_host(parts, _BROKER)
    if not _is_number(parts.path.strip("/") or "0"):
        raise InvalidValue("has a path that is not a database number", _BROKER)
    _check_broker_options(parts, _BROKER_OPTIONS)
    return text


def _socket(text: str, parts: SplitResult) -> str:
    if not parts.path.strip("/"):
        raise InvalidValue("names no socket", "write unix:///run/redis/redis.sock")
    _check_broker_options(parts, {"db", "virtual_host"})
    return text.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)


def _check_broker_options(parts: SplitResult, known: set[str]) -> None:
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known or (name == "ssl_cert_reqs" and value not in _CERT_REQS):
            raise InvalidValue("has an option that is not supported", f"supported are {', '.join(sorted(known))}")
        if name in {"db", "virtual_host"} and not _is_number(value):
            raise InvalidValue("has a database that is not a number", _BROKER)
        if name.startswith("ssl_") and parts.scheme != "rediss":
            raise InvalidValue("has a TLS option, but redis:// does not use TLS", _BROKER)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4


class SmtpSecurity(StrEnum):
    """How the connection to an email server is secured. Insecure is for a test double on this machine."""

    STARTTLS = "smtp"
    TLS = "smtps"
    INSECURE = "smtp+insecure"


_PORTS = {SmtpSecurity.STARTTLS: 587, SmtpSecurity.TLS: 465, SmtpSecurity.INSECURE: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """An email server; without a user there is no login."""

    security: SmtpSecurity
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


def parse_mail_server(text: str) -> MailServer | None:
    """Return the email server, or None where none is set."""
    if not text:
        return None
    parts = split_url(text, _MAIL)
    if parts.scheme not in set(SmtpSecurity):
        raise InvalidValue("is not the URL of a mail server", _MAIL)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise InvalidValue("has a path, a query or a fragment after the host", f"{_MAIL}; {PERCENT}")
    security = SmtpSecurity(parts.scheme)
    host = service_host(parts, _MAIL).strip("[]")
    return MailServer(security, host, parts.port or _PORTS[security], *_login(parts))


def _login(parts: SplitResult) -> tuple[str, str]:
    """Return user and password, or two empty texts for neither."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) is not bool(password):
        raise InvalidValue("has a user without a password, or a password without a user", _MAIL)
    if not all(part.isascii() and part.isprintable() for part in (user, password)):
        raise InvalidValue(
            "has a user or password with characters that are not printable ASCII", "use printable ASCII only"
        )
    return user, password
