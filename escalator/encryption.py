"""The sealed columns: encrypted with keys of their own, opened only by the content rule (RULES 5)."""

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from escalator.errors import ContentLocked


def derive_key(secret: str, purpose: str) -> str:
    """Derive a key from another secret for one purpose; return it as text."""
    key = HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())
    return base64.urlsafe_b64encode(key).decode()


class Seal:
    """Seals and opens bytes. Keys are any texts, newest first: the first seals, all open (for rotation)."""

    def __init__(self, keys: Sequence[str]) -> None:
        fernets = [Fernet(derive_key(key, "escalator content")) for key in keys]
        self._newest, self._fernet = fernets[0], MultiFernet(fernets)

    def seal(self, content: bytes) -> bytes:
        """Return the content, encrypted and authenticated."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """Return the content; raises ContentLocked when none of our keys opens it."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise ContentLocked("no key can decrypt this content; was CONTENT_KEY or SECRET_KEY changed?") from error

    def renewed(self, sealed: bytes) -> bytes | None:
        """Return the content sealed with the newest key, or None when it already is; raises ContentLocked."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return self.seal(self.open(sealed))
        return None


def digest(body: bytes) -> str:
    """Return the lower-case hex SHA-256 by which the same delivery is recognised."""
    return hashlib.sha256(body).hexdigest()
