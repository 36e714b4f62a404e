"""A whole installation without its brokers: the real services, doors and Slack channel, on a clock that is moved.

Whatever Slack is told must be expected by somebody: a scenario fails on any message, update, answer or window that
nobody waited for, on any error in the log, and on any broken invariant of the database.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from escalator.bootstrap import build
from escalator.channels.slack.signature import sign_callback
from escalator.ports import CALL_STREAM, CLOSE_GROUPS, DELIVER, PROCESS_CALLBACKS, PROCESS_EVENTS
from escalator.services.audit.verify import follow_chain
from escalator.services.core.context import Core
from escalator.services.delivery import bundles, sender
from escalator.services.delivery.outcomes import record_outcomes
from escalator.services.incidents import close_groups, escalation
from escalator.services.intake import process
from escalator.services.maintenance.jobs import run_jobs
from escalator.services.maintenance.sweep import sweep
from escalator.services.monitoring.undelivered import check_undelivered
from escalator.services.oncall.calendar_refresh import refresh_calendars
from escalator.services.outbound.bulkheads import Lane
from escalator.services.outbound.call import CallOutcome, OutboundCall
from escalator.services.responses import callbacks as hearing
from escalator.services.stream.carry_out import carry_out_calls
from escalator.settings import read_settings
from escalator.store import Database, audit_log
from escalator.store.event_writer import EventWriter
from escalator.store.tables import audit_records as record_table
from escalator.store.tables import (
    deliveries,
    endpoint_health,
    events,
    incidents,
    posted_messages,
    stream_calls,
    vendor_callbacks,
)
from escalator.stream.signature import sign
from tests.doubles.everybody import form_in
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_state import Fault, Message
from tests.fakes import FakeClock, RecordingQueue
from tests.scenarios.log import Log
from tests.scenarios.witness import Window, Witness
from tests.stream.bodies import ITEM_ID, MESSAGE_ID, stored
from web.app import create_app

POLICY = Path(__file__).with_name("policy.yml")
STREAM_KEY, STREAM_SECRET, SLACK_SECRET = "stream-key", "stream-secret", "slack-signing-secret"
LEASE_ENDS = timedelta(seconds=6, milliseconds=1)


_WORK = {
    PROCESS_CALLBACKS: hearing.process_callbacks,
    CALL_STREAM: carry_out_calls,
    CLOSE_GROUPS: close_groups.close_ended_groups,
    DELIVER: sender.send_all_due,
}


class InlineOutlet:
    """Sender threads that are always free, and whose work is done at once: what is written is sent by who wrote it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def take(self, lane: Lane) -> bool:
        return True

    def release(self, lanes: Iterable[Lane]) -> None:
        pass

    def send(self, claimed: Sequence[OutboundCall]) -> None:
        if claimed:
            record_outcomes(self._core, [CallOutcome(one, sender.send_call(self._core, one)) for one in claimed])


class _Sender:
    """Sender threads that are never asked: the scenario does their work itself."""

    def wake(self) -> None:
        pass


class Harness(Witness):
    """One installation. People are named by their keys in the policy; `#1001` is the first incident."""

    def __init__(self, database_url: str, slack: SlackDouble, folder: Path, log: Log) -> None:
        super().__init__(slack, log)
        self.folder = folder
        self.clock, self.queue = FakeClock(), RecordingQueue()
        self.policy_file = folder / "escalation.yml"
        self.database_url = database_url

    def start(self, policy: Path | str = POLICY, mode: str = "production", **environment: str) -> "Harness":
        """Start, or start again with another environment, as a deployment does; the clock and Slack go on."""
        if policy:
            self.policy_file.write_text(policy.read_text() if isinstance(policy, Path) else policy)
        known = {
            "DATABASE_URL": self.database_url,
            "ESCALATOR_POLICY": str(self.policy_file),
            "ESCALATOR_VAR": str(self.folder),
            "ESCALATOR_MODE": mode,
            "SECRET_KEY": "secret-key",
            "SLACK_BOT_TOKEN": self.slack.token,
            "SLACK_SIGNING_SECRET": SLACK_SECRET,
            "SLACK_API_URL": self.slack.url,
            "STREAM_API_KEY": STREAM_KEY,
            "STREAM_API_SECRET": STREAM_SECRET,
        }
        self.stop()
        self.core = build(read_settings(known | environment), clock=self.clock, queue=self.queue)
        self.core.policies.offer(self.core.database)
        self.app = create_app(self.core)
        self.tidy()
        return self

    def stop(self) -> None:
        """End the process; what it knew only in memory is gone."""
        if hasattr(self, "core"):
            self.core.database.close()

    # What the world does.

    def post(self, name: str, /, *, item: int = 1, encoding: str = "rfc3339", **changes: object) -> TestResponse:
        """Let Stream send a stored sample, about the given item, with changes merged in; the workers then work."""
        return self.send(self.sample(name, item=item, encoding=encoding, **changes))

    def sample(self, name: str, /, *, item: int = 1, encoding: str = "rfc3339", **changes: object) -> bytes:
        """Return a stored sample as Stream would send it."""
        text = stored(name, encoding).decode()
        if item > 1:
            text = text.replace(ITEM_ID, f"{ITEM_ID[:-2]}{item:02}").replace(MESSAGE_ID, f"{MESSAGE_ID[:-2]}{item:02}")
        return json.dumps(_merged(json.loads(text), changes)).encode()

    def send(self, body: bytes, *, is_working: bool = True, **headers: str) -> TestResponse:
        """Let Stream send these bytes, signed unless the headers say otherwise."""
        signed = {"X-Api-Key": STREAM_KEY, "X-Signature": sign(body, STREAM_SECRET), "X-Webhook-Id": "w-1"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.app.test_client().post("/webhooks/stream", data=body, headers=signed | given)
        if is_working:
            self.work()
        return answer

    def click(self, person: str, label: str, *, on: Message, is_working: bool = True, **odd: str) -> TestResponse:
        """Let somebody press a button of a message; `odd` is another Slack id, team or signing secret."""
        user = odd.get("user", f"U0{person.upper()}")
        body = self.slack.click(on, label, user, team=odd.get("team", "T0DOUBLE"))
        payload = json.loads(parse_qs(body.decode())["payload"][0])
        self.clicked(payload["response_url"], person)
        return self.interact(body, secret=odd.get("secret", SLACK_SECRET), is_working=is_working)

    def submit(self, person: str, window: Window, outcome: str, reference: str = "") -> TestResponse:
        """Let somebody send the window that asks how it ended."""
        values = {
            "outcome": {"outcome": {"type": "static_select", "selected_option": {"value": outcome}}},
            "reference": {"reference": {"type": "plain_text_input", "value": reference or None}},
        }
        payload = {
            "type": "view_submission",
            "team": {"id": "T0DOUBLE"},
            "user": {"id": f"U0{person.upper()}", "team_id": "T0DOUBLE"},
            "view": {**window.view, "id": "V1", "state": {"values": values}},
        }
        return self.interact(urlencode({"payload": json.dumps(payload)}).encode())

    def interact(self, body: bytes, *, secret: str = SLACK_SECRET, is_working: bool = True) -> TestResponse:
        """Let Slack send a form, signed."""
        headers = sign_callback(body, secret, self.clock.now())
        answer = self.app.test_client().post(
            "/slack/interactions", data=body, headers=headers, content_type="application/x-www-form-urlencoded"
        )
        if is_working:
            self.work()
        return answer

    def hear(self, vendor: str, told: tuple[bytes, Mapping[str, str]], *, is_working: bool = True) -> TestResponse:
        """Let PagerDuty or Jira tell what was done there."""
        body, headers = told
        answer = self.app.test_client().post(f"/webhooks/{vendor}", data=body, headers=dict(headers))
        if is_working:
            self.work()
        return answer

    def answer_link(self, path: str) -> TestResponse:
        """Let the reader of a mail follow its link and press the button there."""
        browser = self.app.test_client()
        place, said = form_in(browser.get(path).text)
        answer = browser.post(place, data=said)
        self.work()
        return answer

    @contextmanager
    def slack_down(self, **how: object) -> Iterator[None]:
        """Let every call to Slack fail, with a 503 unless told otherwise."""
        self.slack.next_fault = lambda _method: Fault(**({"status": 503} | how))
        try:
            yield
        finally:
            del self.slack.next_fault

    def change_policy(self, old: str, new: str) -> None:
        """Change the file, as an editor does; the sweep notices."""
        text = self.policy_file.read_text()
        assert old in text
        self.policy_file.write_text(text.replace(old, new))
        self.core.policies.offer(self.core.database)
        self.work()

    # What the workers do.

    def work(self) -> None:
        """Do what the workers have been told there is to do."""
        has_rung = self.queue.ring(self.clock.now())
        while (told := self.queue.take()) or has_rung:
            if has_rung:
                escalation.fire_scheduled(self.core)
            if PROCESS_EVENTS in told:
                while process.process_events(self.core) == process.BATCH:
                    pass
            for work, do in _WORK.items():
                if work in told:
                    do(self.core)
            has_rung = self.queue.ring(self.clock.now())

    def sweep(self) -> None:
        """Do all that is due now, as alarms and sweeps make the workers do."""
        while escalation.fire_due(self.core):
            pass
        while process.process_events(self.core):
            pass
        hearing.process_callbacks(self.core)
        carry_out_calls(self.core)
        bundles.bundle_waiting_pages(self.core)
        while sender.send_all_due(self.core):
            pass
        self.work()

    def sweep_once(self) -> None:
        """Do one round of the sweep that every worker does, a moment from now."""
        self.clock.move(seconds=2)
        sweep(self.core, _Sender())
        self.sweep()

    def fast_forward(self, **span: float) -> None:
        """Move the clock from one due instant to the next, doing what is due at each."""
        until = self.clock.now() + timedelta(**span)
        while (at := self._next_instant()) is not None and at <= until:
            self.clock.move_to(at)
            self.sweep()
        self.clock.move_to(until)
        self.sweep()

    def tidy(self) -> None:
        """Do the housekeeping that is due."""
        check_undelivered(self.core)
        run_jobs(self.core)

    def read_calendars(self) -> None:
        """Refresh the calendars that are due, and tell whom that makes the workers tell."""
        refresh_calendars(self.core)
        self.sweep()

    def _next_instant(self) -> datetime | None:
        now = self.clock.now()
        asked = (
            select(func.min(incidents.c.due_at)).where(incidents.c.due_at > now),
            select(func.min(incidents.c.next_attempt_at)).where(
                incidents.c.next_attempt_at > now, incidents.c.due_at.is_not(None)
            ),
            select(func.min(events.c.next_at)).where(events.c.next_at > now, events.c.state == "new"),
            select(func.min(vendor_callbacks.c.next_attempt_at)).where(
                vendor_callbacks.c.next_attempt_at > now, vendor_callbacks.c.state == "new"
            ),
            select(func.min(deliveries.c.next_attempt_at)).where(
                deliveries.c.next_attempt_at > now, deliveries.c.state == "pending"
            ),
            select(func.min(stream_calls.c.next_attempt_at)).where(
                stream_calls.c.next_attempt_at > now, stream_calls.c.state.in_(["proposed", "new", "unknown"])
            ),
            select(func.min(endpoint_health.c.paused_until)).where(endpoint_health.c.paused_until > now),
            select(func.min(posted_messages.c.next_attempt_at)).where(
                posted_messages.c.next_attempt_at > now,
                posted_messages.c.shown_revision < posted_messages.c.wanted_revision,
            ),
        )
        claimed = select(func.min(deliveries.c.claimed_at)).where(
            deliveries.c.claimed_at > now - LEASE_ENDS, deliveries.c.state == "sending"
        )
        with self.core.database.reading() as connection:
            found = [connection.scalar(question) for question in asked]
            lost = connection.scalar(claimed)
        return min((at for at in (*found, lost and lost + LEASE_ENDS) if at is not None), default=None)

    # What the database says.

    def incident(self, number: int = 1001) -> Mapping[str, object]:
        """Return an incident's row."""
        with self.core.database.reading() as connection:
            return connection.execute(select(incidents).where(incidents.c.number == number)).one()._mapping

    def records(self, *actions: str) -> list[Mapping[str, object]]:
        """Return the records with these actions (all, without any), the oldest first."""
        with self.core.database.reading() as connection:
            rows = connection.execute(
                select(record_table).order_by(record_table.c.recorded_at, record_table.c.id)
            ).all()
        found = [{**row._mapping, "after": json.loads(row.after)} for row in rows]
        return [row for row in found if not actions or row["action"] in actions]

    def count(self, table: object, **values: object) -> int:
        """Return how many rows of a table have these values."""
        question = select(func.count()).select_from(table)
        for name, value in values.items():
            question = question.where(table.c[name] == value)
        with self.core.database.reading() as connection:
            return connection.scalar(question)

    def finish(self) -> None:
        """End the scenario: nothing unexpected, no error, no broken invariant, and a chain of records that holds."""
        self.expect_nothing()
        self.clock.move(seconds=140)
        self.tidy()
        self.clock.move(seconds=10)
        run_jobs(self.core)
        errors = self.unexpected_errors()
        assert not errors, errors
        with self.core.database.reading() as connection:
            assert audit_log.count_unchained(connection) == 0
            assert follow_chain(audit_log.chained_records(connection)).misfit is None


def use_database(core: Core, database: Database) -> None:
    """Let a process use another database, as when its own is away."""
    core.database, core.event_writer = database, EventWriter(database)


def _merged(body: object, changes: Mapping[str, object]) -> object:
    """Return a body with changes merged into it, key by key."""
    assert isinstance(body, dict)
    inner = {
        name: _merged(body[name], value) if isinstance(value, dict) and isinstance(body.get(name), dict) else value
        for name, value in changes.items()
    }
    return body | inner
