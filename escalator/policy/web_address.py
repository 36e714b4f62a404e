"""Web addresses, in the policy and in values from the environment."""

from urllib.parse import urlsplit


def is_web_address(text: str) -> bool:
    """Whether it is an http or https address with a host and a possible port."""
    if not text.isprintable() or any(letter.isspace() for letter in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 443) > 0
    except ValueError:
        return False
