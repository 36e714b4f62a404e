"""The running policy: the file is offered, checked, and becomes a version that all processes use."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from uuid import UUID

import structlog
from sqlalchemy import Connection

from escalator.clock import Clock
from escalator.engine.incident_change import PolicyPair
from escalator.engine.overrides import with_overrides
from escalator.engine.roster import Roster
from escalator.errors import Unavailable
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.model.schedule import Calendars, ManualOverride
from escalator.model.silence import Silence
from escalator.policy.parse import ParsedPolicy, load_accepted, parse
from escalator.policy.placeholders import with_stream_ids
from escalator.policy.problems import PolicyProblem
from escalator.services.core import missing_credentials
from escalator.services.core.operator_alerts import POLICY_FILE, OperatorAlerts
from escalator.settings import Settings
from escalator.store import Database, audit_log, calendars, overrides, policies, silences

log = structlog.get_logger(__name__)

_TOLD_AT = 2
"""A missing file is reported after so many failed reads."""


@dataclass(frozen=True, slots=True)
class RunningPolicy:
    """The active version, the calendars of its schedules, and the silences that have not ended.

    `stand_ins` are the overrides that people have created; the schedules of `policy` include them.
    """

    version: UUID
    policy: Policy
    calendars: Calendars = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    stand_ins: tuple[ManualOverride, ...] = ()

    def rules(self, frozen: Policy) -> PolicyPair:
        """Return the rules for an incident with that policy frozen in it."""
        return PolicyPair(frozen, self.policy, self.version, self.calendars, self.silences)

    def roster(self, at: datetime) -> Roster:
        """Return its people at a time."""
        return Roster(self.policy, at, self.calendars)


@dataclass(frozen=True, slots=True)
class OfferResult:
    """The result of offering the file: activated or not, and its problems."""

    is_new: bool
    problems: tuple[PolicyProblem, ...] = ()


class PolicyStore:
    """Policy versions, parsed once and cached; `offer` is called at start and by every sweep.

    `last_known_policy` is the policy this process used last; it is used when the database cannot be reached.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.last_known_policy: Policy | None = None
        self._parsed: dict[UUID, Policy] = {}
        self._offered_sha256: str | None = None
        self._unread = 0
        self._lock = Lock()

    def running(self, connection: Connection) -> RunningPolicy | None:
        """Return the active version, or None before the first one."""
        now = self._clock.now()
        active = policies.read_active(connection, now)
        if active is None:
            return None
        policy = self.version(connection, active.version)
        silences_begun = self._begun(connection) if active.has_silences else ()
        stand_ins = self.stand_ins(connection, now) if active.has_stand_ins else ()
        bookings = calendars.bookings_of(connection, policy)
        self.last_known_policy = stood_in = with_overrides(policy, stand_ins)
        return RunningPolicy(active.version, stood_in, bookings, (*policy.silences, *silences_begun), tuple(stand_ins))

    def required(self, connection: Connection) -> RunningPolicy:
        """Return the active version; raises Unavailable before the first one."""
        running = self.running(connection)
        if running is None:
            raise Unavailable("no policy is active yet")
        return running

    def stand_ins(self, connection: Connection, since: datetime) -> Sequence[ManualOverride]:
        """Return the overrides that people created and that were not over then, newest last.

        Those created in the sandbox, where nobody is authenticated, count only there.
        """
        return overrides.ending_after(connection, since, is_sandbox=self._settings.mode is Mode.SANDBOX)

    def _begun(self, connection: Connection) -> tuple[Silence, ...]:
        """Return silences that people began. Those begun in the sandbox count only in sandbox mode."""
        is_sandbox = self._settings.mode is Mode.SANDBOX
        stored = silences.unended(connection)
        return tuple(row.silence for row in stored if is_sandbox or row.via != Mode.SANDBOX.value)

    def version(self, connection: Connection, version: UUID) -> Policy:
        """Return one version; raises PolicyError for one that this version of the product cannot read."""
        policy = self._parsed.get(version)
        if policy is None:
            policy = with_stream_ids(load_accepted(policies.text_of(connection, version)), self._settings.environment)
            self._parsed[version] = policy
        return policy

    def offer(self, database: Database) -> OfferResult:
        """Accept the file if it has changed since this process last offered it; an invalid one is refused and reported.

        A file that is missing or unreadable is reported at the second try: an editor may be writing it.
        """
        with self._lock:
            try:
                text = self._settings.policy_file.read_bytes()
            except OSError as error:
                self._miss(database, error)
                return OfferResult(is_new=False)
            self._unread = 0
            sha256 = hashlib.sha256(text).hexdigest()
            if sha256 == self._offered_sha256:
                return OfferResult(is_new=False)
            offered = self._take(database, text, sha256)
            self._offered_sha256 = sha256
            return offered

    def _miss(self, database: Database, error: OSError) -> None:
        """Report once that the file cannot be read; when it is back, it is read again, changed or not."""
        self._unread += 1
        self._offered_sha256 = None
        if self._unread != _TOLD_AT:
            return
        file, reason = self._settings.policy_file.name, error.strerror or type(error).__name__
        log.error("policy_unreadable", file=file, reason=reason)
        now = self._clock.now()
        with database.writing() as connection:
            running = self.running(connection)
            if running is not None:
                detail = f"{file} cannot be read ({reason}); the last valid policy stays active"
                OperatorAlerts(connection, now).raise_alert(POLICY_FILE, detail, running.policy, self._settings)

    def _take(self, database: Database, text: bytes, sha256: str) -> OfferResult:
        parsed = parse(text, self._settings.environment)
        refused = parsed.errors or self._forbidden_in_production(database, parsed)
        if refused:
            self._refuse(database, refused, sha256)
            return OfferResult(is_new=False, problems=refused)
        now = self._clock.now()
        with database.writing() as connection:
            active = policies.active_id(connection)
            OperatorAlerts(connection, now).resolve(POLICY_FILE)
            if active is not None and policies.sha256_of(connection, active) == sha256:
                return OfferResult(is_new=False, problems=parsed.problems)
            version = policies.activate(connection, text.decode(), sha256, "file", now)
            entry = AuditEntry(AuditAction.POLICY_ACTIVATED, Actor("file", "file"), "file", after={"sha256": sha256})
            audit_log.insert(connection, [(entry, version)], now)
        log.info("policy_activated", version=str(version), sha256=sha256[:12])
        return OfferResult(is_new=True, problems=parsed.problems)

    def _forbidden_in_production(self, database: Database, parsed: ParsedPolicy) -> tuple[PolicyProblem, ...]:
        """Return what is an error in production: some warnings, and secrets that are newly needed."""
        if self._settings.mode is not Mode.PRODUCTION or parsed.policy is None:
            return ()
        blocking = tuple(problem for problem in parsed.problems if problem.blocks_production)
        missing = tuple(missing_credentials.missing_required(self._settings, parsed.policy))
        return (*blocking, *self._newly(missing, database)) if missing else blocking

    def _newly(
        self, missing: Sequence[missing_credentials.MissingVariable], database: Database
    ) -> Iterator[PolicyProblem]:
        """Yield the secrets that are missing only for the new policy.

        Those that the active version needs are checked when a process starts (services/core/production_secrets.py); a
        new policy must not replace a good one and then prevent every process from starting.
        """
        with database.reading() as connection:
            running = self.running(connection)
        if running is None:
            return
        lacking = {variable.name for variable in missing_credentials.missing_required(self._settings, running.policy)}
        yield from (
            PolicyProblem(variable.name, 1, variable.what, variable.right)
            for variable in missing
            if variable.name not in lacking
        )

    def _refuse(self, database: Database, problems: tuple[PolicyProblem, ...], sha256: str) -> None:
        """Report and record that a file is refused: once, though all processes offer it."""
        file = self._settings.policy_file.name
        for problem in problems:
            log.error("policy_refused", problem=problem.as_line(file))
        now = self._clock.now()
        with database.writing() as connection:
            running = self.running(connection)
            if running is not None:
                detail = f"{file} has {len(problems)} problems and was refused; the last valid policy stays active"
                OperatorAlerts(connection, now).raise_alert(POLICY_FILE, detail, running.policy, self._settings)
            if policies.last_refused_sha256(connection) != sha256:
                after = {"problems": str(len(problems)), "sha256": sha256}
                entry = AuditEntry(AuditAction.POLICY_REFUSED, Actor("file", "file"), "file", after=after)
                audit_log.insert(connection, [(entry, None)], now)
