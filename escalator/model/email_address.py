"""Email addresses: one rule for the policy, the environment, coverage and the channel.

A domain of any script is reached by its form in ASCII (IDNA 2008, RFC 5891). What stands before the @ is ASCII:
anything else needs SMTPUTF8 (RFC 6531) on every server on the way, and is refused.
"""

import re
from dataclasses import dataclass

import idna

CORRECT_FORM = "write an address such as leads@example.com: one @, no spaces, and only ASCII letters before it"

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# RFC 5321 4.5.3.1 allows 64 and 255 octets; a Message-ID, which ends in the domain, has to fit into the column
# `posted_messages.vendor_ref`.
_LOCAL_CHARS, _DOMAIN_CHARS = 64, 120


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An email address: the part before the @, and the domain in ASCII."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def parse_mailbox(text: str) -> Mailbox | None:
    """Return the email address of a text, or None for one that no email can reach."""
    local, _, domain = text.strip().rpartition("@")
    ascii_domain = _in_ascii(domain) if domain.isprintable() else ""
    if not _LOCAL.fullmatch(local) or len(local) > _LOCAL_CHARS or len(ascii_domain) > _DOMAIN_CHARS:
        return None
    # An IP address is no domain; no top-level domain is all digits (RFC 3696).
    if not _DOMAIN.fullmatch(ascii_domain) or ascii_domain.rpartition(".")[2].isdigit():
        return None
    return Mailbox(local, ascii_domain)


def parse_named_mailbox(address: str) -> tuple[str, Mailbox] | None:
    """Return the name and the address of `alerts@example.com` or `Escalator <alerts@example.com>`, or None."""
    text = address.strip()
    name, bracket, bare = text.rpartition("<")
    if not bracket:
        mailbox = parse_mailbox(text)
        return ("", mailbox) if mailbox else None
    mailbox = parse_mailbox(bare.removesuffix(">"))
    plain_name = name.strip()
    if len(plain_name) > 1 and plain_name[0] == plain_name[-1] == '"':
        plain_name = plain_name[1:-1]
    elif set(plain_name) & set('@"<>'):
        return None
    is_whole = bare.endswith(">") and text.isprintable()
    return (plain_name, mailbox) if mailbox and is_whole else None


def _in_ascii(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return ""
