"""Mattermost: what is posted, whom it rings, what is refused, and what `doctor` asks."""

import re
from dataclasses import replace

import pytest

from escalator.channels.contract import Notification
from escalator.channels.guarded_http import PATIENT
from escalator.channels.mattermost import limits
from escalator.channels.mattermost.channel import MattermostChannel
from escalator.channels.mattermost.client import MattermostWebhook
from escalator.channels.mattermost.text import line, plain
from escalator.channels.ssrf_guard import guard_of
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Outcome, State
from escalator.model.levels import ContentRule
from escalator.model.message import Card, Delivered, FailureReason, InlineTime, Link, MessageContext, Occasion
from escalator.rendering.card import card, standing
from tests.doubles.mattermost import RINGS, MattermostDouble
from tests.rendering.builders import INCIDENT_ID, NOW, TAKEN, a_view, some_content

ANSWER = Link("Acknowledge #1042", "https://escalator.example.com/answer/abc.def-1")
RESOLVED = {**TAKEN, "state": State.RESOLVED, "outcome": Outcome.NO_VIOLATION, "closed_by": "ana", "closed_at": NOW}
HOSTILE = "@channel <!all> [press](https://evil.example) **bold** `code` https://evil.example #now <https://a|b>"


@pytest.fixture
def server():
    with MattermostDouble() as server:
        yield server


def api():
    return MattermostWebhook(guard_of(["127.0.0.1"]), PATIENT)


def say(server, *, ref=None, answer=ANSWER, options=None, **incident):
    view = a_view(channel=DestinationKind.MATTERMOST, **incident)
    return Notification(
        context=MessageContext(INCIDENT_ID, 1042, "safety-desk"),
        address=server.url,
        card=card(view),
        occasion=Occasion.STEP,
        key="0198c7a0-0000-7000-8000-0000000000b1",
        place="0198c7a0-0000-7000-8000-0000000000aa",
        at=NOW,
        standing=standing(view),
        ref=ref,
        options=options or {},
        answer=answer,
    )


def tell(server, **how):
    done = MattermostChannel(api()).send(say(server, **how))
    assert isinstance(done, Delivered), done
    return server.posts[-1]


def test_a_page_rings_the_channel_and_says_where_to_answer(server):
    post = tell(server)
    assert post.rings == {"channel"}
    assert post.message.startswith("@channel CRITICAL · Self-harm")
    assert f"[Acknowledge \\#1042]({ANSWER.url})" in post.attachments[0]["text"]


@pytest.mark.parametrize(("mention", "rung"), [("channel", {"channel"}), ("here", {"here"}), ("nobody", set())])
def test_the_policy_says_whom_a_page_rings(server, mention, rung):
    assert tell(server, options={"mention": mention}).rings == rung


def test_a_later_step_rings_again_with_one_short_post(server):
    post = tell(server, ref="stands", step=1)
    assert post.rings == {"channel"}
    assert post.attachments[0]["text"].count("\n") == 0


@pytest.mark.parametrize("state", [TAKEN, RESOLVED], ids=["taken", "resolved"])
def test_what_became_of_it_is_one_post_that_rings_nobody(server, state):
    assert isinstance(MattermostChannel(api()).update(say(server, ref="stands", answer=None, **state)), Delivered)
    (post,) = server.posts
    assert post.rings == set()
    assert "No further action is needed." in post.attachments[0]["text"]


@pytest.mark.parametrize("state", [State.TRIGGERED, State.GROUPED, State.LOGGED])
def test_what_its_readers_know_is_not_said_again(server, state):
    one = say(server, ref="stands", state=state)
    assert MattermostChannel(api()).update(one) == Delivered("stands")
    assert server.posts == []


def test_nothing_that_a_user_wrote_is_posted(server):
    post = tell(server, content_rule=ContentRule.SHOW, content=some_content(text=HOSTILE))
    for words in ("evil", "Jess", "press"):
        assert not any(words in text for text in post.texts)


def test_words_of_others_ring_nobody_and_format_nothing(server):
    lines = ((HOSTILE,), ("by ", InlineTime(NOW), " ", Link(HOSTILE, "javascript:x")))
    shown = Card(text=HOSTILE, header=f"Once more: {HOSTILE}", lines=lines)
    one = replace(say(server, answer=None, options={"mention": "nobody"}), card=shown)
    assert isinstance(MattermostChannel(api()).send(one), Delivered)
    (post,) = server.posts
    assert post.rings == set()
    for text in post.texts:
        assert not RINGS.search(text)
        assert not re.search(r"(?<!\\)\]\(", text)
        assert "://" not in text


def test_however_much_there_is_to_say_it_is_one_post(server):
    much = Card(text="*" * 50_000, header="h" * 5_000, lines=tuple((("@" + "x") * 5_000,) for _ in range(500)))
    assert isinstance(MattermostChannel(api()).send(replace(say(server), card=much)), Delivered)
    (post,) = server.posts
    assert len(post.message) <= limits.TEXT
    assert f"({ANSWER.url})" in post.attachments[0]["text"], "the way to answer is the last thing to go"


@pytest.mark.parametrize(
    ("how", "reason", "detail"),
    [
        pytest.param({"hook": "another"}, FailureReason.BAD_TARGET, "no_such_webhook", id="a webhook that is deleted"),
        pytest.param({"may_post": False}, FailureReason.BAD_TARGET, "may_not_post", id="one that may not post there"),
        pytest.param({"is_enabled": False}, FailureReason.NOT_SUPPORTED, "webhooks_disabled", id="switched off"),
    ],
)
def test_what_mattermost_refuses_has_its_reason(server, how, reason, detail):
    one = say(server)
    for name, value in how.items():
        setattr(server, name, value)
    failed = MattermostChannel(api()).send(one)
    assert (failed.reason, failed.detail) == (reason, detail)
    asked = api().probe(one.address)
    assert getattr(asked, "reason", None) is (None if how == {"may_post": False} else reason), "only posting tells that"


def test_doctor_learns_whether_a_webhook_exists_and_nobody_sees_it(server):
    assert api().probe(server.url) == Delivered("")
    assert (server.posts, server.refused) == ([], ["channel"])


def test_a_private_address_needs_to_be_allowed(server):
    failed = MattermostChannel(MattermostWebhook(guard_of([]), PATIENT)).send(say(server))
    assert failed.reason is FailureReason.FORBIDDEN


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a_b*c", r"a\_b\*c"),
        ("#1042 taken", r"\#1042 taken"),
        ("ana@example.com", "ana@\u200bexample.com"),
        ("<!here>", "<\u200b!here\\>"),
        ("two\nlines", "two lines"),
    ],
)
def test_signs_stand_for_themselves(said, shown):
    assert plain(said) == shown


def test_a_line_keeps_its_instants_and_links():
    at = line(("opened ", InlineTime(NOW), " · ", Link("Runbook", "https://example.com/a b(c)")))
    assert at == f"opened {NOW:%H:%M} UTC · [Runbook](https://example.com/a%20b%28c%29)"
