"""How gunicorn serves the web process: `gunicorn --config python:web.gunicorn_config "web.app:create_app()"`.

Gunicorn reads the names below from this module (https://docs.gunicorn.org/en/stable/settings.html). Like celeryconfig,
it is configuration and so reads the environment at import; nothing else imports it.
"""

import ctypes
import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from select import select
from typing import Any

from escalator.settings import listen_address, raw_environment
from escalator.settings.startup import exit_if_misconfigured

_PR_SET_PDEATHSIG = 1
_STDIN = 0
_BEAT_S = 5.0
_runs_everything = os.environ.get("ESCALATOR_RUN") == "1"
_listening = exit_if_misconfigured(lambda: listen_address(raw_environment()))

bind = _listening.bind

worker_class = "gthread"
workers = _listening.workers
threads = 8

# A request takes at most 3 s or gets 503; a worker without a heartbeat for 30 s is replaced.
timeout = 30
# Heroku sends SIGKILL 30 s after SIGTERM; requests accepted by then are answered.
graceful_timeout = 20
# Longer than the 90 s after which Heroku's router closes an idle connection, so that we never close one that the
# router is just about to use (https://devcenter.heroku.com/articles/http-routing#keepalives).
keepalive = 100

# `on_starting` imports the code before the fork, except under `escalator run`. What the code creates (engine, sessions,
# threads, the process id) is created after the fork, in each worker.
preload_app = False
# A worker that restarts after so many requests would do so in the middle of an alert.
max_requests = 0

# The heartbeat file of a worker is in memory: with a slow disk gunicorn takes a living worker for a dead one.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True

# No access log: a line for every webhook adds nothing to the records, and addresses contain ids.
accesslog = None
errorlog = "-"

_REPLACED = "ESCALATOR_REPLACED_WORKERS"
_LISTENERS = "GUNICORN_FD"


def on_starting(_server: object) -> None:
    """Import the code once, so that a replaced worker answers at once.

    Pages that both processes write to are copied: 46 MB more, which the small machine of `escalator run` does not have.
    """
    if _runs_everything:
        return
    gc.disable()
    import_module("web.app")
    _keep_what_was_imported()


def on_reload(server: Any) -> None:
    """Execute gunicorn again in this process (SIGHUP), with new code and the same open port.

    Gunicorn's own reload would fork workers from the code imported at the start, its SIGUSR2 starts another process,
    unknown to systemd. The old workers serve until the new code has been imported. The port is
    found as after SIGUSR2 (https://docs.gunicorn.org/en/stable/signals.html#upgrading-to-a-new-binary-on-the-fly).
    """
    environment = {
        **server.cfg.env_orig,
        "GUNICORN_PID": str(os.getpid()),
        _LISTENERS: ",".join(str(listener.fileno()) for listener in server.LISTENERS),
        _REPLACED: ",".join(str(pid) for pid in server.WORKERS),
    }
    os.execvpe(sys.executable, sys.orig_argv, environment)  # noqa: S606  # it is what was started


def when_ready(_server: object) -> None:
    """Let the workers from before a reload finish their requests and end; new requests go to the new workers."""
    for pid in filter(None, os.environ.pop(_REPLACED, "").split(",")):
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGTERM)


def post_fork(_server: object, worker: Any) -> None:
    """Collect no garbage while the application is imported and created; until then there is none.

    A worker of `escalator run` dies with its arbiter, at once: otherwise it holds the port for seconds. It imports the
    application while the database is being prepared, and then waits for that.
    """
    gc.disable()
    if not _runs_everything:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL.value, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM):  # gunicorn listens to them later
        signal.signal(number, signal.SIG_DFL)
    import_module("web.app")
    while not select([_STDIN], [], [], _BEAT_S)[0]:  # it ends when the database is prepared
        worker.notify()


def post_worker_init(_worker: object) -> None:
    """Collect garbage from now on, but not among what stays for good."""
    _keep_what_was_imported()


def _keep_what_was_imported() -> None:
    gc.freeze()
    gc.enable()
