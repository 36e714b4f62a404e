"""URLs of services: invalid ones are refused, and messages never repeat any part of a password."""

import re
from urllib.parse import SplitResult, urlsplit

import idna

from escalator.settings.parsers import InvalidValue, is_host, quoted_value

PERCENT = (
    "special characters in a user or password (@ : / ? # [ ] % and spaces) must be percent-encoded: write %40 for @"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://")
_MOST_PORT = 65535


def split_url(text: str, right: str) -> SplitResult:
    """Return the parts of a URL that has a scheme and a possible port, if any."""
    if not _SCHEME.match(text):
        raise InvalidValue("has no scheme", right)
    if not text.isascii() or " " in text:
        raise InvalidValue("contains a space or a character that is not ASCII", PERCENT)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidValue("is not a valid URL: its host or port cannot be read", PERCENT) from None
    if port == 0:
        raise InvalidValue("has port 0, which cannot be connected to", right)
    if "@" in parts.path + parts.query + parts.fragment or parts.netloc.endswith(":"):
        raise InvalidValue("is not a valid URL: its host or port cannot be read", PERCENT)
    return parts


def service_host(parts: SplitResult, right: str) -> str:
    """Return the host of a URL in ASCII, an IPv6 address in brackets."""
    host = parts.hostname or ""
    if not host:
        raise InvalidValue("names no host", right)
    if not is_host(host):
        raise InvalidValue("has an invalid host name", right)
    return f"[{host}]" if ":" in host else host


def parse_web_url(text: str) -> str:
    """Return the address of an API over http or https, without a slash at its end; it may have a path."""
    right = "write it as https://host or https://host/path"
    return f"{_web_origin(text, right)}{urlsplit(text).path.rstrip('/')}" if text else ""


def parse_origin(text: str) -> str:
    """Return the origin of this installation for people: scheme, host and port, as a browser writes them."""
    right = "write it as https://escalator.example.com"
    if not text:
        return ""
    at = _web_origin(_with_ascii_host(text, right), right)
    if urlsplit(text).path.strip("/"):
        right = f"escalator must be served at the root of a host: write {at}"
        raise InvalidValue(f"{quoted_value(text)} has a path", right)
    return at


def _web_origin(text: str, right: str) -> str:
    parts = split_url(text, right)
    if parts.scheme not in {"http", "https"}:
        raise InvalidValue(f"begins with {parts.scheme}://", right)
    if parts.username is not None or parts.password is not None:
        raise InvalidValue("contains a user or a password, which have their own settings", right)
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise InvalidValue(f"has {'a query' if parts.query or text.endswith('?') else 'a fragment'}", right)
    if re.search(r"[\"'<>\\^`{|}]", text):
        raise InvalidValue("contains a character that is not allowed in a URL", right)
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{service_host(parts, right)}{port}"


def _with_ascii_host(text: str, right: str) -> str:
    """Return the text with a host of another script in its ASCII form (IDNA)."""
    if text.isascii():
        return text
    try:
        host = urlsplit(text).hostname or ""
        return text.replace(host, idna.encode(host, uts46=True).decode(), 1) if not host.isascii() else text
    except (ValueError, idna.IDNAError):
        raise InvalidValue("has an invalid host name", right) from None
