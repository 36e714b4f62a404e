"""A command line in a folder of its own, and an installation that has lived through one alert."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from escalator.bootstrap import build
from escalator.commands import main
from escalator.commands.policy_file import DEMO
from escalator.services.core.context import Core
from escalator.services.delivery.sender import send_all_due
from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.settings import from_environment
from escalator.store import audit_log
from escalator.stream.samples import sample
from escalator.stream.signature import sign
from tests.doubles.stream import StreamDouble
from tests.policy.files import MINIMAL

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "fixtures" / "stream" / "rfc3339"
EXAMPLE = ROOT / "tests" / "policy" / "example.yml"

Cli = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the commands stand in."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def cli(folder: Path) -> Cli:
    def run(*arguments: object, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(main, [str(one) for one in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def core(folder: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Core:
    """An installation on the demo policy: database and keys are there, nothing has happened yet."""
    for name, value in {
        "DATABASE_URL": sqlite_url,
        "SECRET_KEY": "of the tests",
        "ESCALATOR_POLICY": str(DEMO),
    }.items():
        monkeypatch.setenv(name, value)
    made = build(from_environment())
    made.policies.offer(made.database)
    return made


@pytest.fixture
def alerted(core: Core) -> Core:
    """The installation after one threat, told in the sandbox, every record of it sealed."""
    body = sample("threat", core.clock.now(), lambda: str(uuid4()))
    WebhookReceiver(core).receive(WebhookRequest(body, "demo-key", sign(body, "demo-secret"), ""))
    process_events(core)
    send_all_due(core)
    seal(core)
    return core


@pytest.fixture
def stream_app(core: Core, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StreamDouble]:
    """An app of Stream, and an installation whose only source it is."""
    policy = MINIMAL.replace("key, api_secret: secret", '"${KEY}", api_secret: "${SECRET}"')
    (folder / "escalation.yml").write_text(policy)
    with StreamDouble() as double:
        for name, value in {
            "ESCALATOR_POLICY": "escalation.yml",
            "ESCALATOR_BASE_URL": "https://escalator.example.com",
            "STREAM_API_URL": double.origin,
            "KEY": double.key,
            "SECRET": double.secret,
        }.items():
            monkeypatch.setenv(name, value)
        yield double


def seal(core: Core) -> None:
    with core.database.writing() as connection:
        audit_log.chain_new(connection, core.clock.now(), 1000)
