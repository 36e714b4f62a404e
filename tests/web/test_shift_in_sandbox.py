"""A shift's bulletin on the sandbox's page: its buttons work there as they do in Slack."""

import pytest

from escalator.services.delivery.sender import send_all_due
from escalator.services.maintenance.jobs import run_jobs
from tests.fakes import START, InlineExecutor
from tests.sandboxes import a_core, alert, demo_policy
from tests.web.browser import Browser

HANDOVER = START.replace(minute=4, second=0)
ROTA = """
schedules:
  turns: {layers: [{rotate: daily, handover: 14:04, start: 2026-08-19, people: [ana, ben]}]}
"""


@pytest.fixture
def browser(database_url, tmp_path, monkeypatch):
    monkeypatch.setattr("web.slack.ThreadPoolExecutor", InlineExecutor)
    policy = demo_policy().replace("{members: [ana, ben]}", "{members: [ana, ben], schedule: turns}")
    core = a_core(database_url, tmp_path, policy=policy + ROTA)
    yield Browser(core)
    core.database.close()


@pytest.fixture
def bulletin(browser):
    """What Ben is told when Ana goes off with an incident in hand."""
    run_jobs(browser.core)
    alert(browser.core)
    browser.press("ana", "Acknowledge")
    browser.core.clock.move_to(HANDOVER)
    run_jobs(browser.core)
    send_all_due(browser.core)
    return told(browser, "ben")[-1]


def told(browser, person):
    return [
        one for one in browser.items("slack") if (one["type"], one["destination"]) == ("message", f"person:{person}")
    ]


def test_it_stands_among_the_messages_and_is_about_no_incident(browser, bulletin):
    assert (bulletin["text"], bulletin["incident"]) == ("Your shift for moderators: 1 open", None)
    assert [one["label"] for one in bulletin["buttons"]] == ["Take over #1001"]
    assert [one["text"] for one in told(browser, "ana")][-1] == "You still own 1 incident of moderators"


def test_taking_over_is_answered_and_changes_the_incidents_messages_only(browser, bulletin):
    browser.press("ben", "Take over #1001", bulletin)
    incident = browser.picture()["incidents"][0]
    assert (incident["state"], incident["owner"]) == ("acknowledged", "ben")
    assert browser.items("slack")[0]["text"].startswith("#1001 taken by Ben Okafor")
    (same,) = [one for one in browser.items("slack") if one["id"] == bulletin["id"]]
    assert same == bulletin
    answer = browser.items("slack")[-1]
    assert (answer["type"], answer["person"], answer["text"]) == ("ephemeral", "ben", "#1001 is yours now")
