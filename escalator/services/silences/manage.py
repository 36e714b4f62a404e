"""Silences: somebody begins one, or ends one early, and everybody may see the list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.silences import categories_of_silence, may_silence, may_view_silence
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.facts import normalized
from escalator.model.levels import Mode, Role, Severity
from escalator.model.policy import Person, Policy
from escalator.model.silence import Silence, SilenceScope, max_silence_length
from escalator.policy.problems import did_you_mean, quoted
from escalator.rendering.push_text import words
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.silences.announce import announce_silence, reason_of
from escalator.services.silences.expiry import resume_after_silence, silence_details
from escalator.store import audit_log, silences
from escalator.store.silences import StoredSilence

MAX_REASON = 300
SHORTEST = timedelta(minutes=1)
_HANDLE_CHARS = 6


class SilenceProblem(StrEnum):
    """The kind of problem with a request."""

    PERSON = "person"
    ROLE = "role"
    NAME = "name"
    LASTS = "lasts"
    REASON = "reason"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class SilenceRefused:
    """Nothing changed: what was wrong, and in words what would be valid."""

    problem: SilenceProblem
    message: str


@dataclass(frozen=True, slots=True)
class SilenceRequest:
    """A request for a silence: `named` is a category or a route, `by` the policy's key of the person."""

    named: str
    lasts: timedelta
    reason: str
    by: str
    via: str
    is_for_critical: bool = False


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """One silence that has not ended. `handle` is its name for ending it; the file's silences have none."""

    silence: Silence
    is_in_force: bool
    handle: str = ""


def create_silence(core: Core, request: SilenceRequest) -> Silence | SilenceRefused:
    """Begin a silence now, or return the problem. Raises Unavailable."""
    now = core.clock.now()
    with unit_of_work(core) as work:
        running = core.policies.required(work.connection)
        new = _checked(request, running.policy, now)
        if isinstance(new, SilenceRefused):
            return new
        silences.insert(work.connection, new, request.via, core.seal.seal(new.reason.encode()))
        entry = AuditEntry(
            AuditAction.SILENCE_BEGUN, Actor("person", new.author), request.via, str(new.id), after=silence_details(new)
        )
        audit_log.insert(work.connection, [(entry, running.version)], now)
        work.has_deliveries = announce_silence(core, work.connection, running, new, now)
    return new


def end_silence(core: Core, handle: str, by: str, via: str) -> Silence | SilenceRefused:
    """End a silence now: what it held back is sent at once. Raises Unavailable.

    The sandbox cannot end real silences, because nobody is authenticated there.
    """
    now = core.clock.now()
    with unit_of_work(core) as work:
        running = core.policies.required(work.connection)
        unended = silences.unended(work.connection, locked=True)
        theirs = [row for row in unended if via != Mode.SANDBOX or row.via == Mode.SANDBOX]
        silence = _named(theirs, handle, now)
        refusal = _end_refusal(silence, handle, by, running.policy)
        if refusal is not None or silence is None or silence.id is None:
            return refusal or SilenceRefused(SilenceProblem.NAME, _no_such(handle))
        ended = replace(silence, ends_at=now)
        silences.end(work.connection, silence.id, now, now)
        entry = AuditEntry(
            AuditAction.SILENCE_ENDED, Actor("person", by), via, str(silence.id), after=silence_details(ended)
        )
        audit_log.insert(work.connection, [(entry, running.version)], now)
        work.has_deliveries = announce_silence(core, work.connection, running, ended, now, is_over=True, by=by)
    resume_after_silence(core)
    return ended


def list_silences(
    core: Core, connection: Connection, running: RunningPolicy, asker: Person | None = None
) -> list[SilenceRow]:
    """Return present and future silences, with their reasons; to a person only what they may see."""
    now = core.clock.now()
    ids = {silence.id for silence in running.silences}
    stored = (row for row in silences.unended(connection) if row.silence.id in ids)
    begun = [(replace(row.silence, reason=reason_of(core, row)), handle_of(row.silence)) for row in stored]
    listed = sorted(
        [*begun, *((silence, "") for silence in running.policy.silences)], key=lambda entry: entry[0].starts_at
    )
    return [
        SilenceRow(silence, silence.starts_at <= now, handle)
        for silence, handle in listed
        if silence.ends_at > now
        and (asker is None or may_view_silence(asker, silence.of, silence.name, running.policy))
    ]


def handle_of(silence: Silence) -> str:
    """Return the name for ending a silence; empty for one of the file's."""
    return silence.id.hex[-_HANDLE_CHARS:] if silence.id else ""


def silenceable_subjects(person: Person, policy: Policy) -> Iterator[tuple[SilenceScope, str]]:
    """Yield what somebody may silence, the categories first."""
    named = [*((SilenceScope.CATEGORY, key) for key in policy.categories)]
    named += [(SilenceScope.ROUTE, route.name) for route in policy.routes]
    return (subject for subject in named if may_silence(person, *subject, policy))


def _checked(request: SilenceRequest, policy: Policy, now: datetime) -> Silence | SilenceRefused:
    person = _may(request.by, policy)
    if isinstance(person, SilenceRefused):
        return person
    named = _resolve_subject(request.named, list(silenceable_subjects(person, policy)))
    if isinstance(named, SilenceRefused):
        return named
    reason = " ".join(request.reason.split())
    new = Silence(*named, now, now + request.lasts, person.key, reason, request.is_for_critical, uuid7())
    return _refusal(new, policy) or new


def _may(by: str, policy: Policy) -> Person | SilenceRefused:
    person = policy.people.get(by)
    if person is None:
        return SilenceRefused(
            SilenceProblem.PERSON, f"{quoted(by)} is not a person of the policy; {did_you_mean(by, policy.people)}"
        )
    if person.role < Role.SENIOR:
        return SilenceRefused(
            SilenceProblem.ROLE, f"{person.name} may not silence anything; ask a senior moderator or an admin"
        )
    return person


def _resolve_subject(
    named: str, known: Sequence[tuple[SilenceScope, str]]
) -> tuple[SilenceScope, str] | SilenceRefused:
    """Return the category or route of that name; `category:hate` and `route:Hate` say which one."""
    kind, _, name = named.partition(":")
    if kind in set(SilenceScope):
        known = [subject for subject in known if subject[0] == kind]
        named = name
    exact = [subject for subject in known if subject[1] == named]
    matches = exact or [subject for subject in known if normalized(subject[1]) == normalized(named)]
    if len(matches) == 1 and (exact or matches[0][0] is SilenceScope.CATEGORY):
        return matches[0]
    if matches:
        right = " or ".join(f"{of.value}:{name}" for of, name in matches)
        problem = "a category and a route" if len(matches) > 1 else "not the exact name of the route"
        return SilenceRefused(SilenceProblem.NAME, f"{quoted(named)} is {problem}; write {right}")
    names = dict.fromkeys(name for _of, name in known)
    return SilenceRefused(
        SilenceProblem.NAME,
        f"{quoted(named)} is not a category or route that they may silence; {did_you_mean(named, names)}",
    )


def _refusal(new: Silence, policy: Policy) -> SilenceRefused | None:
    lasts, max_length = new.ends_at - new.starts_at, max_silence_length(is_for_critical=new.is_for_critical)
    if not SHORTEST <= lasts <= max_length:
        which = "critical incidents too" if new.is_for_critical else "a category or a route"
        right = f"a silence for {which} lasts from {words(SHORTEST)} to {words(max_length)}"
        return SilenceRefused(SilenceProblem.LASTS, f"{words(lasts)} is not allowed; {right}")
    if not new.reason or len(new.reason) > MAX_REASON:
        return SilenceRefused(SilenceProblem.REASON, f"give a reason of at most {MAX_REASON} characters")
    if not new.is_for_critical and _is_always_critical(new, policy):
        return SilenceRefused(
            SilenceProblem.CRITICAL,
            "all of it is critical, so this silences nothing; include critical incidents",
        )
    return None


def _is_always_critical(silence: Silence, policy: Policy) -> bool:
    floors = [category.at_least for category in categories_of_silence(silence.of, silence.name, policy)]
    return bool(floors) and all(floor is Severity.CRITICAL for floor in floors)


def _named(stored: Sequence[StoredSilence], handle: str, now: datetime) -> Silence | None:
    """Return the only unended silence whose id ends so."""
    suffix = handle.strip().lower().replace("-", "")
    matches = [row.silence for row in stored if len(suffix) >= _HANDLE_CHARS and _id(row).endswith(suffix)]
    return matches[0] if len(matches) == 1 and matches[0].ends_at > now else None


def _id(stored: StoredSilence) -> str:
    return stored.silence.id.hex if stored.silence.id else ""


def _end_refusal(silence: Silence | None, handle: str, by: str, policy: Policy) -> SilenceRefused | None:
    person = _may(by, policy)
    if isinstance(person, SilenceRefused):
        return person
    if silence is None or not may_silence(person, silence.of, silence.name, policy):
        return SilenceRefused(SilenceProblem.NAME, _no_such(handle))
    return None


def _no_such(handle: str) -> str:
    return f"there is no silence {quoted(handle)} that they may end; the list of silences shows the ids"
