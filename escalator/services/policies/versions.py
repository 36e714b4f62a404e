"""Policy versions: find one by hash, the one before it, the difference of two texts, the state of the file."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Connection

from escalator.errors import Unavailable
from escalator.model.levels import Mode
from escalator.policy.parse import parse
from escalator.policy.problems import PolicyProblem
from escalator.services.core.context import Core
from escalator.store import policies
from escalator.store.policies import PolicyVersion

SHORT = 12
"""Characters of a hash that are shown."""

_HASH = re.compile(r"[0-9a-fA-F]{4,64}")

VersionName = tuple[str, str]
"""A name for a text, and the text."""


class FileState(StrEnum):
    """The policy file's state against the running version."""

    SAME = "same"
    CHANGED = "changed"
    REFUSED = "refused"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class PolicyFileStatus:
    """The policy's file as it is now: its problems if it is refused, why it cannot be read."""

    name: str
    state: FileState
    problems: tuple[PolicyProblem, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PolicyStatus:
    """The running version, since when, its warnings, and the state of its file."""

    version: PolicyVersion
    since: datetime
    warnings: tuple[PolicyProblem, ...]
    file: PolicyFileStatus


def policy_status(core: Core, connection: Connection) -> PolicyStatus:
    """Return the state of the policy. Problems name what is unset, never a value. Raises Unavailable."""
    active = policies.active_version(connection)
    if active is None:
        raise Unavailable("no policy is active yet")
    version, since = active
    warnings = _problems(core, policies.text_of(connection, version.id).encode())
    return PolicyStatus(version, since, warnings, _file(core, version))


def _file(core: Core, active: PolicyVersion) -> PolicyFileStatus:
    path = core.settings.policy_file
    try:
        text = path.read_bytes()
    except OSError as error:
        return PolicyFileStatus(path.name, FileState.UNREADABLE, reason=error.strerror or type(error).__name__)
    if hashlib.sha256(text).hexdigest() == active.sha256:
        return PolicyFileStatus(path.name, FileState.SAME)
    is_real = core.settings.mode is Mode.PRODUCTION
    problems = _problems(core, text)
    refusing = tuple(
        version for version in problems if not version.is_warning or (is_real and version.blocks_production)
    )
    return PolicyFileStatus(path.name, FileState.REFUSED if refusing else FileState.CHANGED, refusing)


def _problems(core: Core, text: bytes) -> tuple[PolicyProblem, ...]:
    return _parsed(text, frozenset(core.settings.environment.items()))


@lru_cache(maxsize=4)
def _parsed(text: bytes, env: frozenset[tuple[str, str]]) -> tuple[PolicyProblem, ...]:
    """Return a text's problems. Cached: parsing is most of the page's work, and the text hardly ever changes."""
    return parse(text, dict(env)).problems


def read_policy_file(core: Core) -> VersionName:
    """Return the policy's file as it is now. Raises OSError when it cannot be read."""
    path = core.settings.policy_file
    return path.name, path.read_bytes().decode(errors="replace")


def version_text(connection: Connection, version: PolicyVersion) -> VersionName:
    """Return a version by the start of its hash, and its text as it was written: `${NAME}` stays."""
    return version.sha256[:SHORT], policies.text_of(connection, version.id)


def versions_named(connection: Connection, sha256: str) -> list[PolicyVersion]:
    """Return the versions whose hash starts like this; none for what cannot be a hash."""
    return policies.find(connection, sha256) if _HASH.fullmatch(sha256) else []


def previous_version(connection: Connection, version_id: UUID) -> PolicyVersion | None:
    """Return the version that last ran before that one."""
    ran = [version.version for version in policies.history(connection) if version.version is not None]
    since = next((place for place, policy_version in enumerate(ran) if policy_version.id == version_id), len(ran))
    return next((policy_version for policy_version in ran[since:] if policy_version.id != version_id), None)


def diff_lines(old: VersionName, new: VersionName) -> Iterator[str]:
    """Yield the lines of a unified diff; none if the texts are equal."""
    (old_name, old_text), (new_name, new_text) = old, new
    return unified_diff(old_text.splitlines(), new_text.splitlines(), old_name, new_name, lineterm="")
