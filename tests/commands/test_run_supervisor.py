"""The supervisor with parts that are only a few lines long."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from escalator.commands.run_child import BACK_OFF_S
from escalator.commands.run_plan import Part, Plan
from tests.commands.conftest import ROOT
from tests.commands.running import PATIENCE_S, eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@pytest.fixture
def supervised(tmp_path):
    """Start a supervisor over these parts; it writes what it says to a file."""
    started = []

    def start(*parts: Part, script: str = "exec", preparation: tuple[str, ...] = python("print('page')")):
        lock, said = tmp_path / "lock", tmp_path / "said"
        plan = Plan(parts, {"MARK": "told"}, "", "127.0.0.1", 1, preparation)
        lock.write_text(plan.to_json())
        command = f'{script} "{sys.executable}" -m escalator.commands.run_supervisor 3 3<"{lock}" >"{said}" 2>&1'
        started.append(subprocess.Popen(["sh", "-c", command], cwd=ROOT, start_new_session=True))
        return started[-1], said

    yield start
    for process in started:
        process.kill()
        process.wait()


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def number(path: Path) -> int:
    return int(eventually(lambda: path.exists() and path.read_text().strip()))


def test_a_part_is_told_its_environment_and_what_it_shouts_is_shown(supervised):
    _process, said = supervised(Part("web", python("import os; print(os.environ['MARK'], flush=True); input")))
    eventually(lambda: "web    | told" in said.read_text())


def test_a_part_that_fails_says_why_and_is_tried_again_ever_later(supervised):
    _process, said = supervised(Part("web", python("raise SystemExit('no socket')")))
    eventually(lambda: "restarting in 1.0 s." in said.read_text())
    lines = [line for line in said.read_text().splitlines() if line]
    assert lines[:6] == [
        line
        for wait in ("at once", "in 0.5 s", "in 1.0 s")
        for line in ("web    | no socket", f"web ended (exit code 1); restarting {wait}.")
    ]


def test_the_wait_between_two_tries_is_bounded():
    assert list(BACK_OFF_S) == sorted(BACK_OFF_S)
    assert (BACK_OFF_S[0], BACK_OFF_S[-1]) == (0, 5)


def test_a_program_that_is_not_there_is_told_and_tried_again(supervised):
    _process, said = supervised(Part("web", ("/no/such/program",)))
    eventually(lambda: said.read_text().count("cannot be started (No such file or directory)") >= 2)


def test_web_may_begin_and_the_worker_is_started_once_the_database_is_prepared(supervised, tmp_path):
    mark = tmp_path / "prepared"
    web = python(f"import os, sys; sys.stdin.read(); print('web', os.path.exists('{mark}'), flush=True); input")
    worker = python(f"import os; print('worker', os.path.exists('{mark}'), flush=True)")
    preparation = python(f"import time; time.sleep(0.5); open('{mark}', 'w')")
    _process, said = supervised(Part("web", web), Part("worker", worker), preparation=preparation)
    eventually(lambda: "web    | web True" in said.read_text() and "worker | worker True" in said.read_text())
    assert "False" not in said.read_text()


def test_a_database_that_cannot_be_prepared_ends_everything(supervised):
    waiting = Part("web", python("import sys; sys.stdin.read(); print('it serves', flush=True)"))
    worker = Part("worker", python("print('it works', flush=True)"))
    process, said = supervised(waiting, worker, preparation=python("raise SystemExit('Error: no database')"))
    assert process.wait(PATIENCE_S) == 1
    assert said.read_text() == "Error: no database\n"


def test_it_ends_while_the_database_is_being_prepared(supervised, tmp_path):
    pid = tmp_path / "pid"
    preparation = python(f"import os, signal; open('{pid}', 'w').write(str(os.getpid()))\nsignal.pause()")
    process, _said = supervised(Part("web", python("input()")), preparation=preparation)
    preparing = number(pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    assert not alive(preparing)


def test_a_part_that_does_not_end_is_killed(supervised, tmp_path):
    pid = tmp_path / "pid"
    deaf = (
        f"import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('{pid}', 'w').write(str(os.getpid()))"
    )
    process, _said = supervised(Part("web", python(f"{deaf}\nwhile True: signal.pause()")))
    part = number(pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    assert not alive(part)


def test_what_a_killed_part_leaves_behind_is_killed(supervised, tmp_path):
    pid = tmp_path / "pid"
    code = f"import os, signal; os.fork() or open('{pid}', 'w').write(str(os.getpid()))\nsignal.pause()"
    process, _said = supervised(Part("web", python(code)))
    orphan = number(pid)
    parent = int(Path(f"/proc/{orphan}/stat").read_text().rpartition(")")[2].split()[1])
    assert parent != process.pid
    subprocess.run(["kill", "-KILL", str(parent)], check=True)
    eventually(lambda: not alive(orphan))


def test_a_child_that_was_there_before_is_left_alone(supervised, tmp_path):
    pid = tmp_path / "pid"
    process, said = supervised(Part("web", python("raise SystemExit(1)")), script=f'sleep 60 & echo $! > "{pid}"; exec')
    stranger = number(pid)
    eventually(lambda: said.read_text().count("web ended") >= 2)
    assert alive(stranger)
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE_S)
    assert alive(stranger)
    subprocess.run(["kill", "-KILL", str(stranger)], check=True)
