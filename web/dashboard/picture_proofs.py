"""The part of a picture's address that proves that this session was just allowed, on record, to see it."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from escalator.services.core.context import Core

GOOD_FOR_S = 60
"""The page that shows the picture loads it at once."""


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """The result of a request for a picture: its number and the proof for its address, or why it is not shown."""

    number: int
    proof: str = ""
    refused: str = ""
    words: str = ""


def make_proof(core: Core, session_token: str, incident: int, picture: int, now: datetime) -> str:
    """Return the proof for a picture's address, for a minute."""
    until = int(now.timestamp()) + GOOD_FOR_S
    return f"{until}-{_digest(core, session_token, incident, picture, until)}"


def is_proof(core: Core, session_token: str, incident: int, picture: int, proof: str, now: datetime) -> bool:  # noqa: PLR0913  # what it is bound to
    """Whether it is the proof for this picture, of this session, and still good."""
    until, _, digest = proof.partition("-")
    if not (until.isascii() and until.isdecimal() and len(until) <= 12) or int(until) < now.timestamp():  # noqa: PLR2004
        return False
    return hmac.compare_digest(digest.encode(), _digest(core, session_token, incident, picture, int(until)).encode())


def _digest(core: Core, session_token: str, incident: int, picture: int, until: int) -> str:
    bound = f"picture {incident} {picture} {until} {session_token}"
    return hmac.new(core.settings.csrf_secret.encode(), bound.encode(), sha256).hexdigest()
