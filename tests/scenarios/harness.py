"""A whole installation without its brokers: the real services, doors and Slack channel, on a clock that is moved.

Whatever Slack is told must be expected by somebody: a scenario fails on any message, update, answer or window that
nobody waited for, on any error in the log, and on any broken invariant of the database.
"""

import io
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import structlog
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from escalator.bootstrap import build, configure_logging
from escalator.channels.slack.callbacks import sign_callback
from escalator.commands.audit import followed
from escalator.ports import DELIVER, PROCESS_EVENTS
from escalator.services import escalation, outbox, processing, sending
from escalator.services.calls import Outcome, ToSend
from escalator.services.core import Core
from escalator.services.housekeeping import keep
from escalator.settings import read_settings
from escalator.store import records
from escalator.store.tables import deliveries, destinations, events, incidents, posts
from escalator.store.tables import records as record_table
from escalator.stream.signature import sign
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_state import Fault, Message
from tests.fakes import START, FakeClock, RecordingQueue
from tests.stream.bodies import ITEM_ID, MESSAGE_ID, stored
from web.app import create_app

POLICY = Path(__file__).with_name("policy.yml")
STREAM_KEY, STREAM_SECRET, SLACK_SECRET = "stream-key", "stream-secret", "slack-signing-secret"
LEASE_ENDS = timedelta(seconds=6, milliseconds=1)

Json = dict[str, object]


class Log:
    """Everything that the product logs, as it is rendered."""

    def __init__(self) -> None:
        self._buffer = io.StringIO()

    @property
    def text(self) -> str:
        return self._buffer.getvalue()

    def lines(self, *levels: str) -> list[Json]:
        found = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in found if line["level"] in levels]

    @contextmanager
    def listening(self) -> Iterator["Log"]:
        before, root = structlog.get_config(), logging.getLogger()
        handler = logging.StreamHandler(self._buffer)
        handler.setFormatter(_AsJson())
        configure_logging(logging.DEBUG)
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(self._buffer))
        root.addHandler(handler)
        try:
            yield self
        finally:
            root.removeHandler(handler)
            structlog.configure(**before)


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = super().format(record)
        return json.dumps({"event": said, "level": record.levelname.lower(), "logger": record.name})


@dataclass(frozen=True)
class Window:
    """A window that somebody's click has opened."""

    person: str
    view: Json

    @property
    def text(self) -> str:
        return words_of(self.view)


class InlineOutlet:
    """Sender threads that are always free, and whose work is done at once: what is written is sent by who wrote it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def reserve(self, wanted: int) -> int:
        return wanted

    def send(self, claimed: Sequence[ToSend], reserved: int) -> None:
        assert len(claimed) <= reserved
        if claimed:
            outbox.finish(self._core, [Outcome(one, sending.send(self._core, one)) for one in claimed])


class Harness:
    """One installation. People are named by their keys in the policy; `#1001` is the first incident."""

    def __init__(self, database_url: str, slack: SlackDouble, folder: Path, log: Log) -> None:
        self.slack, self.log, self.folder = slack, log, folder
        self.clock, self.queue = FakeClock(), RecordingQueue()
        self.policy_file = folder / "escalation.yml"
        self.database_url = database_url
        self._seen: set[tuple[object, ...]] = set()
        self._clicked: dict[str, str] = {}
        self._expected_errors: list[str] = []

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
        self._clicked[payload["response_url"].removeprefix(self.slack.origin)] = person
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
                escalation.on_alarm(self.core)
            if PROCESS_EVENTS in told:
                while processing.process_events(self.core) == processing.BATCH:
                    pass
            if DELIVER in told:
                sending.deliver_all(self.core)
            has_rung = self.queue.ring(self.clock.now())

    def sweep(self) -> None:
        """Do all that is due now, as alarms and sweeps make the workers do."""
        while escalation.fire_due(self.core):
            pass
        while processing.process_events(self.core):
            pass
        while sending.deliver_all(self.core):
            pass
        self.work()

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
        keep(self.core)

    def _next_instant(self) -> datetime | None:
        now = self.clock.now()
        asked = (
            select(func.min(incidents.c.due_at)).where(incidents.c.due_at > now),
            select(func.min(incidents.c.next_at)).where(incidents.c.next_at > now, incidents.c.due_at.is_not(None)),
            select(func.min(events.c.next_at)).where(events.c.next_at > now, events.c.state == "new"),
            select(func.min(deliveries.c.next_at)).where(deliveries.c.next_at > now, deliveries.c.state == "pending"),
            select(func.min(destinations.c.not_before)).where(destinations.c.not_before > now),
            select(func.min(posts.c.next_at)).where(posts.c.next_at > now, posts.c.shown_rev < posts.c.want_rev),
        )
        claimed = select(func.min(deliveries.c.claimed_at)).where(
            deliveries.c.claimed_at > now - LEASE_ENDS, deliveries.c.state == "sending"
        )
        with self.core.database.reading() as connection:
            found = [connection.scalar(question) for question in asked]
            lost = connection.scalar(claimed)
        return min((at for at in (*found, lost and lost + LEASE_ENDS) if at is not None), default=None)

    # What somebody sees.

    def expect_message(self, channel: str, text: str, **how: object) -> Message:
        """A full message has come: to a channel, by its name or id."""
        return self._expect_post(self.slack.channel_id(channel), text, is_reply=False, **how)

    def expect_dm(self, person: str, text: str, **how: object) -> Message:
        """A full message has come to a person."""
        return self._expect_post(self.slack.channel_id(f"U0{person.upper()}"), text, is_reply=False, **how)

    def expect_reply(self, channel: str, text: str, **how: object) -> Message:
        """A reply has come that the whole channel hears, under the full message there; it has no buttons."""
        return self._expect_post(self.slack.channel_id(channel), text, is_reply=True, buttons=[], **how)

    def expect_dm_reply(self, person: str, text: str, **how: object) -> Message:
        """The same, to a person."""
        return self.expect_reply(f"U0{person.upper()}", text, **how)

    def _expect_post(self, channel: str, text: str, *, is_reply: bool, **how: object) -> Message:
        for place, message in enumerate(self.slack.messages):
            if ("message", place) in self._seen or message.channel != channel:
                continue
            if (message.thread_ts is not None) is not is_reply:
                continue
            assert message.first_text == text, self._unseen()
            assert message.reply_broadcast is is_reply
            self._seen.add(("message", place))
            check(message, **how)
            return message
        raise AssertionError(f"nothing in {channel}; unseen: {self._unseen()}")

    def expect_update(self, message: Message, text: str | None = None, **how: object) -> Message:
        """That message has been brought up to date, and shows this now."""
        for place, update in enumerate(message.updates):
            key = ("update", message.channel, message.ts, place)
            if key not in self._seen:
                self._seen.add(key)
                assert text is None or update["text"] == text, f"shows {update['text']!r}"
                check(message, **how)
                return message
        raise AssertionError(f"no update of {message.text!r}; unseen: {self._unseen()}")

    def expect_updates(self, *messages: Message, text: str | None = None, **how: object) -> None:
        """Each of these messages has been brought up to date, once."""
        for message in messages:
            self.expect_update(message, text, **how)

    def expect_answer(self, person: str, text: str) -> None:
        """A person has been told something that only they see."""
        told = []
        for place, response in enumerate(self.slack.responses):
            if ("response", place) not in self._seen and self._clicked.get(response["path"]) == person:
                told.append(response["body"]["text"])
                if response["body"]["text"] == text:
                    assert response["body"]["response_type"] == "ephemeral"
                    self._seen.add(("response", place))
                    return
        for place, message in enumerate(self.slack.ephemerals):
            if ("ephemeral", place) not in self._seen and message.user == f"U0{person.upper()}":
                told.append(message.text)
                if message.text == text:
                    self._seen.add(("ephemeral", place))
                    return
        raise AssertionError(f"{person} was told {told}")

    def expect_window(self, person: str, title: str) -> Window:
        """A window has opened for somebody."""
        for place, view in enumerate(self.slack.views):
            if ("view", place) not in self._seen:
                assert view["title"]["text"] == title
                self._seen.add(("view", place))
                return Window(person, view)
        raise AssertionError("no window")

    def expect_nothing(self) -> None:
        """Nothing has come that nobody has looked at."""
        unseen = self._unseen()
        assert not unseen, unseen

    def expect_error(self, event: str) -> None:
        """The log has an error of that name, and that is all right."""
        assert event in {str(line["event"]) for line in self.log.lines("error", "critical")}
        self._expected_errors.append(event)

    def forget_seen(self) -> None:
        """Look away: whatever has come until now is none of this scenario's business."""
        self._seen.update(key for key, _text in self._all())

    def _unseen(self) -> list[str]:
        return [text for key, text in self._all() if key not in self._seen]

    def _all(self) -> Iterator[tuple[tuple[object, ...], str]]:
        for place, message in enumerate(self.slack.messages):
            yield ("message", place), f"message in {message.channel}: {message.first_text}"
            for number, update in enumerate(message.updates):
                yield ("update", message.channel, message.ts, number), f"update in {message.channel}: {update['text']}"
        for place, response in enumerate(self.slack.responses):
            yield ("response", place), f"answer: {response['body']['text']}"
        for place, message in enumerate(self.slack.ephemerals):
            yield ("ephemeral", place), f"ephemeral to {message.user}: {message.text}"
        for place, view in enumerate(self.slack.views):
            yield ("view", place), f"window: {view['title']['text']}"

    # What the database says.

    def incident(self, number: int = 1001) -> Mapping[str, object]:
        """Return an incident's row."""
        with self.core.database.reading() as connection:
            return connection.execute(select(incidents).where(incidents.c.number == number)).one()._mapping

    def records(self, *actions: str) -> list[Mapping[str, object]]:
        """Return the records with these actions (all, without any), the oldest first."""
        with self.core.database.reading() as connection:
            rows = connection.execute(select(record_table).order_by(record_table.c.at, record_table.c.id)).all()
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
        for _ in range(2):
            self.clock.move(seconds=70)
            self.tidy()
        errors = [line for line in self.log.lines("error", "critical") if line["event"] not in self._expected_errors]
        assert not errors, errors
        with self.core.database.reading() as connection:
            assert records.count_unsealed(connection) == 0
            assert followed(records.sealed(connection)).misfit is None


def _merged(body: object, changes: Mapping[str, object]) -> object:
    """Return a body with changes merged into it, key by key."""
    assert isinstance(body, dict)
    inner = {
        name: _merged(body[name], value) if isinstance(value, dict) and isinstance(body.get(name), dict) else value
        for name, value in changes.items()
    }
    return body | inner


def check(
    message: Message,
    mentions: Iterable[str] | None = None,
    buttons: Iterable[str] | None = None,
    says: str | Iterable[str] = (),
    never: str | Iterable[str] = (),
) -> None:
    """Hold a message as it stands now to whom it mentions, its buttons, and what it says and does not say."""
    said = words_of(message.blocks)
    if mentions is not None:
        assert sorted(re.findall(r"<@U0([A-Z]+)>", said)) == sorted(key.upper() for key in mentions)
    if buttons is not None:
        assert message.labels == list(buttons)
    for words in [says] if isinstance(says, str) else says:
        assert words in said, said
    for words in [never] if isinstance(never, str) else never:
        assert words not in said, said


def words_of(part: object) -> str:
    """Return every text in a piece of Block Kit."""
    if isinstance(part, Mapping):
        return "\n".join(filter(None, (words_of(value) for name, value in part.items() if name != "value")))
    if isinstance(part, list | tuple):
        return "\n".join(filter(None, map(words_of, part)))
    return part if isinstance(part, str) else ""


def at_start(**span: float) -> datetime:
    """Return an instant after the clock's first."""
    return START + timedelta(**span)
