"""Production is refused without the secrets that its policy needs, by whatever command a process is started (RULES 6).

A policy that is brought at run time and lacks some is refused as any bad file is, and the last good one goes on. So
what counts at a start is what would run: the file, or the active version where the file cannot run.
"""

from escalator.errors import ConfigurationError, Unavailable
from escalator.model.levels import Mode
from escalator.policy import parse, unset_values
from escalator.services.core import missing_credentials
from escalator.services.core.context import Core
from escalator.settings import Settings
from escalator.store import policies
from escalator.store.schema import is_current


def require_secrets(core: Core) -> None:
    """Raise ConfigurationError in production where neither the file nor the active version has all that it needs."""
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
    """Return the text of the policy file, or None for one that cannot be read."""
    try:
        return settings.policy_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _active(core: Core) -> str | None:
    """Return the text of the active version, or None where there is none or the database cannot be asked."""
    try:
        if not is_current(core.database):
            return None
        with core.database.reading() as connection:
            version = policies.active_id(connection)
            return policies.text_of(connection, version) if version else None
    except Unavailable:
        return None


def _lacking(text: str, settings: Settings) -> tuple[str, ...] | None:
    """Return what a policy needs of the environment and lacks, or None for a text that is no policy."""
    policy = parse(text, settings.environment).policy
    if policy is None:
        return None
    unset = (problem.as_line(settings.policy_file.name) for problem in unset_values(text, settings.environment))
    return (*(str(variable) for variable in missing_credentials.missing_required(settings, policy)), *unset)
