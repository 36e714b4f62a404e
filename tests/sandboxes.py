"""A sandbox on a database of its own, with a clock that stands still until it is told to go on."""

from importlib.resources import files
from uuid import uuid4

from escalator.bootstrap import build
from escalator.services.delivery.sender import send_all_due
from escalator.services.incidents.escalation import fire_due
from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.settings import read_settings
from escalator.stream.samples import sample
from escalator.stream.signature import sign
from tests.fakes import FakeClock, RecordingQueue


def demo_policy():
    """The text of the policy that `run` uses when there is none."""
    return files("escalator.policy").joinpath("demo.yml").read_text(encoding="utf-8")


def a_core(database_url, folder, *, policy=None, **env):
    """A wired process on this database that runs the demo policy, or the text of another."""
    file = folder / "escalation.yml"
    file.write_text(policy or demo_policy(), encoding="utf-8")
    values = {
        "DATABASE_URL": database_url,
        "ESCALATOR_POLICY": str(file),
        "ESCALATOR_VAR": str(folder / "var"),
        "SECRET_KEY": "a-secret-of-the-tests",
    }
    core = build(read_settings(values | env), clock=FakeClock(), queue=RecordingQueue())
    core.policies.offer(core.database)
    return core


def alert(core, name="threat"):
    """Let a sample in by Stream's door and tell everybody whom its first step names; return how many calls that were.

    Unlike the sandbox's own button it may do so in any mode.
    """
    with core.database.reading() as connection:
        source = next(iter(core.policies.required(connection).policy.sources.values()))
    body, secret = sample(name, core.clock.now(), lambda: str(uuid4())), core.expand(source.api_secrets[0])
    WebhookReceiver(core).receive(WebhookRequest(body, core.expand(source.api_key), sign(body, secret), str(uuid4())))
    process_events(core)
    return send_all_due(core)


def go_on(core, **span):
    """Let time pass, fire what is due then, and tell whom that names; return how many calls that were."""
    core.clock.move(**span)
    fire_due(core)
    return send_all_due(core)
