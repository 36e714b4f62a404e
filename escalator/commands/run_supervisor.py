"""The supervisor of `run`: starts the parts, restarts what ends, and ends everything when it ends.

It uses only the standard library, so that it needs little memory, and has one thread, because on Linux the parts end
with the thread that started them.
"""

import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from math import inf
from pathlib import Path
from select import PIPE_BUF, select
from time import monotonic
from types import FrameType

from escalator.commands.run_child import Child, Files, adopt_orphans
from escalator.commands.run_plan import Plan
from escalator.commands.run_preparation import Preparation

BROKER, WORKER = "broker", "worker"
STOP_S = 8.0
BROKER_STOP_S = 1.0
_BROKER_START_S = 5.0
_WEB_START_S = 60.0
_TICK_S = 0.05
_IDLE_S = 1.0
_ANSWER_S = 0.3
_CHUNK = 65_536
_STDOUT = 1
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Keeps the parts of a plan running until a signal ends it."""

    def __init__(self, plan: Plan, lock: int) -> None:
        environment = {**os.environ, **plan.environment}  # noqa: TID251  # handed down as it is, not read
        self._plan = plan
        self._strangers = _children_of_ours()
        self._preparation = Preparation(plan.preparation, environment, lock)
        files = Files(lock, self._preparation.gate)
        self._children = [Child(part, environment, files, is_verbose=plan.is_verbose) for part in plan.parts]
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._is_ending = False

    def run(self) -> int:
        """Start everything, and return the exit code when everything has ended."""
        self._listen_to_signals()
        self._start_all(lambda child: child.name != WORKER)
        page = self._prepared()
        if page is not None:
            if self._plan.broker_socket:
                self._await(self._broker_answers, _BROKER_START_S)
            self._start_all(lambda child: child.name == WORKER)
            if self._await(self._web_answers, _WEB_START_S):
                say(*page)
            while not self._is_ending:
                self._turn(_IDLE_S)
            say("Ending.")
        has_failed, self._is_ending = not self._is_ending, True
        self._end([child for child in self._children if child.name != BROKER], STOP_S)
        self._end(self._children, BROKER_STOP_S)
        return int(has_failed)

    def _start_all(self, is_due: Callable[[Child], bool]) -> None:
        for child in filter(is_due, self._children):
            self._start(child)

    def _prepared(self) -> tuple[str, ...] | None:
        """Return the first page once the database is prepared; None if that failed, or if everything is to end."""
        if not self._await(self._preparation.has_ended, inf):
            self._preparation.stop()
            return None
        return self._preparation.page()

    def _listen_to_signals(self) -> None:
        """Let every signal wake the loop at once, also SIGCHLD."""
        for end in (self._woken, self._waker):
            os.set_blocking(end.fileno(), False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in _ENDINGS:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._note_ending)

    def _note_ending(self, _number: int, _frame: FrameType | None) -> None:
        self._is_ending = True

    def _start(self, child: Child) -> None:
        if self._is_ending:
            return
        try:
            child.start()
        except OSError as error:
            say(f"{child.name} cannot be started ({error.strerror}); trying again {child.when()}.")
        if child.output is not None:
            self._selector.register(child.output, selectors.EVENT_READ, child)

    def _await(self, question: Callable[[], bool], limit_s: float) -> bool:
        """Return whether `question` became true before the limit; the loop goes on meanwhile."""
        until = monotonic() + limit_s
        while not self._is_ending and monotonic() < until:
            if question():
                return True
            self._turn(_TICK_S)
        return False

    def _broker_answers(self) -> bool:
        return _response_start(self._plan.broker_socket, b"PING\r\n").startswith(b"+PONG")

    def _web_answers(self) -> bool:
        request = b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"
        return b" 200 " in _response_start((self._plan.host, self._plan.port), request)[:20]

    def _turn(self, timeout_s: float) -> None:
        """Show output of the parts, note ended ones, and restart what is due."""
        due = [child.due_at for child in self._children if child.due_at is not None and not self._is_ending]
        for key, _events in self._selector.select(max(0.0, min([timeout_s, *(at - monotonic() for at in due)]))):
            if key.data is None:
                _read(self._woken.fileno())
            else:
                self._show_output(key.data)
        for child in self._children:
            self._note_exit(child)
            if child.due_at is not None and child.due_at <= monotonic():
                self._start(child)
        self._kill_orphans()

    def _kill_orphans(self) -> None:
        """Kill processes that an ended part has left behind, such as the workers of a gunicorn that was killed.

        Children of this process from before it became the supervisor (of a shell script, for example) are not ours.
        """
        ours = {self._preparation.pid, *(child.pid for child in self._children)}
        for pid in _children_of_ours() - self._strangers - ours:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)

    def _show_output(self, child: Child) -> None:
        """Show the output of a part, while it is not shutting down."""
        if child.output is None:
            return
        data = _read(child.output.fileno())
        if data == b"":
            self._selector.unregister(child.output)
        elif data and (not self._is_ending or self._plan.is_verbose):
            say(*child.output_filter.feed(data))

    def _note_exit(self, child: Child) -> None:
        """Note that a part has ended, and show its last output."""
        output = child.output
        code = child.ended()
        if code is None or output is None:
            return
        if output.fileno() in self._selector.get_map():
            data = _read(output.fileno()) or b""
            self._selector.unregister(output)
            if not self._is_ending:
                say(*child.output_filter.feed(data), *child.output_filter.flush(is_of_interest=code > 0))
        output.close()
        if not self._is_ending:
            say(f"{child.name} ended ({_how(code)}); restarting {child.when()}.")

    def _end(self, children: Collection[Child], limit_s: float) -> None:
        """Send SIGTERM to these; kill those that have not ended in time."""
        for child in children:
            child.send(signal.SIGTERM)
        until = monotonic() + limit_s
        while any(child.pid for child in children):
            self._turn(_TICK_S)
            if monotonic() > until:
                for child in children:
                    child.send(signal.SIGKILL)


def say(*lines: str) -> None:
    """Print lines. Where nobody reads them they are dropped: nothing may block the supervisor."""
    for line in lines:
        data = f"{line}\n".encode(errors="replace")
        with suppress(OSError):
            for start in range(0, len(data), PIPE_BUF):
                if select([], [_STDOUT], [], 0)[1]:
                    os.write(_STDOUT, data[start : start + PIPE_BUF])


def _children_of_ours() -> frozenset[int]:
    """Return every child of this process that is in its group (Linux; elsewhere none)."""
    with suppress(OSError):
        pids_text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
        return frozenset(pid for pid in map(int, pids_text.split()) if os.getpgid(pid) == os.getpgrp())
    return frozenset()


def _read(descriptor: int) -> bytes | None:
    """Return the available output: empty at the end, None when there is none now."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None


def _response_start(address: str | tuple[str, int], question: bytes) -> bytes:
    """Return the beginning of a server's answer, or empty bytes when it does not answer in time."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with suppress(OSError), socket.socket(family) as client:
        client.settimeout(_ANSWER_S)
        client.connect(address)
        client.sendall(question)
        return client.recv(_CHUNK)
    return b""


def _how(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def main(lock: int) -> int:
    """Read the plan from the lock file, run it, and return the exit code."""
    with os.fdopen(os.dup(lock), encoding="utf-8") as file:
        file.seek(0)
        plan = Plan.from_json(file.read())
    adopt_orphans()
    return Supervisor(plan, lock).run()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
