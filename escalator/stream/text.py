"""Text as it can be stored: without what a database refuses, and no longer than anybody could need."""

import hashlib
import re

MAX_ID_CHARS = 200
MAX_WORD_CHARS = 200
MAX_TEXT_CHARS = 20_000
MAX_ADDRESS_CHARS = 2_000

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_DIGEST_CHARS = 64


def storable_text(text: str) -> str:
    """Return the text with U+FFFD for NUL and lone surrogates, which JSON can carry and PostgreSQL cannot."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def bounded_id(text: str) -> str:
    """Return an id that can be a key: a longer one ends in its own SHA-256, so that two never become one."""
    cleaned = storable_text(text)
    if len(cleaned) <= MAX_ID_CHARS:
        return cleaned
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return cleaned[: MAX_ID_CHARS - _DIGEST_CHARS - 1] + "#" + digest


def normalized_word(value: object) -> str:
    """Return a code word of Stream's as it is compared (`KEEP` is `keep`); what is no text is no word."""
    return value.strip().lower() if isinstance(value, str) else ""
