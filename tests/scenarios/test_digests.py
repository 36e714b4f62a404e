"""Digests: what was logged, what is open and what waits in Stream; once at each time, and to each what they may see."""

from datetime import datetime, timedelta

import pytest

from escalator.bootstrap import build
from escalator.services.digests.publish import publish_due_digests
from escalator.services.stream.watch_queues import watch_queues
from escalator.store.tables import bulletins, deliveries, digests
from tests.doubles.http import Fault
from tests.doubles.mail import MailDouble
from tests.doubles.stream import StreamDouble
from tests.fakes import START
from tests.scenarios.harness import POLICY, STREAM_SECRET, Harness
from tests.scenarios.stories import SELF_HARM, labelled
from tests.scenarios.together import together

DUE = START.replace(hour=16, minute=0, second=0, microsecond=0)
DAILY = '{name: Daily, at: "18:00", timezone: Europe/Berlin, to: [leads]}'
NOTHING = "Digest Daily: nothing is open, nothing was logged"


def policy(*listed: str, more: str = "") -> str:
    """The policy of the scenarios, in which hate notifies one room and waits there, and child safety is only logged."""
    text = POLICY.read_text()
    for old, new in (
        ("reasons: [child safety], at_least: critical,", "reasons: [child safety],"),
        ("assign: child-safety, path: child-safety, acknowledgements: 2", "assign: child-safety, path: log-only"),
        ("    - {after: 15m, notify: [critical-alerts]}\n", ""),
        ("restart_after: 30m", "restart_after: 90d"),
    ):
        assert old in text
        text = text.replace(old, new)
    return f"{text}\ndigests:\n" + "\n".join(f"  - {digest}" for digest in listed or (DAILY,)) + f"\n{more}"


@pytest.fixture
def h(bare: Harness) -> Harness:
    return bare.start(policy())


def logged(h: Harness, item: int, label: str = "SPAM", severity: str = "low") -> None:
    h.post(SELF_HARM, item=item, **labelled(label, severity, {"low": 10, "medium": 50}.get(severity, 90)))


def opened(h: Harness, item: int, severity: str = "high") -> None:
    h.post(SELF_HARM, item=item, **labelled("HATE", severity, 75))
    h.forget_seen()


def go_to(h: Harness, at: datetime) -> None:
    """Let nothing happen until then; then the workers look."""
    h.clock.move_to(at)
    look(h)


def look(h: Harness) -> None:
    h.clock.move(seconds=6)
    h.tidy()
    h.work()


@pytest.mark.every_database
def test_what_was_logged_what_is_open_by_category_and_severity_with_links(h: Harness) -> None:
    for item in (1, 2):
        logged(h, item)
    logged(h, 3, severity="medium")
    for item in (4, 5):
        opened(h, item)
    go_to(h, DUE)
    h.expect_message(
        "#leads",
        "Digest Daily: 2 open, 3 logged",
        says=[
            "Wed 19 Aug 18:00 to Thu 20 Aug 18:00 (Europe/Berlin)",
            "Open: 2, 2 unacknowledged",
            "HIGH · Hate: 2, 2 unacknowledged · ",
            "/?category=hate&amp;severity=high|Show",
            "Logged, nobody was notified: 3",
            "MEDIUM · Uncategorised: 1 · ",
            "LOW · Uncategorised: 2 · ",
            "/incidents?state=logged&amp;severity=low|Show",
            "/incidents?state=logged|All logged",
        ],
    )
    look(h)
    h.expect_nothing()


def test_the_next_one_has_only_what_was_logged_since_and_all_that_is_open(h: Harness) -> None:
    logged(h, 1)
    opened(h, 2)
    go_to(h, DUE)
    h.forget_seen()
    logged(h, 3, severity="medium")
    go_to(h, DUE + timedelta(days=1))
    h.expect_message(
        "#leads",
        "Digest Daily: 1 open, 1 logged",
        says=["Thu 20 Aug 18:00 to Fri 21 Aug 18:00", "MEDIUM · Uncategorised: 1", "HIGH · Hate: 1"],
        never="LOW",
    )


def test_an_empty_one_says_so_in_a_line_or_is_left_out(bare: Harness) -> None:
    skipped = '{name: Quiet, at: "18:00", timezone: Europe/Berlin, to: [hate-room], when_empty: skip}'
    h = bare.start(policy(DAILY, skipped))
    go_to(h, DUE)
    h.expect_message("#leads", NOTHING)
    h.expect_nothing()
    logged(h, 1)
    go_to(h, DUE + timedelta(days=1))
    h.expect_message("#leads", "Digest Daily: 0 open, 1 logged")
    h.expect_message("#hate", "Digest Quiet: 0 open, 1 logged")


def test_of_a_restricted_category_only_those_who_may_see_it_read(bare: Harness) -> None:
    h = bare.start(policy('{name: Daily, at: "18:00", timezone: Europe/Berlin, to: [leads, person:ana, person:ben]}'))
    logged(h, 1, "CSAM", "medium")
    logged(h, 2)
    go_to(h, DUE)
    one = {"says": ["LOW · Uncategorised: 1"], "never": ["Child safety", "MEDIUM"]}
    h.expect_message("#leads", "Digest Daily: 0 open, 1 logged", **one)
    h.expect_dm("ana", "Digest Daily: 0 open, 1 logged", **one)
    h.expect_dm("ben", "Digest Daily: 0 open, 2 logged", says=["MEDIUM · Child safety: 1", "LOW · Uncategorised: 1"])


def test_a_category_that_becomes_restricted_is_gone_from_what_was_not_yet_sent(h: Harness) -> None:
    opened(h, 1)
    h.change_policy("title: Hate,", "title: Hate, restricted_to: [child-safety],")
    go_to(h, DUE)
    h.expect_message("#leads", NOTHING)


def test_it_says_nothing_of_what_people_wrote(h: Harness) -> None:
    logged(h, 1)
    opened(h, 2)
    go_to(h, DUE)
    h.expect_message("#leads", "Digest Daily: 1 open, 1 logged", never=["goodbye", "stream-item", "user"])


def test_conditions_limit_what_is_counted(bare: Harness) -> None:
    grave = '{name: Grave, at: "18:00", timezone: Europe/Berlin, to: [leads], when: {min_severity: medium}}'
    hate = '{name: Hate, at: "18:00", timezone: Europe/Berlin, to: [leads], when: {category: Hate, source: chat}}'
    h = bare.start(policy(grave, hate))
    logged(h, 1)
    logged(h, 2, severity="medium")
    opened(h, 3)
    go_to(h, DUE)
    h.expect_message("#leads", "Digest Grave: 1 open, 1 logged", never="LOW")
    h.expect_message("#leads", "Digest Hate: 1 open, 0 logged")


def test_drills_and_acknowledged_incidents(bare: Harness) -> None:
    h = bare.start(policy(more="drills:\n  - {name: Weekly, route: Hate, at: thu 15:59}\n"))
    opened(h, 1)
    logged(h, 2)
    go_to(h, DUE)
    h.expect_message("#leads", "Digest Daily: 1 open, 1 logged", says=["HIGH · Hate: 1, 1 unacknowledged"])
    h.forget_seen()


def test_a_weekly_one(bare: Harness) -> None:
    h = bare.start(policy('{name: Weekly, at: {weekday: fri, time: "18:00"}, timezone: Europe/Berlin, to: [leads]}'))
    logged(h, 1)
    go_to(h, DUE)
    h.expect_nothing()
    go_to(h, DUE + timedelta(days=1))
    h.expect_message("#leads", "Digest Weekly: 0 open, 1 logged", says=["Fri 14 Aug 18:00 to Fri 21 Aug 18:00"])


def test_after_an_outage_of_days_only_the_newest_is_sent_for_the_time_of_all(h: Harness) -> None:
    go_to(h, DUE)
    h.expect_message("#leads", NOTHING)
    logged(h, 1)
    go_to(h, DUE + timedelta(days=3, hours=5))
    h.expect_message(
        "#leads",
        "Digest Daily: 0 open, 1 logged",
        says=["Thu 20 Aug 18:00 to Sun 23 Aug 18:00 (Europe/Berlin); earlier digests were not sent"],
    )
    look(h)
    h.expect_nothing()


def test_a_digest_that_is_new_or_moved_waits_for_its_next_turn(h: Harness) -> None:
    go_to(h, DUE - timedelta(hours=1))
    h.change_policy('"18:00"', '"17:30"')
    for _ in range(3):
        look(h)
    h.expect_nothing()
    go_to(h, DUE - timedelta(minutes=30))
    h.expect_message("#leads", NOTHING)
    h.change_policy("name: Daily", "name: Other")
    look(h)
    assert h.count(digests) == 1
    h.expect_nothing()
    go_to(h, DUE + timedelta(hours=23, minutes=30))
    h.expect_message("#leads", "Digest Other: nothing is open, nothing was logged")


@pytest.mark.every_database
def test_two_workers_at_once_send_it_once(h: Harness) -> None:
    h.clock.move_to(DUE)
    h.clock.move(seconds=6)
    other = build(h.core.settings, clock=h.clock, queue=h.queue)
    together(lambda: publish_due_digests(h.core), lambda: publish_due_digests(other))
    other.database.close()
    look(h)
    h.expect_message("#leads", NOTHING)
    assert h.count(bulletins) == 1


def test_a_restart_repeats_nothing(h: Harness) -> None:
    go_to(h, DUE)
    h.expect_message("#leads", NOTHING)
    h.start("")
    look(h)
    h.expect_nothing()


def test_who_dies_while_publishing_loses_nothing(h: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise SystemExit

    h.clock.move_to(DUE)
    with monkeypatch.context() as patch:
        patch.setattr("escalator.services.digests.publish.publish_bulletin", die)
        with pytest.raises(SystemExit):
            publish_due_digests(h.core)
    look(h)
    h.expect_message("#leads", NOTHING)


def test_somebody_who_left_before_it_was_sent_gets_nothing(bare: Harness) -> None:
    h = bare.start(policy('{name: Daily, at: "18:00", timezone: Europe/Berlin, to: [leads, person:vera]}'))
    h.clock.move_to(DUE)
    publish_due_digests(h.core)
    h.policy_file.write_text(h.policy_file.read_text().replace(", person:vera]", "]"))
    h.change_policy("  vera: {name: Vera Lund,  slack: U0VERA, role: viewer}\n", "")
    h.expect_message("#leads", NOTHING)
    assert h.count(deliveries, state="suppressed") == 1


def test_it_is_bounded_however_many_categories_there_are(bare: Harness) -> None:
    many = "".join(f"  c{n}: {{title: Kind {n}, labels: [KIND_{n}]}}\n" for n in range(15))
    text = policy().replace("categories:\n", f"categories:\n{many}")
    h = bare.start(text)
    for n in range(15):
        for copy in range(2 if n == 7 else 1):
            logged(h, 20 + 2 * n + copy, f"KIND_{n}")
    go_to(h, DUE)
    h.expect_message(
        "#leads",
        "Digest Daily: 0 open, 16 logged",
        says=["LOW · Kind 7: 2", "and 5 more"],
        never="LOW · Kind 9: 1",
    )


def test_it_has_the_last_figures_of_streams_queues(bare: Harness) -> None:
    queues = (
        "queues:\n  - {name: Backlog, more_than: 9, notify: [leads]}\n"
        "  - {name: Minors, when: {label: CSAM}, more_than: 9, notify: [leads]}\n"
    )
    digest = '{name: Daily, at: "18:00", timezone: Europe/Berlin, to: [leads, person:ben], when_empty: skip}'
    with StreamDouble(secrets=(STREAM_SECRET,), now=bare.clock.now) as stream:
        h = bare.start(policy(digest, more=queues), STREAM_API_URL=stream.origin)
        h.clock.move_to(DUE - timedelta(minutes=30))
        stream.add_item("one", label=["CSAM"])
        h.clock.move_to(DUE - timedelta(minutes=10))
        watch_queues(h.core)
        go_to(h, DUE)
        text = "Digest Daily: 0 open, 0 logged; items wait in Stream"
        waiting = "Backlog: 1 item waits in Stream, the oldest for 20 min"
        h.expect_message("#leads", text, says=[waiting], never="Minors")
        h.expect_dm("ben", text, says=[waiting, "Minors: 1 item waits in Stream, the oldest for 20 min"])
        stream.items.clear()
        h.clock.move_to(DUE + timedelta(hours=1))
        watch_queues(h.core)
        stream.inject(*[Fault(status=503)] * 2)
        h.clock.move_to(DUE + timedelta(hours=2))
        watch_queues(h.core)
        go_to(h, DUE + timedelta(days=1))
        old = "Backlog: nothing waits in Stream (23 h ago: Stream has not answered since)"
        h.expect_message("#leads", "Digest Daily: 0 open, 0 logged", says=[old])
        h.expect_dm("ben", "Digest Daily: 0 open, 0 logged", says=[old])


def test_as_an_email(bare: Harness) -> None:
    text = policy(DAILY.replace("leads", "box"))
    text = text.replace("destinations:\n", "destinations:\n  box: {email: [box@example.com]}\n")
    with MailDouble() as mail:
        settings = {"SMTP_URL": mail.url, "MAIL_FROM": "alerts@example.com"}
        h = bare.start(text, ESCALATOR_BASE_URL="https://esc.example.com", **settings)
        logged(h, 1)
        go_to(h, DUE)
        [letter] = mail.mails
        assert letter.lead == "Digest Daily: 0 open, 1 logged"
        link = "https://esc.example.com/incidents?state=logged&severity=low"
        assert f"LOW · Uncategorised: 1 · Show: {link}" in letter.text
