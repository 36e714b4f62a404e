"""Refuses production without the secrets that its policy needs, whatever command starts a process (RULES 6).

A policy that is offered at run time and lacks some is refused like any invalid file; the last good one stays active. So
a start checks what would run: the file, or the active version where the file is invalid.
"""

from escalator.errors import ConfigurationError, Unavailable
from escalator.model.levels import Mode
from escalator.policy.parse import parse, unset_values
from escalator.services.core import missing_credentials
from escalator.services.core.context import Core
from escalator.settings import Settings
from escalator.store import policies
from escalator.store.schema import is_current


def require_secrets(core: Core) -> None:
    """Raise ConfigurationError in production when the file and the active version both lack secrets."""
    if core.settings.mode is not Mode.PRODUCTION:
        return
    file = _file(core.settings)
    lacking = _lacking(file, core.settings) if file is not None else None
    if lacking == ():
        return
    active = _active(core)
    lacking_active = _lacking(active, core.settings) if active is not None else None
    if lacking_active == ():
        return
    problems = lacking or lacking_active
    if problems:
        raise ConfigurationError(*problems)


def _file(settings: Settings) -> str | None:
    """Return the text of the policy file, or None when it cannot be read."""
    try:
        return settings.policy_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _active(core: Core) -> str | None:
    """Return the text of the active version, or None without one or without a database."""
    try:
        if not is_current(core.database):
            return None
        with core.database.reading() as connection:
            version = policies.active_id(connection)
            return policies.text_of(connection, version) if version else None
    except Unavailable:
        return None


def _lacking(text: str, settings: Settings) -> tuple[str, ...] | None:
    """Return the variables that a policy needs and that are not set, or None for invalid text."""
    policy = parse(text, settings.environment).policy
    if policy is None:
        return None
    unset = (problem.as_line(settings.policy_file.name) for problem in unset_values(text, settings.environment))
    return (*(str(variable) for variable in missing_credentials.missing_required(settings, policy)), *unset)
