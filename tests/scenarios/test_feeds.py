"""Copies for machines: signed, by the schema, each thing once, behind every page, for three days and no longer."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from escalator.services.delivery import claim_deliveries
from escalator.services.delivery.sender import SENDER_THREADS
from escalator.services.outbound.bulkheads import SenderThreads
from escalator.store import endpoint_health
from escalator.store.tables import deliveries, sandbox_inbox
from tests.doubles.http import Fault
from tests.doubles.webhook import SECRET, WebhookDouble
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import PAGE, REVIEWED, SELF_HARM, labelled, nobody, paged, taken_by_ana

GONE = "Escalator needs attention: destination"
TEXT = "I cannot do this any longer"


@pytest.fixture
def feed(bare: Harness) -> Iterator[WebhookDouble]:
    with WebhookDouble(now=bare.clock.now) as double:
        yield double


@pytest.fixture
def h(bare: Harness, feed: WebhookDouble) -> Harness:
    """A running installation that feeds a machine on this host."""
    return started(bare, feed)


def started(bare: Harness, feed: WebhookDouble, *, when: str = "{}", content: str = "", **how: object) -> Harness:
    places = f'bi-feed: {{webhook: "${{BI_URL}}", secret: "${{BI_SECRET}}"{content}}}'
    policy = POLICY.read_text().replace("destinations:\n", f"destinations:\n  {places}\n")
    policy += f"\nfeeds:\n  - {{to: bi-feed, when: {when}}}\n"
    known = {"BI_URL": feed.url, "BI_SECRET": SECRET, "WEBHOOK_ALLOW_PRIVATE": "127.0.0.1"}
    return bare.start(policy, **(known | how))


def copies(h: Harness) -> list[tuple[str, str, str | None]]:
    """Return (occasion, state, reason) of every copy, the oldest first."""
    question = select(deliveries).where(deliveries.c.kind == "copy").order_by(deliveries.c.created_at, deliveries.c.id)
    with h.core.database.reading() as connection:
        return [(row.occasion, row.state, row.reason) for row in connection.execute(question)]


def test_a_story_is_told_as_it_happens_with_who_did_what(h: Harness, feed: WebhookDouble) -> None:
    messages = paged(h)
    h.fast_forward(minutes=5)
    h.click("ana", "Acknowledge", on=messages[1])
    h.fast_forward(minutes=1)
    h.click("ana", "False alarm", on=messages[1])
    h.forget_seen()
    told = [(one.type, one.data["state"], one.data["step"], one.data["actor"]) for one in feed.received]
    assert told == [
        ("incident.opened", "triggered", 1, None),
        ("incident.escalated", "triggered", 2, None),
        ("incident.acknowledged", "acknowledged", 2, "ana"),
        ("incident.resolved", "resolved", 2, "ana"),
    ]
    assert [one.data["number"] for one in feed.received] == [1001] * 4
    assert (feed.received[2].data["seconds_to_acknowledge"], feed.received[3].data["seconds_to_resolve"]) == (300, 360)
    assert feed.refused == []


def test_the_story_that_seniors_read_tells_of_people_only(h: Harness) -> None:
    messages = paged(h)
    h.fast_forward(minutes=5)
    h.expect_updates(*messages, text=nobody(5))
    h.expect_dm("dana", nobody(5), says="Sent to critical-alerts", never="bi-feed")


def test_a_reopening_is_told(h: Harness, feed: WebhookDouble) -> None:
    messages = taken_by_ana(h)
    h.click("ana", "Release", on=messages[1])
    h.forget_seen()
    assert feed.types == ["incident.opened", "incident.acknowledged", "incident.reopened"]


def test_what_is_only_logged_is_told_to_machines_alone(h: Harness, feed: WebhookDouble) -> None:
    h.post(SELF_HARM, **labelled("NOTHING", "low", 5))
    assert [(one.type, one.data["state"]) for one in feed.received] == [("incident.opened", "logged")]


def test_a_feed_has_what_it_asks_for(bare: Harness, feed: WebhookDouble) -> None:
    h = started(bare, feed, when="{min_severity: medium}")
    h.post(SELF_HARM, **labelled("NOTHING", "low", 5))
    assert feed.received == []


def test_no_content_is_fed_unless_category_and_destination_say_so(bare: Harness, feed: WebhookDouble) -> None:
    h = started(bare, feed, content=", content: show")
    h.post(SELF_HARM)
    h.post(SELF_HARM, item=2, **labelled("HATE", "high", 75))
    h.post(SELF_HARM, item=3, **labelled("CSAM"))
    h.forget_seen()
    hidden, shown, withheld = (one.data for one in feed.received)
    assert (hidden["content"], hidden["snippet"], bool(hidden["author_id"])) == ("hide", None, True)
    assert shown["snippet"]
    assert [withheld[name] for name in ("content", "snippet", "author_id", "item_id", "kinds", "action", "actor")] == [
        "withhold",
        *[None] * 6,
    ]


def test_a_machine_that_is_down_is_told_later_what_it_missed_as_it_was(h: Harness, feed: WebhookDouble) -> None:
    feed.inject(*[Fault(status=503)] * 3)
    messages = paged(h)
    opened_at = h.clock.now()
    h.fast_forward(minutes=4)
    h.click("ana", "Acknowledge", on=messages[1])
    assert feed.types == ["incident.acknowledged"]
    h.fast_forward(minutes=1)
    h.fast_forward(hours=2)
    h.forget_seen()
    late = next(one for one in feed.received if one.type == "incident.opened")
    assert late.timestamp == f"{opened_at:%Y-%m-%dT%H:%M:%S}.000Z"
    assert len({request.headers["webhook-id"] for request in feed.requests[:3]}) == 1


def test_a_machine_that_is_down_for_days_is_asked_seldom_and_then_no_more(h: Harness, feed: WebhookDouble) -> None:
    feed.inject(*[Fault(status=503)] * 50)
    h.post(SELF_HARM, **labelled("NOTHING", "low", 5))
    h.fast_forward(hours=71)
    assert 8 < len(feed.requests) < 20
    h.expect_message("#leads", GONE, says="messages to bi-feed fail: vendor_error http_503")
    h.expect_dm("eli", GONE)
    h.fast_forward(hours=12)
    assert copies(h) == [("opened", "failed", "vendor_error: http_503")]


def test_a_failing_machine_holds_up_no_page_and_cuts_no_step_short(h: Harness, feed: WebhookDouble) -> None:
    feed.inject(*[Fault(status=404)] * 10)
    paged(h)
    h.expect_message("#leads", GONE, says="messages to bi-feed fail: bad_target http_404")
    h.expect_dm("eli", GONE)
    h.fast_forward(minutes=4)
    assert h.records("step.failed") == []
    assert h.incident()["step"] == 0


def test_a_machine_that_is_gone_is_left_alone_and_reported_once(h: Harness, feed: WebhookDouble) -> None:
    feed.is_gone = True
    paged(h)
    h.expect_message("#leads", GONE, says="messages to bi-feed fail: gone")
    h.expect_dm("eli", GONE)
    h.post(SELF_HARM, **labelled("NOTHING", "low", 5), item=2)
    assert len(feed.requests) == 1
    assert [state for _, state, _ in copies(h)] == ["failed", "failed"]


def test_a_new_address_is_tried_again(h: Harness, feed: WebhookDouble) -> None:
    feed.is_gone = True
    h.post(SELF_HARM, **labelled("NOTHING", "low", 5))
    with WebhookDouble(now=h.clock.now) as elsewhere:
        started(h, elsewhere)
        h.post(SELF_HARM, **labelled("NOTHING", "low", 5), item=2)
        assert elsewhere.types == ["incident.opened"]
    h.forget_seen()


def test_an_address_within_is_not_reached_unless_it_is_allowed(bare: Harness, feed: WebhookDouble) -> None:
    h = started(bare, feed, WEBHOOK_ALLOW_PRIVATE="10.0.0.0/8")
    h.post(SELF_HARM, **labelled("NOTHING", "low", 5))
    assert feed.requests == []
    assert copies(h) == [("opened", "failed", "forbidden: private_address")]
    h.forget_seen()


def test_a_diverted_incident_is_nobodys_figure(bare: Harness, feed: WebhookDouble) -> None:
    h = bare.start(_diverted(feed), mode="divert", BI_URL=feed.url, BI_SECRET=SECRET)
    h.post(SELF_HARM)
    h.forget_seen()
    assert (feed.requests, copies(h)) == ([], [])


def _diverted(feed: WebhookDouble) -> str:
    policy = POLICY.read_text().replace("destinations:\n", 'destinations:\n  bi-feed: {webhook: "${BI_URL}"}\n')
    policy = policy.replace("platform: stream\n", "platform: stream\n    divert_to: leads\n")
    return policy + "\nfeeds:\n  - {to: bi-feed}\n"


def test_what_was_for_production_is_not_fed_from_a_milder_mode(h: Harness, feed: WebhookDouble) -> None:
    feed.inject(*[Fault(status=503)] * 2)
    h.post(SELF_HARM, **labelled("NOTHING", "low", 5))
    started(h, feed, mode="sandbox")
    h.fast_forward(minutes=1)
    assert len(feed.requests) == 1
    assert copies(h) == [("opened", "suppressed", "mode")]


def test_in_the_sandbox_a_copy_is_kept_with_its_signature(bare: Harness, feed: WebhookDouble) -> None:
    h = started(bare, feed, mode="sandbox", BI_SECRET="")
    h.post(SELF_HARM, **labelled("NOTHING", "low", 5))
    assert feed.requests == []
    with h.core.database.reading() as connection:
        kept = connection.execute(select(sandbox_inbox).where(sandbox_inbox.c.channel == "webhook")).one()
    assert (kept.destination, kept.number) == ("bi-feed", 1001)
    assert feed.url not in repr(kept._mapping)


def test_pages_go_before_copies(h: Harness, feed: WebhookDouble) -> None:
    with h.slack_down():
        feed.inject(*[Fault(status=503)] * 9)
        h.post(SELF_HARM)
    h.clock.move(seconds=10)
    claimed = claim_deliveries.claim_calls(h.core, 2)
    assert {one.channel.value for one in claimed.calls} == {"slack"}
    h.fast_forward(minutes=2)
    h.forget_seen()


def pending_copies(h: Harness) -> list[tuple[object, ...]]:
    question = select(deliveries.c.id, deliveries.c.next_attempt_at).where(deliveries.c.state == "pending")
    with h.core.database.reading() as connection:
        return sorted(tuple(row) for row in connection.execute(question))


def test_what_a_machine_asks_its_copies_to_wait_is_no_wait_for_its_pages(bare: Harness, feed: WebhookDouble) -> None:
    hook = 'hook: {webhook: "${BI_URL}", secret: "${BI_SECRET}"}'
    policy = POLICY.read_text().replace("destinations:\n", f"destinations:\n  {hook}\n")
    policy = policy.replace("- {notify: [critical-alerts, team]}", "- {notify: [critical-alerts, team, hook]}")
    policy += "\nfeeds:\n  - {to: hook}\n"
    h = bare.start(policy, BI_URL=feed.url, BI_SECRET=SECRET, WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8")
    feed.inject(Fault(status=429, retry_after="3600"))
    h.post(SELF_HARM, **labelled("NOTHING", "low", 5))
    with h.core.database.reading() as connection:
        assert endpoint_health.unwell(connection, h.clock.now()) == {}
    h.post(SELF_HARM, item=2)
    h.forget_seen()
    assert h.count(deliveries, kind="page", destination="hook", state="delivered") == 1


def test_many_copies_take_few_threads(h: Harness, feed: WebhookDouble) -> None:
    feed.inject(*[Fault(status=503)] * 20)
    for item in range(20, 36):
        h.post(SELF_HARM, item=item, **labelled("NOTHING", "low", 5))
    h.clock.move(seconds=10)
    threads = SenderThreads(SENDER_THREADS)
    claimed = claim_deliveries.claim_calls(h.core, SENDER_THREADS, threads)
    assert len(claimed.calls) == 8
    waiting = pending_copies(h)
    assert claim_deliveries.claim_calls(h.core, threads.free, threads) == claim_deliveries.ClaimedCalls()
    assert (len(waiting), pending_copies(h)) == (8, waiting)
    h.fast_forward(minutes=2)
    h.fast_forward(hours=1)
    assert sorted(feed.types) == ["incident.opened"] * 16


def test_a_review_of_what_nobody_knows_is_told_as_opened_and_over(h: Harness, feed: WebhookDouble) -> None:
    h.post(REVIEWED)
    h.forget_seen()
    assert feed.types[0] == "incident.opened"
    assert len({one.id for one in feed.received}) == len(feed.received)


def test_without_feeds_nothing_is_copied(bare: Harness, feed: WebhookDouble) -> None:
    h = bare.start()
    h.post(SELF_HARM)
    h.expect_message("#critical-alerts", PAGE)
    h.forget_seen()
    assert copies(h) == []


def test_a_webhook_in_a_path_is_paged_and_shown_what_becomes_of_it(bare: Harness, feed: WebhookDouble) -> None:
    policy = POLICY.read_text().replace(
        "destinations:\n", 'destinations:\n  hook: {webhook: "${BI_URL}", secret: "${BI_SECRET}"}\n'
    )
    policy = policy.replace("- {notify: [critical-alerts, team]}", "- {notify: [critical-alerts, team, hook]}")
    policy = policy.replace("[critical-alerts, person:eli], repeat", "[critical-alerts, hook, person:eli], repeat")
    h = bare.start(policy, BI_URL=feed.url, BI_SECRET=SECRET, WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8")
    messages = paged(h)
    h.fast_forward(minutes=15)
    h.click("ana", "Acknowledge", on=messages[1])
    h.click("ana", "Release", on=messages[1])
    h.fast_forward(seconds=1)
    h.click("ben", "Acknowledge", on=messages[2])
    h.click("ben", "False alarm", on=messages[2])
    h.forget_seen()
    assert feed.types[:3] == ["incident.opened", "incident.escalated", "incident.acknowledged"]
    assert set(feed.types[3:5]) == {"incident.reopened", "incident.escalated"}
    assert feed.types[5:] == ["incident.acknowledged", "incident.resolved"]
    assert [one.data["actor"] for one in feed.received[-2:]] == ["ben", "ben"]
