"""The folder of the embedded database and broker."""

from escalator.errors import ConfigurationError
from escalator.settings import Settings


def prepare_folder(settings: Settings) -> None:
    """Create the folder of the embedded database and broker; raises ConfigurationError on failure."""
    try:
        settings.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        right = "name a writable folder"
        raise ConfigurationError(f"ESCALATOR_VAR: cannot make {settings.var} ({error.strerror}); {right}") from error
