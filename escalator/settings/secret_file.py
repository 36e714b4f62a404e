"""The secret key of an installation that sets none: stored in a file beside the embedded database."""

import os
from contextlib import suppress
from pathlib import Path

from escalator.errors import ConfigurationError
from escalator.settings.values import Secret


def stored_secret(path: Path) -> Secret:
    """Return the secret in this file, created on first use; the first of two processes wins. Raises
    ConfigurationError.
    """
    try:
        secret = _read_existing(path)
    except (OSError, ValueError) as error:
        right = "name a writable folder, or set SECRET_KEY"
        reason = getattr(error, "strerror", None) or "it is not ASCII text"
        raise ConfigurationError(f"ESCALATOR_VAR: cannot keep the secret key in {path} ({reason}); {right}") from error
    if not secret:
        raise ConfigurationError(f"ESCALATOR_VAR: the secret key file {path} is empty; remove it, or set SECRET_KEY")
    return Secret(secret)


def _read_existing(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(os.urandom(32).hex())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
