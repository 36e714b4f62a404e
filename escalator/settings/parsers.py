"""Parsers of settings: each returns the value of a text, or raises InvalidValue. An empty text means: not set.

The messages never repeat anything that might be part of a secret.
"""

import ipaddress
import re

from escalator.model.email_address import CORRECT_FORM, parse_mailbox, parse_named_mailbox
from escalator.model.levels import Mode
from escalator.settings.values import Secret

_MOST_WORKERS = 64
_MOST_PACE = 100
_SHOWN = 40
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
"""Also with underscores, which names in a container network may have."""
_LONGEST_HOST = 253
_WITH_PORT = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]]+)(?::[0-9]{1,5})?")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class InvalidValue(Exception):  # noqa: N818  # a verdict, raised and caught within this package
    """A text that is not valid: what is wrong with it, and what would be right."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(what)
        self.what = what
        self.right = right


def quoted_value(text: str) -> str:
    """Return a text that holds no secret, in quotes and shortened."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def require_well_formed(text: str) -> str:
    """Return the text; raises InvalidValue for quotes around it, control characters and invalid UTF-8."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        raise InvalidValue("begins and ends with quotes, and they are part of the value", "remove the quotes")
    if not text.isprintable():
        problem = "contains a line break, a control or invisible character, or bytes that are not UTF-8"
        raise InvalidValue(problem, "type it again, on one line")
    return text


def parse_mode(text: str) -> Mode:
    """Return the mode."""
    if text not in set(Mode):
        raise InvalidValue(f"{quoted_value(text)} is not a mode", "write sandbox, divert or production")
    return Mode(text)


def parse_path(text: str) -> str:
    """Return the path of a file or folder."""
    return text


def parse_word(text: str) -> str:
    """Return a name or an id, which has no spaces and only ASCII."""
    if not text.isascii() or " " in text:
        raise InvalidValue("contains a space or a character that is not ASCII", "copy it again, with nothing around it")
    return text


def parse_token(text: str) -> Secret:
    """Return a secret of a vendor, which has no spaces and only ASCII."""
    return Secret(parse_word(text))


def parse_tokens(text: str) -> tuple[Secret, ...]:
    """Return several tokens, the newest first, for rotation."""
    return tuple(parse_token(part) for part in split_list(text))


def parse_key(text: str) -> Secret:
    """Return one of our own keys, which may be any text."""
    return Secret(text)


def parse_keys(text: str) -> tuple[Secret, ...]:
    """Return several keys, the newest first."""
    return tuple(Secret(part) for part in split_list(text))


def split_list(text: str) -> tuple[str, ...]:
    """Return the parts of a comma-separated list; raises InvalidValue where there are only commas."""
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    if text and not parts:
        raise InvalidValue("holds nothing but commas", "write a value, or leave it unset")
    return parts


def parse_switch(text: str) -> bool:
    """Return whether it is on; off is 0."""
    if text not in {"", "0", "1"}:
        raise InvalidValue(f"{quoted_value(text)} is neither 0 nor 1", "write 0 to turn it off, or leave it unset")
    return text != "0"


def parse_port(text: str) -> int:
    """Return a port; 0 means any free one."""
    return _whole_number(text, "port", 0, 65535)


def parse_process_count(text: str) -> int:
    """Return a number of processes."""
    return _whole_number(text, "number of processes", 1, _MOST_WORKERS)


def _whole_number(text: str, noun: str, minimum: int, maximum: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and minimum <= int(text) <= maximum):
        raise InvalidValue(f"{quoted_value(text)} is not a {noun}", f"write a whole number from {minimum} to {maximum}")
    return int(text)


def parse_rate(text: str) -> float:
    """Return messages a second."""
    if not _NUMBER.fullmatch(text) or float(text) > _MOST_PACE:
        right = f"write the messages a second for one channel, from 0 (no limit) to {_MOST_PACE}"
        raise InvalidValue(f"{quoted_value(text)} is not a rate", right)
    return float(text)


def is_host(text: str) -> bool:
    """Whether it is an IP address, without brackets, or a valid host name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        is_name = len(text) <= _LONGEST_HOST and bool(_HOST_NAME.fullmatch(text))
        return is_name and not text.rpartition(".")[2].isdigit()
    return True


def parse_host(text: str) -> str:
    """Return the host to listen on."""
    if text and not is_host(text):
        raise InvalidValue(
            f"{quoted_value(text)} is not an address to listen on",
            "write one such as 127.0.0.1, 0.0.0.0 or ::, without a port",
        )
    return text


def parse_hosts(text: str) -> tuple[str, ...]:
    """Return hosts, addresses and networks; a host may have a port."""
    for part in split_list(text):
        match = _WITH_PORT.fullmatch(part)
        if not (_is_network(part) or (match and is_host(match["host"].strip("[]")))):
            raise InvalidValue(
                f"{quoted_value(part)} is not a host, address or network", "write them like bi.internal,10.0.0.0/8"
            )
    return split_list(text)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def parse_mail_address(text: str) -> str:
    """Return an email address without a name."""
    if text and parse_mailbox(text) is None:
        raise InvalidValue("is not an email address", CORRECT_FORM)
    return text


def parse_mail_sender(text: str) -> str:
    """Return `alerts@example.com` or `Escalator <alerts@example.com>`."""
    if text and parse_named_mailbox(text) is None:
        raise InvalidValue("is not a sender address", "write alerts@example.com, or Escalator <alerts@example.com>")
    return text
