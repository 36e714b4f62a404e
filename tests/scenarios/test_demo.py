"""The policy that the product brings along, with the samples it brings along: what somebody sees who only tries it."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import escalator.policy
from escalator.store.tables import incidents
from escalator.stream.samples import REVIEW, SAMPLES, sample
from tests.doubles.everybody import Vendors, vendors
from tests.doubles.jira import PROJECT
from tests.scenarios.harness import STREAM_KEY, STREAM_SECRET, Harness

DEMO = (Path(escalator.policy.__file__).parent / "demo.yml").read_text()


@pytest.fixture
def everybody(bare: Harness) -> Iterator[Vendors]:
    with vendors(bare.clock) as found:
        yield found


@pytest.fixture
def h(bare: Harness, everybody: Vendors) -> Harness:
    """The demo, with what it only pretends to have: vendors behind its addresses."""
    real = {
        "demo-key": STREAM_KEY,
        "demo-secret": STREAM_SECRET,
        "pagerduty: demo": f"pagerduty: {everybody.pagerduty.routing_key}",
        "project: TS": f"project: {PROJECT}",
        "https://dashboard.example.com/moderation": everybody.feed.url,
    }
    text = DEMO
    for pretended, found in real.items():
        text = text.replace(pretended, found)
    return bare.start(text, **everybody.environment, DASHBOARD_SECRET=everybody.feed.secret)


def posted(h: Harness, name: str, item: str = "item-1") -> None:
    numbers = itertools.count(1)
    assert h.send(sample(name, h.clock.now(), lambda: f"id-{next(numbers)}", item)).status_code == 200


def test_a_threat_goes_from_the_team_to_the_seniors_to_the_admin_within_a_minute(
    h: Harness, everybody: Vendors
) -> None:
    posted(h, "threat")
    page = "HIGH · Threat · acknowledge within 20 s · #1001"
    messages = [h.expect_message("#critical-alerts", page), h.expect_dm("ana", page), h.expect_dm("ben", page)]
    h.fast_forward(seconds=20)
    text = "Nobody answered for 20 s: HIGH · Threat is now with you · #1001"
    h.expect_updates(*messages, text=text)
    messages.append(h.expect_dm("dana", text))
    assert everybody.alert.status == "triggered"
    assert [mail.subject for mail in everybody.mail.to("dana@example.com")] == [text]
    h.fast_forward(seconds=20)
    text = "Nobody answered for 40 s: HIGH · Threat is now with you · #1001"
    h.expect_updates(*messages, text=text)
    h.expect_reply("#critical-alerts", text, mentions=["eli"])
    h.expect_dm("eli", text)
    assert everybody.issue
    assert everybody.feed.types == ["incident.opened", "incident.escalated", "incident.escalated"]


def test_a_review_in_stream_closes_the_threat(h: Harness) -> None:
    posted(h, "threat")
    h.fast_forward(seconds=5)
    posted(h, REVIEW)
    assert h.incident()["state"] == "resolved"
    h.forget_seen()


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_opens_an_incident(h: Harness, name: str) -> None:
    posted(h, name)
    h.fast_forward(seconds=10)
    assert h.count(incidents) == 1
    if name != REVIEW:
        assert h.slack.messages
    h.forget_seen()
