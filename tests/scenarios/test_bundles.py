"""What is too much for one destination: twenty messages one by one, and the rest as one list that takes its turn."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import select, update

from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Delivered, Failed, FailureReason, Link, Occasion
from escalator.services.delivery import claim_deliveries
from escalator.services.delivery.bundles import BUNDLE_AFTER, PAGES_SENT_SINGLY, bundle_waiting_pages
from escalator.services.delivery.outcomes import record_outcomes
from escalator.services.delivery.sender_uptime import record_senders_up
from escalator.services.intake import process as processing
from escalator.services.outbound.call import CallOutcome
from escalator.store.tables import deliveries, incidents, sandbox_inbox
from tests.doubles.slack_state import Fault, Message
from tests.scenarios.harness import LEASE_ENDS, POLICY, Harness
from tests.scenarios.stories import REVIEWED, SELF_HARM, labelled
from tests.scenarios.turnstile import Turnstile

ROOM = "#hate"
FIRST_ITEM = 20
TOO_MANY = 10
LIST = "HIGH · 10 more alerts · #1021 to #1030"
WITHOUT_FALLBACK = POLICY.read_text().replace('{slack: "#hate", fallback: leads}', '{slack: "#hate"}')
ALL_BUT_THE_ROOM = frozenset({"#leads", "#critical-alerts", "U0ELI"})


def flood(h: Harness, count: int = PAGES_SENT_SINGLY + TOO_MANY, first: int = FIRST_ITEM) -> None:
    """So many alerts come for one channel, and nobody sends anything yet."""
    for item in range(first, first + count):
        h.send(h.sample(SELF_HARM, item=item, **labelled("HATE", "high", 60)), is_working=False)
    process(h)
    h.clock.move(seconds=BUNDLE_AFTER.total_seconds())
    bundle_waiting_pages(h.core)


def process(h: Harness) -> None:
    while processing.process_events(h.core):
        pass
    h.queue.take()


def review(h: Harness, item: int) -> None:
    """Somebody reviews that item in Stream, and nobody sends anything yet."""
    h.send(h.sample(REVIEWED, item=item), is_working=False)
    process(h)


def pages(h: Harness) -> Counter[str]:
    """Return how many pages have which fate."""
    with h.core.database.reading() as connection:
        return Counter(connection.scalars(select(deliveries.c.state).where(deliveries.c.kind == "page")))


def lists_in(h: Harness, channel: str = ROOM) -> list[Message]:
    there = "C" + channel[1:].upper().replace("-", "")
    return [one for one in h.slack.messages if one.channel == there and "more alert" in one.first_text]


def test_beyond_twenty_the_rest_is_told_as_one_list_that_names_each_and_is_acknowledged_there(h: Harness) -> None:
    flood(h)
    assert pages(h) == {"pending": PAGES_SENT_SINGLY, "listed": TOO_MANY}
    h.sweep()
    [told] = lists_in(h)
    assert told.first_text == LIST
    assert told.labels == [f"Acknowledge all {TOO_MANY}", *(f"Acknowledge #{n}" for n in range(1021, 1031))]
    assert "HIGH · Hate: 10 (#1021 to #1030)" in str(told.blocks)
    assert pages(h) == {"delivered": PAGES_SENT_SINGLY + TOO_MANY}
    assert len(h.records("delivery.listed")) == TOO_MANY
    h.forget_seen()


def states(h: Harness) -> Counter[tuple[str, str | None]]:
    with h.core.database.reading() as connection:
        rows = connection.execute(select(incidents.c.state, incidents.c.owner))
    return Counter((row.state, row.owner) for row in rows)


def test_one_incident_of_a_list_is_acknowledged_by_its_own_button(h: Harness) -> None:
    flood(h)
    h.sweep()
    [told] = lists_in(h)
    h.forget_seen()
    h.click("ana", "Acknowledge #1023", on=told)
    h.expect_answer("ana", "#1023 is yours now")
    assert (h.incident(1023)["state"], h.incident(1023)["owner"]) == ("acknowledged", "ana")
    assert told.labels == [
        f"Acknowledge all {TOO_MANY - 1}",
        *(f"Acknowledge #{n}" for n in range(1021, 1031) if n != 1023),
    ]
    assert "Acknowledged or closed: 1 (#1023) · Ana Ruiz" in str(told.blocks)
    assert states(h) == {("triggered", None): PAGES_SENT_SINGLY + TOO_MANY - 1, ("acknowledged", "ana"): 1}
    h.forget_seen()


def test_a_whole_list_is_acknowledged_as_far_as_the_person_may(h: Harness) -> None:
    flood(h)
    h.sweep()
    [told] = lists_in(h)
    h.forget_seen()
    h.click("ben", "Acknowledge #1021", on=told)
    h.forget_seen()
    h.click("ana", f"Acknowledge all {TOO_MANY - 1}", on=told)
    h.expect_answer("ana", "9 acknowledged: #1022 to #1030.\n#1021 was already acknowledged by Ben Okafor 0 s ago.")
    expected = {
        ("triggered", None): PAGES_SENT_SINGLY,
        ("acknowledged", "ana"): TOO_MANY - 1,
        ("acknowledged", "ben"): 1,
    }
    assert states(h) == expected
    assert (told.text, told.labels) == (LIST, [])
    assert f"Acknowledged or closed: {TOO_MANY} (#1021 to #1030) · Ana Ruiz, Ben Okafor" in str(told.blocks)
    h.forget_seen()


def test_a_click_on_what_was_answered_elsewhere_updates_the_message_too(h: Harness) -> None:
    flood(h)
    h.sweep()
    [told] = lists_in(h)
    review(h, FIRST_ITEM + PAGES_SENT_SINGLY)
    h.click("ana", "Acknowledge #1021", on=told)
    assert "Acknowledge #1021" not in told.labels
    h.forget_seen()


def test_an_answer_counts_though_the_message_of_the_bundle_cannot_be_updated(h: Harness) -> None:
    flood(h)
    h.sweep()
    [told] = lists_in(h)
    before = told.labels
    h.slack.inject("chat.update", Fault(error="message_not_found"))
    h.click("ana", "Acknowledge #1023", on=told)
    assert h.incident(1023)["owner"] == "ana"
    assert told.labels == before
    h.forget_seen()


def test_whoever_may_answer_nothing_is_told_so_once_and_changes_nothing(h: Harness) -> None:
    flood(h)
    h.sweep()
    [told] = lists_in(h)
    h.forget_seen()
    h.click("ana", f"Acknowledge all {TOO_MANY}", on=told, user="U0STRANGER")
    h.forget_seen()
    h.click("vera", f"Acknowledge all {TOO_MANY}", on=told)
    h.forget_seen()
    assert len(told.labels) == 1 + TOO_MANY
    assert states(h) == {("triggered", None): PAGES_SENT_SINGLY + TOO_MANY}
    assert len(h.records("incident.act_refused")) == 1 + TOO_MANY


def senders_up(h: Harness) -> None:
    with h.core.database.writing() as connection:
        record_senders_up(connection, h.clock.now())


def test_what_waited_while_no_sender_served_is_told_one_by_one(h: Harness) -> None:
    senders_up(h)
    for item in range(FIRST_ITEM, FIRST_ITEM + PAGES_SENT_SINGLY + TOO_MANY):
        h.send(h.sample(SELF_HARM, item=item, **labelled("HATE", "high", 60)), is_working=False)
    process(h)
    h.clock.move(minutes=5)
    bundle_waiting_pages(h.core)
    assert pages(h) == {"pending": PAGES_SENT_SINGLY + TOO_MANY}
    senders_up(h)
    bundle_waiting_pages(h.core)
    assert pages(h) == {"pending": PAGES_SENT_SINGLY + TOO_MANY}
    h.sweep()
    assert lists_in(h) == []
    assert pages(h) == {"delivered": PAGES_SENT_SINGLY + TOO_MANY}
    h.forget_seen()


def test_what_still_waits_when_senders_have_served_again_for_a_while_is_listed(h: Harness) -> None:
    senders_up(h)
    for item in range(FIRST_ITEM, FIRST_ITEM + PAGES_SENT_SINGLY + TOO_MANY):
        h.send(h.sample(SELF_HARM, item=item, **labelled("HATE", "high", 60)), is_working=False)
    process(h)
    h.clock.move(minutes=5)
    for _ in range(4):
        senders_up(h)
        h.clock.move(seconds=2)
    bundle_waiting_pages(h.core)
    assert pages(h) == {"pending": PAGES_SENT_SINGLY, "listed": TOO_MANY}
    h.sweep()
    h.forget_seen()


def test_what_goes_out_at_once_is_told_one_by_one(h: Harness) -> None:
    for item in range(FIRST_ITEM, FIRST_ITEM + PAGES_SENT_SINGLY + TOO_MANY):
        h.send(h.sample(SELF_HARM, item=item, **labelled("HATE", "high", 60)), is_working=False)
    process(h)
    h.clock.move(seconds=BUNDLE_AFTER.total_seconds() - 1)
    bundle_waiting_pages(h.core)
    assert pages(h) == {"pending": PAGES_SENT_SINGLY + TOO_MANY}
    h.sweep()
    assert lists_in(h) == []
    h.forget_seen()


def test_twenty_are_told_one_by_one(h: Harness) -> None:
    flood(h, PAGES_SENT_SINGLY)
    h.sweep()
    assert lists_in(h) == []
    assert pages(h) == {"delivered": PAGES_SENT_SINGLY}
    h.forget_seen()


def test_what_has_been_dealt_with_before_the_list_goes_is_not_on_it(h: Harness) -> None:
    flood(h)
    review(h, FIRST_ITEM + PAGES_SENT_SINGLY)
    h.sweep()
    [told] = lists_in(h)
    assert told.first_text == "HIGH · 9 more alerts · #1022 to #1030"
    assert "Already handled: 1" in str(told.blocks)
    assert pages(h) == {"delivered": PAGES_SENT_SINGLY + TOO_MANY - 1, "suppressed": 1}
    h.forget_seen()


def test_a_list_of_which_everything_has_been_dealt_with_is_not_told(h: Harness) -> None:
    flood(h)
    for item in range(FIRST_ITEM + PAGES_SENT_SINGLY, FIRST_ITEM + PAGES_SENT_SINGLY + TOO_MANY):
        review(h, item)
    h.sweep()
    assert lists_in(h) == []
    assert h.count(deliveries, occasion="list", state="suppressed", reason="nothing_left") == 1
    h.forget_seen()


def test_what_comes_while_a_list_waits_joins_it(h: Harness) -> None:
    flood(h)
    flood(h, 5, first=60)
    h.sweep()
    assert [one.first_text for one in lists_in(h)] == ["HIGH · 15 more alerts · #1021 to #1035"]
    h.forget_seen()


def test_nothing_joins_a_list_that_is_on_its_way_and_one_whose_sender_dies_is_told_all_the_same(h: Harness) -> None:
    flood(h)
    assert len(claim_deliveries.claim_calls(h.core, 2 * (PAGES_SENT_SINGLY + 1)).calls) == PAGES_SENT_SINGLY + 1
    flood(h, PAGES_SENT_SINGLY + 5, first=60)
    h.clock.move(seconds=LEASE_ENDS.total_seconds())
    h.sweep()
    assert sorted(one.first_text for one in lists_in(h)) == [LIST, "HIGH · 5 more alerts · #1051 to #1055"]
    assert pages(h) == {"delivered": 2 * PAGES_SENT_SINGLY + TOO_MANY + 5}
    h.forget_seen()


def test_a_list_that_fails_goes_where_its_pages_would_have_gone(h: Harness) -> None:
    flood(h)
    h.slack.channels = ALL_BUT_THE_ROOM
    h.sweep()
    assert [one.first_text for one in lists_in(h, "#leads")] == [LIST]
    assert pages(h) == {"failed": PAGES_SENT_SINGLY, "delivered": PAGES_SENT_SINGLY + TOO_MANY}
    assert h.records("step.failed") == []
    h.forget_seen()


def test_who_is_on_a_list_that_fails_for_good_has_failed_and_the_next_step_fires(bare: Harness) -> None:
    h = bare.start(WITHOUT_FALLBACK)
    flood(h)
    h.slack.channels = ALL_BUT_THE_ROOM
    h.sweep()
    h.sweep()
    h.sweep()
    failed = [row for row in h.records("delivery.failed") if row["reason"] == "list"]
    assert len(failed) == TOO_MANY
    assert len(h.records("step.failed")) == PAGES_SENT_SINGLY + TOO_MANY
    assert pages(h) == {"failed": PAGES_SENT_SINGLY + TOO_MANY, "delivered": PAGES_SENT_SINGLY + TOO_MANY}
    h.forget_seen()


def test_the_next_step_of_what_was_listed_is_the_full_message_there(bare: Harness) -> None:
    again = "    - {notify: [hate-room]}\n    - {after: 15m, notify: [critical-alerts]}"
    assert again in POLICY.read_text()
    h = bare.start(POLICY.read_text().replace(again, again.replace("critical-alerts", "hate-room")))
    flood(h)
    h.sweep()
    h.forget_seen()
    h.fast_forward(minutes=15)
    new = [one for one in h.slack.messages if one.first_text.startswith("Nobody answered")]
    assert Counter(one.thread_ts is None for one in new) == {True: TOO_MANY, False: PAGES_SENT_SINGLY}
    assert len(lists_in(h)) == 1
    h.forget_seen()


def test_a_diverted_list_says_that_it_is_a_test(bare: Harness) -> None:
    diverted = POLICY.read_text().replace("    platform: stream\n", "    platform: stream\n    divert_to: leads\n")
    h = bare.start(diverted, mode="divert")
    flood(h)
    h.sweep()
    assert [one.first_text for one in lists_in(h, "#leads")] == [f"TEST · {LIST}"]
    h.forget_seen()


def test_a_list_of_the_sandbox_reaches_nobody(bare: Harness) -> None:
    h = bare.start(mode="sandbox")
    flood(h)
    h.sweep()
    assert pages(h) == {"delivered": PAGES_SENT_SINGLY + TOO_MANY}
    assert h.count(sandbox_inbox) == PAGES_SENT_SINGLY + 1
    h.expect_nothing()


def test_what_a_switch_to_the_sandbox_stops_is_not_on_the_list(h: Harness) -> None:
    flood(h)
    h.start("", mode="sandbox")
    h.sweep()
    assert pages(h) == {"suppressed": PAGES_SENT_SINGLY + TOO_MANY}
    h.expect_nothing()


def test_a_list_takes_its_turn_by_age_while_the_flood_goes_on(h: Harness, turnstile: Turnstile) -> None:
    h.post(SELF_HARM, item=10, **labelled("HATE", "high", 60))
    turnstile.burst = 1
    flood(h)
    for second in range(PAGES_SENT_SINGLY):
        h.fast_forward(seconds=1)
        flood(h, 2, first=60 + 2 * second)
    h.fast_forward(seconds=1)
    told = [one.first_text.partition("#")[2] for one in h.slack.messages]
    assert told[: PAGES_SENT_SINGLY + 2] == [f"{number}" for number in range(1001, 1002 + PAGES_SENT_SINGLY)] + [
        "1022 to #1071"
    ]
    h.forget_seen()


def test_the_first_alert_of_another_category_waits_behind_no_flood(bare: Harness) -> None:
    path = "{name: Self-harm, when: {category: self_harm}, assign: moderators, path: urgent}"
    h = bare.start(POLICY.read_text().replace(path, path.replace("urgent", "hate")))
    turnstile = Turnstile.of(h)
    h.post(SELF_HARM, item=FIRST_ITEM)
    turnstile.burst = 1
    for item in range(FIRST_ITEM + 1, FIRST_ITEM + PAGES_SENT_SINGLY):
        h.post(SELF_HARM, item=item)
    h.post(SELF_HARM, item=60, **labelled("HATE", "high", 60))
    h.post(SELF_HARM, item=61, **labelled("HATE", "high", 60))
    assert [one.first_text for one in h.slack.messages if "Hate" in one.first_text] == [
        "HIGH · Hate · acknowledge within 15 min · #1021"
    ]
    h.forget_seen()


def test_an_alert_is_the_first_of_its_category_again_after_ten_minutes_without_one(h: Harness) -> None:
    for minutes, item in ((0, 20), (9, 21), (9, 22), (11, 23)):
        h.clock.move(minutes=minutes)
        h.send(h.sample(SELF_HARM, item=item, **labelled("HATE", "high", 60)), is_working=False)
        process(h)
    with h.core.database.reading() as connection:
        urgencies = connection.scalars(
            select(deliveries.c.urgency).where(deliveries.c.kind == "page").order_by(deliveries.c.created_at)
        ).all()
    assert urgencies == [13, 3, 3, 13]


def test_no_backlog_of_one_kind_of_harm_keeps_another_kind_waiting(h: Harness) -> None:
    for item in range(FIRST_ITEM, FIRST_ITEM + 3 * processing.BATCH):
        h.send(h.sample(SELF_HARM, item=item), is_working=False)
    h.send(h.sample(SELF_HARM, item=99, **labelled("HATE", "high", 60)), is_working=False)
    processing.process_events(h.core)
    with h.core.database.reading() as connection:
        categories = Counter(connection.scalars(select(incidents.c.category)))
    assert categories == {"self_harm": processing.BATCH, "hate": 1}


def told_by_mail(h: Harness) -> list[tuple[str, str]]:
    """Whatever is due gets through by mail, and by nothing else; return the lists among it, with their addresses."""
    told = []
    while calls := claim_deliveries.claim_calls(h.core, 200).calls:
        mails = [call for call in calls if call.channel is DestinationKind.EMAIL]
        told += [
            (call.notification.address, call.notification.card.text)
            for call in mails
            if call.delivery and call.delivery.occasion is Occasion.BUNDLE
        ]
        lost = Failed(FailureReason.BAD_TARGET)
        record_outcomes(h.core, [CallOutcome(call, Delivered("1") if call in mails else lost) for call in calls])
    return told


def test_a_list_that_goes_another_way_is_told_in_all_of_its_places_and_takes_no_more(bare: Harness) -> None:
    both = "  both: {email: [one@example.com, two@example.com]}\n"
    h = bare.start(
        POLICY.read_text().replace("fallback: leads", "fallback: both").replace("  leads: ", f"{both}  leads: ")
    )
    flood(h)
    later = h.clock.now() + timedelta(minutes=1)
    calls = claim_deliveries.claim_calls(h.core, 200).calls
    record_outcomes(h.core, [CallOutcome(call, Failed(FailureReason.BAD_TARGET)) for call in calls])
    with h.core.database.writing() as connection:
        second = update(deliveries).where(deliveries.c.address == "two@example.com")
        connection.execute(second.values(next_attempt_at=later))
    bundle_waiting_pages(h.core)
    assert told_by_mail(h) == [("one@example.com", LIST)]
    h.clock.move(minutes=1)
    assert told_by_mail(h) == [("two@example.com", LIST)]


def test_a_bundle_by_email_has_a_link_for_each_incident_that_acknowledges_it(bare: Harness) -> None:
    text = POLICY.read_text().replace('{slack: "#hate", fallback: leads}', "{email: ana@example.com, fallback: leads}")
    h = bare.start(text.replace("stream: mod-1}", "stream: mod-1, email: ana@example.com}"))
    flood(h)
    calls = claim_deliveries.claim_calls(h.core, 200).calls
    [bundle] = [call for call in calls if call.delivery and call.delivery.occasion is Occasion.BUNDLE]
    links = [part for line in bundle.notification.card.lines for part in line if isinstance(part, Link)]
    record_outcomes(h.core, [CallOutcome(call, Delivered(str(place))) for place, call in enumerate(calls)])
    assert [link.label for link in links] == [
        *(f"Acknowledge #{number}" for number in range(1021, 1021 + TOO_MANY)),
        "All incidents",
    ]
    assert h.answer_link(links[2].url.removeprefix(h.core.settings.base_url)).status_code == 200
    assert states(h) == {("triggered", None): PAGES_SENT_SINGLY + TOO_MANY - 1, ("acknowledged", "ana"): 1}
    assert h.incident(1023)["owner"] == "ana"
    h.forget_seen()
