"""A whole `escalator run`, as somebody at a terminal starts it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import requests

from tests.commands.conftest import ROOT

PROGRAMS = {"broker": "valkey-server", "worker": "-m workers", "web": "gunicorn"}
PATIENCE_S = 60


def eventually(question):
    """Return the first answer that is true; what cannot be asked yet is asked again."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with suppress(requests.RequestException, OSError):
            if answer := question():
                return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_S} s")


class Installation:
    """`escalator run` in a folder and a process group of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = folder / "said"
        self.port = 0
        self.process: subprocess.Popen | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "escalator", *arguments]

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": str(self.port)}

    def start(self) -> None:
        with self.said.open("wb") as file:
            self.process = subprocess.Popen(
                self.command("run"),
                cwd=self.folder,
                env=self.environment(),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        page = eventually(lambda: "Ctrl-C" in self.said.read_text() and self.said.read_text())
        self.port = int(page.split("http://127.0.0.1:")[1].split("/")[0])

    def get(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=20)

    def sample(self, name: str) -> None:
        done = subprocess.run(
            self.command("sample", name), cwd=self.folder, env=self.environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def told(self) -> set[int]:
        """Return the numbers of the incidents that somebody would have been told about."""
        return {message["incident"] for message in self.get("/sandbox.json").json()["messages"]}

    def processes(self) -> dict[int, str]:
        """Return the command lines of the group's processes that are not dead, by id."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                state, _parent, group = (path / "stat").read_text().rpartition(")")[2].split()[:3]
                if int(group) == self.process.pid and state != "Z":
                    found[int(path.name)] = (path / "cmdline").read_text().replace("\0", " ")
        return found

    def part(self, name: str) -> int | None:
        """Return the process of a part, if there is one: the oldest, whose children are its own affair."""
        return min((pid for pid, line in self.processes().items() if PROGRAMS[name] in line), default=None)

    def is_gone(self) -> bool:
        return self.process.poll() is not None and not self.processes()

    def end(self) -> None:
        if self.process is not None and not self.is_gone():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
