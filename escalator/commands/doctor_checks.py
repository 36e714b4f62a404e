"""The checks of `doctor`. They change nothing and notify nobody."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from escalator.broker_state import error_name
from escalator.commands import one_line
from escalator.commands.findings import UNREACHED_REMEDY, Finding, Status
from escalator.commands.open_installation import has_database
from escalator.commands.policy_file import DEMO
from escalator.errors import Unavailable
from escalator.lazy_imports import LazyImport
from escalator.model.destination_kind import DestinationKind
from escalator.model.email_address import parse_mailbox
from escalator.model.levels import Mode
from escalator.model.message import Failed
from escalator.model.policy import Person, Policy
from escalator.policy.parse import ParsedPolicy, parse
from escalator.rendering import sandbox_mode
from escalator.rendering.probe_failures import NOBODY_ANSWERED, probe_words
from escalator.services.core.context import Core
from escalator.services.monitoring.problems import open_alerts
from escalator.settings import Settings
from escalator.store import health, policies
from escalator.store.health import OVERDUE_AFTER, ProductHealth
from escalator.store.schema import is_current

if TYPE_CHECKING:
    from escalator.channels.slack import manifest
else:
    manifest = LazyImport("escalator.channels.slack.manifest")  # it needs Slack's library

_TIMEOUT_S = 2
_START = "start one: `escalator run`, or the Procfile's worker"


def policy(core: Core) -> Iterator[Finding]:
    """Check the policy file, and whether everybody in it can be notified."""
    path = core.settings.policy_file
    try:
        text = path.read_bytes()
    except OSError:
        yield from _without_file(core.settings)
        return
    parsed = parse(text, core.settings.environment)
    yield _file(str(path), parsed, core.settings.mode)
    if parsed.policy is not None:
        yield _contacts(core, parsed.policy)


def _without_file(settings: Settings) -> Iterator[Finding]:
    state, remedy = f"{settings.policy_file} does not exist", "`escalator init` writes one to start from"
    if settings.mode is Mode.SANDBOX and not settings.environment.get("ESCALATOR_POLICY"):
        yield Finding("policy", Status.WARN, f"{state}, so `run` uses {DEMO.name}", remedy)
    else:
        yield Finding("policy", Status.FAIL, state, remedy)


def _file(file: str, parsed: ParsedPolicy, mode: Mode) -> Finding:
    blocking = [warning for warning in parsed.warnings if warning.blocks_production] if mode is Mode.PRODUCTION else []
    problems = [*parsed.errors, *blocking]
    remedy = "`escalator check` lists them with line numbers"
    if problems:
        return Finding("policy", Status.FAIL, f"{file} cannot be used: {len(problems)} problems", remedy)
    if parsed.warnings:
        return Finding("policy", Status.WARN, f"{file} can be used, with {len(parsed.warnings)} warnings", remedy)
    return Finding("policy", Status.OK, f"{file} has no problems")


def _contacts(core: Core, policy: Policy) -> Finding:
    without = [person.key for person in policy.people.values() if not _has_contact(core, person)]
    if not without:
        return Finding("people", Status.OK, f"all {len(policy.people)} have a working contact")
    status = Status.FAIL if core.settings.mode is Mode.PRODUCTION else Status.WARN
    remedy = "give them a `slack` member id, or an `email` (and set SMTP_URL and MAIL_FROM)"
    return Finding("people", status, f"no working contact: {', '.join(without)}", remedy)


def _has_contact(core: Core, person: Person) -> bool:
    has_mail = bool(core.settings.smtp_url and core.settings.mail_from) or core.settings.mode is Mode.SANDBOX
    addresses = {kind: core.expand(person.address_of(kind) or "") for kind in person.contact}
    slack, email = addresses.get(DestinationKind.SLACK, ""), addresses.get(DestinationKind.EMAIL, "")
    return bool(slack) or (has_mail and parse_mailbox(email) is not None)


_BROKER_REMEDY = "check REDIS_URL, and that it is not a read-only replica. Until then work continues, up to 3 s later"
_TRIAL_MS = 1_000
_REDIS_UNREACHED = (redis.ConnectionError, redis.TimeoutError, OSError)
_REDIS_REFUSED = (
    redis.exceptions.AuthenticationError,
    redis.exceptions.AuthorizationError,
    redis.exceptions.BusyLoadingError,
)
"""Errors after which Redis has answered, although its client counts them as connection errors."""


def broker(settings: Settings) -> Finding:
    """Check whether Redis accepts writes; when it does not, everything works, but later."""
    try:
        once = Retry(NoBackoff(), retries=0)
        options = {"socket_timeout": _TIMEOUT_S, "socket_connect_timeout": _TIMEOUT_S, "retry": once}
        with redis.Redis.from_url(settings.redis_client_url, **options) as client:
            takes_writes = client.set("escalator:doctor", "", px=_TRIAL_MS)
    except Exception as error:  # noqa: BLE001  # a broker may answer anything
        is_unreached = isinstance(error, _REDIS_UNREACHED) and not isinstance(error, _REDIS_REFUSED)
        state = "cannot be reached" if is_unreached else "reached, but cannot be used"
        return Finding("redis", Status.FAIL, f"{state} ({error_name(error)})", _BROKER_REMEDY)
    if takes_writes is not True:
        return Finding("redis", Status.FAIL, "the server that answers is not Redis", _BROKER_REMEDY)
    return Finding("redis", Status.OK, "reachable")


def slack(core: Core) -> Iterator[Finding]:
    """Check the token, its scopes, and the signing secret."""
    missing = Status.FAIL if core.settings.mode is Mode.PRODUCTION else Status.WARN
    if not core.settings.slack_signing_secret:
        yield Finding(
            "slack", missing, "SLACK_SIGNING_SECRET is not set: buttons do not work", "copy it from your Slack app"
        )
    if not core.settings.slack_bot_token:
        yield Finding(
            "slack", missing, "SLACK_BOT_TOKEN is not set: nothing can be sent", "copy it from your Slack app"
        )
        return
    answer = core.slack(Mode.PRODUCTION).auth_test()
    if isinstance(answer, Failed):
        remedy = UNREACHED_REMEDY if answer.reason in NOBODY_ANSWERED else "check SLACK_BOT_TOKEN"
        yield Finding("slack", Status.FAIL, probe_words(answer), remedy)
        return
    lacking = [scope for scope in manifest.SCOPES if answer.scopes and scope not in answer.scopes]
    if lacking:
        remedy = "add them under OAuth & Permissions and reinstall the app"
        yield Finding("slack", Status.FAIL, f"scopes missing: {', '.join(lacking)}", remedy)
    else:
        yield Finding("slack", Status.OK, f"the token is valid in workspace {answer.team or answer.team_id}")


def database(core: Core) -> Iterator[Finding]:
    """Check the database, and the state in it: workers, overdue work, operator alerts, mode."""
    try:
        if not has_database(core) or not is_current(core.database):
            yield Finding("database", Status.FAIL, "has no schema or an old one", "run `escalator migrate`")
            return
        now = core.clock.now()
        with core.database.reading() as connection:
            product_health = health.read_health(connection, now)
            active = policies.active_id(connection)
            active_sha256 = policies.sha256_of(connection, active) if active else None
    except Unavailable as error:
        yield Finding("database", Status.FAIL, f"cannot be reached: {one_line(error)}", "check DATABASE_URL")
        return
    yield Finding("database", Status.OK, "reachable, with the newest schema")
    yield _active(core.settings, active_sha256)
    yield _workers(product_health)
    yield from _late(product_health, now)
    yield from (
        Finding("operator alert", Status.FAIL, f"{key}: {detail}") for key, detail in open_alerts(product_health)
    )
    yield _mode(core.settings.mode, product_health)


def _active(settings: Settings, active_sha256: str | None) -> Finding:
    if active_sha256 is None:
        return Finding("active policy", Status.FAIL, "none, so no webhook is accepted", _START)
    path = settings.policy_file
    text = path.read_bytes() if path.is_file() else DEMO.read_bytes()
    if hashlib.sha256(text).hexdigest() != active_sha256:
        remedy = "a running worker activates a valid file within seconds; `escalator check` shows its problems"
        return Finding("active policy", Status.WARN, f"differs from {path}", remedy)
    return Finding("active policy", Status.OK, "same as the file")


def _workers(product_health: ProductHealth) -> Finding:
    if not product_health.workers:
        return Finding("workers", Status.FAIL, "none is running: nothing is sent or escalated", _START)
    return Finding("workers", Status.OK, f"{product_health.workers} running")


def _late(product_health: ProductHealth, now: datetime) -> Iterator[Finding]:
    remedy = "check the workers and their log"
    waiting = (("deadlines", product_health.oldest_deadline), ("events", product_health.oldest_event))
    for subject, oldest in waiting:
        if oldest is not None and now - oldest > OVERDUE_AFTER:
            late_s = int((now - oldest).total_seconds())
            yield Finding(subject, Status.FAIL, f"the oldest is {late_s} s late", remedy)
        else:
            yield Finding(subject, Status.OK, "none is late")
    if product_health.parked_events:
        yield Finding(
            "events", Status.FAIL, f"{product_health.parked_events} could not be processed and are parked", remedy
        )


def _mode(mode: Mode, product_health: ProductHealth) -> Finding:
    if mode is Mode.SANDBOX:
        remedy = "to send messages, set ESCALATOR_MODE=production"
        return Finding("mode", Status.WARN, sandbox_mode.notice(product_health.sandbox_incidents), remedy)
    if mode is Mode.DIVERT:
        return Finding("mode", Status.WARN, "divert: every message goes only to its source's `divert_to`")
    return Finding("mode", Status.OK, "production: messages are sent")
