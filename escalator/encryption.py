"""The sealed columns: encrypted with keys of their own, opened only by the content rule (RULES 5)."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from escalator.errors import ContentLocked
from escalator.lazy_imports import LazyImport

if TYPE_CHECKING:
    from cryptography import fernet
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf import hkdf
else:
    fernet = LazyImport("cryptography.fernet")
    hashes = LazyImport("cryptography.hazmat.primitives.hashes")
    hkdf = LazyImport("cryptography.hazmat.primitives.kdf.hkdf")


def derive_key(secret: str, purpose: str) -> str:
    """Derive a key from another secret for one purpose; return it as text."""
    key = hkdf.HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())
    return base64.urlsafe_b64encode(key).decode()


class Seal:
    """Seals and opens bytes. Keys are any texts, newest first: the first seals, all open (for rotation)."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)

    @cached_property
    def _fernets(self) -> "list[fernet.Fernet]":
        return [fernet.Fernet(derive_key(key, "escalator content")) for key in self._keys]

    @cached_property
    def _all(self) -> "fernet.MultiFernet":
        return fernet.MultiFernet(self._fernets)

    def seal(self, content: bytes) -> bytes:
        """Return the content, encrypted and authenticated."""
        return self._all.encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """Return the content; raises ContentLocked when none of our keys opens it."""
        try:
            return self._all.decrypt(sealed)
        except fernet.InvalidToken as error:
            raise ContentLocked("no key can decrypt this content; was CONTENT_KEY or SECRET_KEY changed?") from error

    def renewed(self, sealed: bytes) -> bytes | None:
        """Return the content sealed with the newest key, or None when it already is; raises ContentLocked."""
        try:
            self._fernets[0].decrypt(sealed)
        except fernet.InvalidToken:
            return self.seal(self.open(sealed))
        return None


def digest(body: bytes) -> str:
    """Return the lower-case hex SHA-256 by which the same delivery is recognised."""
    return hashlib.sha256(body).hexdigest()
