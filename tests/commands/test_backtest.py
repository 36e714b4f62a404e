"""`escalator backtest`."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from escalator.commands.policy_file import DEMO
from escalator.engine.actions import ActionRequest, apply_action
from escalator.model.incident import Verb
from escalator.services.incidents.apply import rules_for
from escalator.services.incidents.decision import Decision
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.store import incidents
from escalator.store.tables import events
from escalator.store.tables import incidents as incident_table
from escalator.stream.samples import sample
from escalator.stream.signature import sign

SLOWER = ("{after: 20s, notify: [team:senior-moderators", "{after: 40s, notify: [team:senior-moderators")
SILENT = ("routes:\n", "routes:\n  - {name: Let be, when: {category: threat}, path: silent}\n")
POLICIES = {"same.yml": (), "slower.yml": (SLOWER,), "silent.yml": (SILENT, ("paths:\n", "paths:\n  silent: []\n"))}


@pytest.fixture
def alerted(core, folder):
    """A threat has come, and Ana has taken it 30 s later; beside it lie three policies."""
    for name, changes in POLICIES.items():
        text = DEMO.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (folder / name).write_text(text)
    threaten(core)
    acknowledge(core, timedelta(seconds=30))
    return core


def threaten(core):
    body = sample("threat", core.clock.now(), lambda: str(uuid4()))
    WebhookReceiver(core).receive(WebhookRequest(body, "demo-key", sign(body, "demo-secret"), ""))
    process_events(core)


def acknowledge(core, after):
    with unit_of_work(core) as work:
        running = core.policies.running(work.connection)
        [one] = incidents.lock(
            work.connection, work.connection.scalars(select(incident_table.c.id)), core.seal
        ).values()
        act = ActionRequest(Verb.ACKNOWLEDGE, running.policy.people["ana"], "slack")
        now = one.opened_at + after
        work.apply(
            [Decision(one, apply_action(act, one, rules_for(core, work.connection, one, running), now))], running, now
        )


def test_a_policy_does_not_differ_from_itself(cli, alerted):
    result = cli("backtest", "same.yml", "same.yml")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 incidents since ")
    assert result.stdout.endswith("No difference: everybody would have been notified the same.\n")


def test_a_later_step_is_one_that_the_answer_spares_somebody(cli, alerted):
    result = cli("backtest", "same.yml", "slower.yml", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    [one] = found["differences"]
    assert (one["number"], one["old"]["category"], one["old"]["route"]) == (1001, "threat", "Urgent harms")
    spared = {told["to"] for told in one["old"]["told"]} - {told["to"] for told in one["new"]["told"]}
    assert "pager" in spared
    counts = {row["to"]: (row["old"], row["new"]) for row in found["notifications"]}
    assert counts["pager"] == (1, 0)
    assert counts["critical-alerts"] == (1, 1)


def test_what_would_have_reached_nobody_is_said(cli, alerted):
    result = cli("backtest", "same.yml", "silent.yml")
    assert result.exit_code == 1
    assert "#1001  high threat by Urgent harms -> high threat by Let be" in result.stdout
    assert "      notified after:  nobody\n" in result.stdout
    assert "  critical-alerts  1 -> 0 (-1)\n" in result.stdout
    assert "Notified nobody: 0 -> 1\n  newly: #1001\n" in result.stdout


def test_versions_are_named_by_their_hash(cli, alerted):
    sha256 = cli("policy", "history").stdout.split()[4]
    assert cli("backtest", sha256, "same.yml").exit_code == 0
    assert cli("backtest", sha256, "slower.yml").exit_code == 1


def test_content_is_never_shown(cli, alerted):
    shown = (
        cli("backtest", "same.yml", "silent.yml").stdout + cli("backtest", "same.yml", "silent.yml", "--json").stdout
    )
    assert "I know where you live" not in shown
    assert "user-42" not in shown


def test_what_is_older_is_not_looked_at(cli, alerted, monkeypatch):
    with alerted.database.writing() as connection:
        connection.execute(update(incident_table).values(opened_at=alerted.clock.now() - timedelta(days=2)))
    assert cli("backtest", "same.yml", "silent.yml", "--since", "1d").exit_code == 0
    assert cli("backtest", "same.yml", "silent.yml", "--since", "3d").exit_code == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param({"sealed_body": None}, "incidents whose content is deleted", id="purged"),
        pytest.param(
            {"sealed_body": b"sealed by another key"}, "incidents whose content cannot be decrypted", id="unreadable"
        ),
    ],
)
def test_what_cannot_be_lived_again_is_counted_and_said(cli, alerted, values, reason):
    with alerted.database.writing() as connection:
        connection.execute(update(events).values(**values))
    result = cli("backtest", "same.yml", "silent.yml")
    assert result.exit_code == 0
    assert result.stdout.startswith("0 incidents since ")
    assert f"Left out: 1 {reason}.\n" in result.stdout


def test_a_drill_is_left_out(cli, alerted):
    with alerted.database.writing() as connection:
        connection.execute(update(incident_table).values(drill="Weekly"))
    assert "Left out: 1 drills." in cli("backtest", "same.yml", "silent.yml").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            ["same.yml", "nothing.yml"], "'nothing.yml' is not a version of the policy", id="no file, no version"
        ),
        pytest.param(["same.yml", "bad.yml"], "bad.yml is not a valid policy", id="a file with a mistake"),
        pytest.param(["same.yml", "same.yml", "--since", "soon"], "is not a valid duration", id="no duration"),
    ],
)
def test_what_cannot_be_meant_is_misuse(cli, alerted, folder, arguments, said):
    (folder / "bad.yml").write_text("default: nowhere\n")
    result = cli("backtest", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
