"""Mattermost, both ways: a channel is paged, its reader acknowledges under the link, and one more post says so."""

import re
from collections.abc import Iterator

import pytest

from tests.doubles.mattermost import MattermostDouble
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM

POLICY = """
version: 1
timezone: UTC
sources:
  chat: {platform: stream, api_key: "${STREAM_API_KEY}", api_secret: ["${STREAM_API_SECRET}"]}
people:
  ana: {name: Ana Ruiz, email: ana@example.com}
  eli: {name: Eli Stone, slack: U0ELI, role: admin}
teams:
  moderators: {members: [ana]}
destinations:
  desk:  {mattermost: "${DESK}", urgent: true, fallback: leads}
  ana:   {mattermost: "${ANA}", reader: ana, mention: nobody}
  leads: {slack: "#leads"}
categories:
  self_harm: {title: Self-harm, labels: [SELF_HARM], at_least: critical}
routes:
  - {name: Grave, when: {category: self_harm}, assign: moderators, path: urgent}
default: urgent
paths:
  urgent:
    - {notify: [desk, ana]}
    - {after: 5m, notify: [desk]}
unanswered: {restart_after: 8h}
acknowledged: {resolve_within: 4h}
alarms: {notify: [leads]}
"""
BASE = "https://escalator.example.com"


@pytest.fixture
def servers() -> Iterator[tuple[MattermostDouble, MattermostDouble]]:
    with MattermostDouble() as desk, MattermostDouble() as ana:
        yield desk, ana


@pytest.fixture
def h(bare: Harness, servers: tuple[MattermostDouble, MattermostDouble]) -> Harness:
    desk, ana = servers
    return bare.start(POLICY, DESK=desk.url, ANA=ana.url, WEBHOOK_ALLOW_PRIVATE="127.0.0.1", ESCALATOR_BASE_URL=BASE)


def link_of(server: MattermostDouble) -> str:
    found = re.findall(rf"\]\({re.escape(BASE)}(/[^)\s]+)\)", server.posts[-1].attachments[-1]["text"])
    assert found, server.posts[-1]
    return found[-1]


def test_the_reader_of_a_channel_acknowledges_by_its_link(
    h: Harness, servers: tuple[MattermostDouble, MattermostDouble]
) -> None:
    desk, ana = servers
    h.post(SELF_HARM)
    assert desk.posts[-1].rings == {"channel"}
    assert ana.posts[-1].rings == set()
    assert link_of(desk) == "/sign-in?incident=1001", "a channel that several read proves nobody"

    h.answer_link(link_of(ana))

    assert h.incident()["state"] == "acknowledged"
    assert h.incident()["owner"] == "ana"
    (record,) = h.records("incident.acknowledged")
    assert (record["actor_key"], record["via"]) == ("ana", "mattermost")
    for server in servers:
        assert "taken by ana" in server.posts[-1].message.replace("\\", "")
        assert server.posts[-1].rings == set()
    assert [len(server.posts) for server in servers] == [2, 2]

    h.fast_forward(minutes=5)
    assert [len(server.posts) for server in servers] == [2, 2], "who has acknowledged is left alone"


def test_a_channel_that_nobody_answers_is_rung_again(
    h: Harness, servers: tuple[MattermostDouble, MattermostDouble]
) -> None:
    desk, ana = servers
    h.post(SELF_HARM)
    h.fast_forward(minutes=5)
    assert [post.rings for post in desk.posts] == [{"channel"}, {"channel"}]
    assert len(ana.posts) == 1
    h.answer_link(link_of(ana))


def test_when_a_webhook_is_deleted_its_fallback_is_paged(
    h: Harness, servers: tuple[MattermostDouble, MattermostDouble]
) -> None:
    desk, ana = servers
    desk.hook = "another"
    h.post(SELF_HARM)
    page = h.expect_message("#leads", "CRITICAL · Self-harm · acknowledge within 5 min · #1001")
    assert desk.posts == []
    h.answer_link(link_of(ana))
    h.expect_update(page)
    h.forget_seen()  # the operator alert about the destination
