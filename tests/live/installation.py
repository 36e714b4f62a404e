"""A whole installation as it is deployed: gunicorn, Celery workers and their servers, started, stopped and killed.

No question here depends on how fast the machine is: what must come is waited for with much patience, and what must not
come is asked for only once nothing is under way any more.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar
from uuid import uuid4

import requests
from sqlalchemy import Connection, func, select, update

from escalator.bootstrap import build
from escalator.channels.slack.signature import sign_callback
from escalator.errors import Unavailable
from escalator.settings import read_settings
from escalator.store import key_values
from escalator.store.tables import audit_records as record_table
from escalator.store.tables import deliveries, events, incidents, posted_messages, processes
from escalator.stream.samples import sample
from escalator.stream.signature import sign
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_state import Message
from tests.live.fork_server import Forked, ForkServer
from tests.servers import PostgresServer, RedisServer, free_port

ROOT = Path(__file__).parent.parent.parent
POLICY = Path(__file__).with_name("policy.yml")
STREAM_KEY, STREAM_SECRET, SLACK_SECRET = "live-key", "live-secret", "slack-signing-secret"
PATIENCE_S = 120.0
ROOM, SENIORS = "C0ROOM", "C0SENIORS"
PREFORK = ("--concurrency=2",)
THREADS = ("--pool=threads", "--concurrency=4")
_FAULTS = ('"level": "error"', '"level": "critical"', "raised unexpected", "Exception in thread", "Exception ignored")
_NUMBER = re.compile(r"#(\d+)")
_LIST = re.compile(r"\d+ more alerts? ")

Json = dict[str, object]
Found = TypeVar("Found")


def wait_until(question: Callable[[], Found], what: str = "it", within_s: float = PATIENCE_S) -> Found:
    """Ask until the answer is something, and return it."""
    ends = time.monotonic() + within_s
    while not (found := question()):
        assert time.monotonic() < ends, f"waited {within_s:.0f} s in vain until {what}"
        time.sleep(0.03)
    return found


def event(label: str = "THREAT", language: str = "patient", **item: object) -> bytes:
    """Return a new event about a new item (unless given), with this label and language."""
    body = json.loads(sample("threat", datetime.now(UTC), lambda: str(uuid4())))
    flags = [{**flag, "labels": [label], "result": [{"label": label, "severity": "high"}]} for flag in body["flags"]]
    body["flags"] = flags
    body["review_queue_item"] |= {"languages": [language], "flags": flags, **item}
    return json.dumps(body).encode()


def number_in(text: str) -> int:
    """Return the number of the incident that a message's text names."""
    found = _NUMBER.search(text)
    assert found, text
    return int(found[1])


class Process:
    """One process with its children, in a group of its own; it dies with the test run, however the run ends."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.log = folder / f"{name}.log"
        if sys.platform == "linux":
            self._process: Forked | subprocess.Popen[bytes] = ForkServer.of_this_run().start(
                command, environment, folder, self.log
            )
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                (sys.executable, *command),
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process and its children at once, as a machine that dies does."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def kill_main(self) -> None:
        """End the process at once and leave its children to themselves; return when they have ended too."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def kill_child(self, chance: Random) -> None:
        """End one of its children at once, whichever it is."""
        children = children_of(self.pid)
        if children:
            os.kill(chance.choice(children), signal.SIGKILL)

    def stop(self) -> int:
        """Ask the process to end, as a deployment does, and return its exit code."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Return the exit code once the process and all its children have ended."""
        code = self._process.wait(PATIENCE_S)
        wait_until(lambda: not has_members(self.pid), "its children have ended")
        return code


def has_members(group: int) -> bool:
    """Whether a process of that group lives; one that has died and that nobody has buried yet does not."""
    if sys.platform == "linux":
        return any(_is_alive_in(group, stat) for stat in Path("/proc").glob("[0-9]*/stat"))
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def _is_alive_in(group: int, stat: Path) -> bool:
    with suppress(OSError):
        state, _parent, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        return int(its_group) == group and state != "Z"
    return False


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in found.splitlines()]
    return sorted(int(child) for child, parent in pairs if int(parent) == pid)


@contextmanager
def hanging(server: PostgresServer) -> Iterator[None]:
    """Let every process of a server hang: nothing is refused, and nothing is answered."""
    processes = [server.pid, *children_of(server.pid)]
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


class Installation:
    """The product on its servers. Its processes have names: `web`, `worker`, and any that a test adds."""

    def __init__(self, database_url: str, redis: RedisServer, slack: SlackDouble, folder: Path) -> None:
        self.redis, self.slack, self.folder = redis, slack, folder
        self.processes: dict[str, Process] = {}
        self.port = free_port()
        policy = folder / "escalation.yml"
        policy.write_text(POLICY.read_text())
        self.environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis.url,
            "ESCALATOR_POLICY": str(policy),
            "ESCALATOR_MODE": "production",
            "ESCALATOR_VAR": str(folder),
            "SECRET_KEY": "live-secret-key",
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_SIGNING_SECRET": SLACK_SECRET,
            "SLACK_API_URL": slack.url,
            # Nobody listens there: a test that needs Stream's queue brings a double.
            "STREAM_API_URL": "http://127.0.0.1:9",
            # Hundreds of messages go to one channel here, and the double has no limit of its own.
            "SLACK_PACE": "0",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }
        self.core = build(read_settings(self.environment))

    def use(self, policy: Path, **environment: str) -> None:
        """Take another policy and more of the environment; before anything is started."""
        Path(self.environment["ESCALATOR_POLICY"]).write_text(policy.read_text())
        self.environment |= environment
        self.core.database.close()
        self.core = build(read_settings(self.environment))

    # Processes.

    def start(self, *how: str) -> None:
        """Start what the Procfile starts, and wait until events are taken and worked on."""
        self._start_worker("worker", *how)
        self._start_web()
        self._wait_for_web()
        self._wait_for_worker("worker")

    def start_web(self) -> None:
        """Start the web and wait until it takes events."""
        self._start_web()
        self._wait_for_web()

    def start_worker(self, name: str = "worker", *how: str) -> None:
        """Start a worker and wait until it sweeps."""
        self._start_worker(name, *how)
        self._wait_for_worker(name)

    def start_queue_reader(self, name: str) -> None:
        """Start a process that reads the queues of the policy."""
        self._start(name, ("-m", "escalator", "sqs"))

    def _start_web(self) -> None:
        self._start("web", ("-m", "web"))

    def _start_worker(self, name: str, *how: str) -> None:
        usual = ("--loglevel=INFO", "--without-gossip", "--without-mingle", f"--hostname={name}@%h")
        self._start(name, ("-m", "celery", "-A", "workers.app", "worker", *usual, *(how or PREFORK)))

    def _wait_for_web(self) -> None:
        wait_until(lambda: self.is_answered("/healthz"), "the web answers")

    def _wait_for_worker(self, name: str) -> None:
        wait_until(lambda: self.is_sweeping(name), f"{name} sweeps")

    def _start(self, name: str, module: Sequence[str]) -> None:
        assert name not in self.processes or not self.processes[name].is_running
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}
        self.processes[name] = Process(name, module, environment, self.folder)

    def run(self, *command: str) -> int:
        """Run a command of the product, and return its exit code."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}
        return subprocess.run(
            (sys.executable, "-m", "escalator", *command), cwd=self.folder, env=environment, capture_output=True
        ).returncode

    def is_sweeping(self, name: str) -> bool:
        process = self.processes[name]
        assert process.is_running, f"{name} has ended"
        return any(row["last_sweep_at"] for row in self.rows(processes, pid=process.pid))

    def is_answered(self, path: str) -> bool:
        assert self.processes["web"].is_running, "the web has ended"
        with suppress(requests.RequestException):
            return requests.get(self.url(path), timeout=5).status_code == 200
        return False

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def kill_all(self) -> None:
        """End every process of the product at once."""
        for process in self.processes.values():
            process.kill()

    def close(self) -> None:
        self.kill_all()
        self.core.database.close()

    def logs(self) -> str:
        """Return everything that the processes have said."""
        return "".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    def unfinished(self) -> str:
        """Return what the database says is not over yet, and who was alive when."""
        doubtful = {
            incidents: [row for row in self.rows(incidents) if row["due_at"] and row["due_at"] < self.now()],
            deliveries: [row for row in self.rows(deliveries) if row["state"] in {"pending", "sending", "failed"}],
            events: [row for row in self.rows(events) if row["state"] in {"new", "parked"}],
            processes: self.rows(processes),
        }
        said = [f"--- {table.name} at {self.now()}\n" for table in doubtful]
        kept = ["".join(f"{_without_bytes(row)}\n" for row in rows) for rows in doubtful.values()]
        return "".join(head + body for head, body in zip(said, kept, strict=True))

    def errors(self) -> list[str]:
        """Return the lines of the log that speak of a fault of ours; what Celery says of a dead process is none."""
        return [line for line in self.logs().splitlines() if any(words in line for words in _FAULTS)]

    # What the world does.

    def post(self, body: bytes, *, secret: str = STREAM_SECRET, timeout_s: float = 20) -> int:
        """Let Stream send these bytes, and return the status; 0 when there was no answer."""
        headers = {"X-Api-Key": STREAM_KEY, "X-Signature": sign(body, secret), "X-Webhook-Id": str(uuid4())}
        try:
            return requests.post(
                self.url("/webhooks/stream"), data=body, headers=headers, timeout=timeout_s
            ).status_code
        except requests.RequestException:
            return 0

    def deliver(self, body: bytes) -> None:
        """Let Stream send these bytes again and again until they are accepted."""
        wait_until(lambda: self.post(body) == 200, "an event is accepted")

    def click(self, person: str, label: str, message: Message, **button: object) -> int:
        """Let somebody press a button of a message, and return the status."""
        body = self.slack.click(message, label, f"U0{person.upper()}")
        return self.send_click(body)

    def send_click(self, body: bytes) -> int:
        """Let Slack send a click, signed."""
        headers = sign_callback(body, SLACK_SECRET, datetime.now(UTC))
        headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        return requests.post(self.url("/slack/interactions"), data=body, headers=headers, timeout=20).status_code

    # What somebody sees.

    def messages(self, channel: str = ROOM, number: int | None = None) -> list[Message]:
        """Return what has come to a channel about one incident, this one or any; lists are about many."""
        there = [one for one in self._there(channel) if not _LIST.search(one.first_text)]
        return [one for one in there if number is None or number_in(one.first_text) == number]

    def _there(self, channel: str) -> list[Message]:
        with self.slack.lock:
            return [message for message in self.slack.messages if message.channel == channel]

    def expect_messages(self, count: int, channel: str = ROOM, number: int | None = None) -> list[Message]:
        """Wait until a channel has been told so often, by messages or on lists; return the messages."""
        wait_until(
            lambda: sum(number in {None, one} for one in self.numbers_told(channel)) >= count,
            f"{channel} has been told {count} times",
        )
        return self.messages(channel, number)

    def numbers_told(self, channel: str = ROOM) -> list[int]:
        """Return the incidents of a channel's messages, sorted, with those that are on its lists.

        Whoever cannot keep up gets a list, and a slow machine cannot: what is on it, only the database says.
        """
        alone = [number_in(message.first_text) for message in self.messages(channel)]
        return sorted([*alone, *(self._numbers_listed(channel) if len(alone) < len(self._there(channel)) else [])])

    def _numbers_listed(self, channel: str) -> list[int]:
        return list(self.listed(channel))

    def listed(self, channel: str) -> dict[int, datetime]:
        """Return the incidents that a channel was told of by lists, and when."""
        told = self.rows(deliveries, address=channel, state="delivered")
        listed = {row["incident_id"]: row["delivered_at"] for row in told if row["bundle_id"]}
        return {row["number"]: listed[row["id"]] for row in self.rows(incidents) if row["id"] in listed}

    # What the database says.

    def rows(self, table: object, **values: object) -> list[Mapping[str, object]]:
        """Return the rows of a table that have these values."""
        question = select(table)
        for name, value in values.items():
            question = question.where(table.c[name] == value)
        return self._asked(lambda connection: [row._mapping for row in connection.execute(question)])

    def _asked(self, question: Callable[[Connection], Found]) -> Found:
        """Return what the database says, however long that takes."""
        ends = time.monotonic() + PATIENCE_S
        while True:
            try:
                with self.core.database.reading() as connection:
                    return question(connection)
            except Unavailable:
                assert time.monotonic() < ends, "the database does not answer"
                time.sleep(0.1)

    def bring_near(self, seconds: float) -> datetime:
        """Let every deadline be so soon, as if its path said so, and return when that is."""
        due_at = self.now() + timedelta(seconds=seconds)
        nearer = update(incidents).values(due_at=due_at, timer_set_for=None, fence=incidents.c.fence + 1)
        with self.core.database.writing() as connection:
            connection.execute(nearer.where(incidents.c.due_at.is_not(None)))
        return due_at

    def make_durable(self) -> None:
        """Let everything that is committed by now stand on the disk: a crash may forget the last half second."""
        with self.core.database.writing() as connection:
            key_values.save(connection, "flushed", "yes", self.now())

    def count(self, table: object, **values: object) -> int:
        return len(self.rows(table, **values))

    def queued(self, key: str) -> int:
        """Return how many messages a key of the broker holds: `escalator` waits, `unacked` is with workers."""
        with self.redis.client() as client:
            return client.hlen(key) if key == "unacked" else client.llen(key)

    def tasks_done(self, name: str, count: int) -> bool:
        """Whether workers have done a task at least so often."""
        return len(re.findall(rf"Task {name}\[.*\] succeeded", self.logs())) >= count

    def incident(self, number: int = 1001) -> Mapping[str, object]:
        [found] = self.rows(incidents, number=number)
        return found

    def records(self, *actions: str) -> list[Mapping[str, object]]:
        """Return the records with these actions, the oldest first."""
        chosen = select(record_table).where(record_table.c.action.in_(actions)).order_by(record_table.c.recorded_at)
        found = self._asked(lambda connection: connection.execute(chosen).all())
        return [{**row._mapping, "after": json.loads(row.after)} for row in found]

    def firings(self) -> list[tuple[object, str]]:
        """Return which step of which incident each firing was of, sorted."""
        fired = self.records("step.fired")
        return sorted((row["incident_id"], row["after"]["step"]) for row in fired)

    def now(self) -> datetime:
        """Return the present instant by the database's clock, which is this machine's."""
        return datetime.now(UTC)

    def wait_for(self, table: object, count: int, **values: object) -> None:
        """Wait until so many rows of a table have these values."""
        wait_until(lambda: self.count(table, **values) == count, f"{count} rows of {table} have {values}")

    def wait_until_idle(self) -> None:
        """Wait until nothing is to be processed, sent or brought up to date."""
        wait_until(self._is_idle, "nothing is under way")

    def _is_idle(self) -> bool:
        open_ones = (
            select(func.count()).select_from(events).where(events.c.state == "new"),
            select(func.count()).select_from(deliveries).where(deliveries.c.state.in_(["pending", "sending"])),
            select(func.count())
            .select_from(posted_messages)
            .where(posted_messages.c.shown_revision < posted_messages.c.wanted_revision),
            select(func.count()).select_from(incidents).where(incidents.c.due_at <= self.now()),
        )
        return self._asked(lambda connection: not any(connection.scalar(question) for question in open_ones))

    def wait_past(self, instant: datetime) -> None:
        """Wait until that instant is over by so much that every sweep has passed it, and nothing is under way."""
        wait_until(lambda: self._swept_at() > instant + timedelta(seconds=1), f"a sweep has passed {instant}")
        self.wait_until_idle()

    def _swept_at(self) -> datetime:
        swept_at = self._asked(lambda connection: connection.scalar(select(func.max(processes.c.last_sweep_at))))
        return swept_at or datetime.min.replace(tzinfo=UTC)


def _without_bytes(row: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in row.items() if value is not None and not isinstance(value, bytes)}
