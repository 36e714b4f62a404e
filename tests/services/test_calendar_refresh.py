"""Keeping calendars fresh: what is used while a feed is good, down, broken or empty, and who hears of it."""

import pytest
from sqlalchemy import select

from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.oncall.calendar_refresh import refresh_calendars
from escalator.store import calendars
from escalator.store.tables import audit_records
from escalator.store.tables import calendars as table
from tests.doubles.calendar import SECRET, CalendarDouble
from tests.doubles.http import Fault
from tests.policy.files import minimal
from tests.sandboxes import a_core
from tests.schedules.feeds import HTML, calendar, event

POLICY = minimal(
    ("name: Ana,", "name: Ana Ruiz, email: ana@example.com,"),
    more='schedules:\n  rota: {ical: "${ROTA_URL:-}", people: [eli]}\n',
)
ANA_TODAY = event(
    ":20260820T090000Z", ":20260821T090000Z", "ATTENDEE:mailto:ana@example.com", summary="On call", uid="1"
)
ELI_NEXT = event(":20260821T090000Z", ":20260822T090000Z", summary="Eli", uid="2")
STRANGER = event(":20260820T090000Z", ":20260821T090000Z", "ATTENDEE:mailto:mallory@example.com", summary="?", uid="3")
ANA = calendar(ANA_TODAY, ELI_NEXT)
DOWN = Fault(status=503)
TROUBLE = "calendar:rota"


@pytest.fixture
def server():
    with CalendarDouble(ANA) as double:
        yield double


@pytest.fixture
def core(sqlite_url, tmp_path, server):
    made = a_core(sqlite_url, tmp_path, policy=POLICY, ROTA_URL=server.url)
    yield made
    made.database.close()


def again(core, **later):
    """Let time pass, and refresh what is due then."""
    core.clock.move(**later)
    refresh_calendars(core)


def on_call(core):
    with core.database.reading() as connection:
        return core.policies.running(connection).roster(core.clock.now()).on_schedule("rota")


def feed(core):
    with core.database.reading() as connection:
        return calendars.all_feeds(connection).get("rota")


def troubles(core):
    with core.database.reading() as connection:
        return dict(OperatorAlerts(connection, core.clock.now()).list_open())


def found(core):
    """Return how often alerts were found."""
    with core.database.reading() as connection:
        rows = connection.execute(select(audit_records.c.reason).where(audit_records.c.action == "trouble.found"))
        return [row.reason for row in rows]


def rewrite(core, old, new):
    """Let the policy file change, and the change be taken."""
    file = core.settings.policy_file
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    assert core.policies.offer(core.database).is_new


def test_whom_the_feed_names_is_on_call_when_it_says_so(core):
    assert on_call(core) == ("eli",)
    refresh_calendars(core)
    assert on_call(core) == ("ana",)
    core.clock.move(hours=19)
    assert on_call(core) == ("eli",)
    assert troubles(core) == {}


def test_a_feed_is_asked_for_every_five_minutes_and_not_before(core, server):
    refresh_calendars(core)
    again(core, minutes=4, seconds=59)
    assert len(server.requests) == 1
    again(core, seconds=1)
    assert len(server.requests) == 2


def test_a_changed_policy_counts_at_once(core, server):
    refresh_calendars(core)
    rewrite(core, "email: ana@example.com,", "email: other@example.com,")
    again(core)
    assert len(server.requests) == 2
    assert on_call(core) == ("eli",)
    assert "calendar_names:rota" in troubles(core)


def test_another_address_is_asked_at_once_and_what_the_old_one_said_is_forgotten(core, server):
    refresh_calendars(core)
    rewrite(core, "${ROTA_URL:-}", "${ROTA_URL:-}-moved")
    again(core)
    assert server.requests[-1].path == f"{server.path}-moved"
    assert (feed(core).fetched_at, feed(core).reason) == (None, "http_404")
    assert on_call(core) == ("eli",)
    assert list(troubles(core)) == [TROUBLE]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param((", people: [eli]}", ", people: [eli]}\n  other: {people: [ana]}"), id="nothing else"),
        pytest.param(('ical: "${ROTA_URL:-}", ', ""), id="its address"),
        pytest.param(("${ROTA_URL:-}", "${UNSET:-}"), id="what its address is made of"),
    ],
)
def test_a_calendar_that_is_no_more_leaves_nothing_behind(core, server, change):
    refresh_calendars(core)
    server.feed = HTML
    again(core, minutes=5)
    assert list(troubles(core)) == [TROUBLE]
    rewrite(core, *change)
    again(core)
    is_gone = "other" not in change[1]
    assert (feed(core) is None, troubles(core) == {}) == (is_gone, is_gone)


def test_one_that_is_switched_off_is_never_asked_for(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, policy=POLICY)
    refresh_calendars(core)
    assert feed(core) is None
    assert troubles(core) == {}
    core.database.close()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(DOWN, "http_503", id="its server is down"),
        pytest.param(Fault(status=404), "http_404", id="it is gone"),
        pytest.param(Fault(drop=True), "unreachable", id="nobody answers"),
        pytest.param(Fault(oversized=5 * 1024 * 1024), "too_large", id="it is too large"),
        pytest.param(Fault(status=302, location="ftp://example.com/"), "redirect", id="it has moved to no address"),
        pytest.param(Fault(body=calendar(event(":x", ":y"))), "unreadable", id="nothing in it can be read"),
    ],
)
def test_the_last_good_copy_is_used_and_alarmed_after_a_quarter_of_an_hour(core, server, fault, reason):
    refresh_calendars(core)
    server.inject(*[fault] * 4)
    again(core, minutes=5)
    assert feed(core).reason == reason
    again(core, minutes=5)
    again(core, minutes=5)
    assert troubles(core) == {}
    again(core, minutes=5)
    assert on_call(core) == ("ana",)
    assert troubles(core)[TROUBLE] == (
        f"the calendar of rota was last read at 2026-08-20 14:03 UTC ({reason}); that copy is used until then"
    )
    again(core, minutes=5)
    assert (feed(core).failing_since, feed(core).reason, troubles(core)) == (None, "", {})
    assert found(core) == [TROUBLE]


def test_the_last_good_copy_is_read_anew_while_the_feed_is_down(core, server):
    far = event(":20261201T090000Z", ":20261202T090000Z", summary="ana", uid="far")
    server.feed = calendar(ANA_TODAY, far)
    refresh_calendars(core)
    server.inject(DOWN)
    again(core, days=102, hours=19)
    assert on_call(core) == ("ana",)


def test_a_page_instead_of_a_calendar_is_alarmed_at_once_while_the_last_good_copy_is_used(core, server):
    refresh_calendars(core)
    server.feed = HTML
    again(core, minutes=5)
    assert on_call(core) == ("ana",)
    assert "not_a_calendar" in troubles(core)[TROUBLE]


def test_a_feed_that_was_never_read_is_alarmed_at_once(core, server):
    server.inject(DOWN)
    refresh_calendars(core)
    assert on_call(core) == ("eli",)
    assert troubles(core)[TROUBLE] == (
        "the calendar of rota could never be read (http_503); until it can, the schedule's own people are on call"
    )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param(calendar(), "empty", id="without any event"),
        pytest.param(calendar(event(":20260810T090000Z", ":20260820T140000Z")), "empty", id="with events of the past"),
        pytest.param(calendar(event(":20270810T090000Z", ":20270820T140000Z")), "empty", id="with events of next year"),
        pytest.param(ANA.replace("VERSION:2.0", "METHOD:CANCEL"), "cancelled", id="that takes itself back"),
        pytest.param(
            calendar(ANA_TODAY.replace("SUMMARY", "STATUS:CANCELLED\r\nSUMMARY")), "empty", id="all cancelled"
        ),
    ],
)
def test_a_feed_that_names_nobody_is_alarmed_at_once_and_the_people_of_the_schedule_serve(core, server, said, reason):
    refresh_calendars(core)
    server.feed = said
    again(core, minutes=5)
    assert on_call(core) == ("eli",)
    assert troubles(core)[TROUBLE] == (
        f"the calendar of rota has no future shifts ({reason}); until it does, the schedule's own people are on call"
    )
    server.feed = ANA
    again(core, minutes=5)
    assert on_call(core) == ("ana",)
    assert troubles(core) == {}


def test_an_empty_feed_is_no_good_copy(core, server):
    refresh_calendars(core)
    server.feed = calendar()
    again(core, minutes=5)
    server.inject(DOWN)
    again(core, minutes=5)
    assert on_call(core) == ("ana",)


def test_a_feed_that_was_down_and_now_names_nobody_is_alarmed_anew(core, server):
    refresh_calendars(core)
    server.inject(*[DOWN] * 4)
    for _ in range(4):
        again(core, minutes=5)
    server.feed = calendar()
    again(core, minutes=5)
    again(core, minutes=5)
    assert found(core) == [TROUBLE, TROUBLE]


def test_an_address_that_is_none_is_alarmed_at_once(core):
    rewrite(core, "${ROTA_URL:-}", "file:///etc/passwd")
    refresh_calendars(core)
    assert "(no_address)" in troubles(core)[TROUBLE]


def test_events_that_name_nobody_are_counted_and_no_name_is_told(core, server):
    server.feed = calendar(STRANGER, ELI_NEXT, event(":soon", ":20260822T090000Z", uid="4"))
    refresh_calendars(core)
    assert on_call(core) == ("eli",)
    assert feed(core).reason == ""
    assert troubles(core) == {
        "calendar_names:rota": "the calendar of rota: 1 future events name nobody in the policy who may acknowledge, "
        "1 cannot be read"
    }
    server.feed = ANA
    again(core, minutes=5)
    assert troubles(core) == {}


def test_events_that_name_only_a_viewer_are_counted_and_the_people_of_the_schedule_serve(core):
    rewrite(core, "email: ana@example.com,", "email: ana@example.com, role: viewer,")
    refresh_calendars(core)
    assert on_call(core) == ("eli",)
    assert "1 future events name nobody in the policy who may acknowledge" in troubles(core)["calendar_names:rota"]


def test_neither_the_address_nor_what_the_feed_says_stands_open_anywhere(core, server, capfd):
    server.feed = calendar(STRANGER, ANA_TODAY)
    refresh_calendars(core)
    server.inject(DOWN)
    again(core, minutes=20)
    with core.database.reading() as connection:
        row = connection.execute(select(table)).one()
        told = repr(connection.execute(select(audit_records)).all())
    logged = "".join(capfd.readouterr())
    for hidden in (SECRET, "mallory", "ana@example.com"):
        assert hidden not in repr(row) + told + logged + repr(troubles(core))
    assert b"mallory" in core.seal.open(row.sealed_feed)


def test_a_feed_that_another_process_is_refreshing_is_left_to_it(core, server, sqlite_url, tmp_path):
    other = a_core(sqlite_url, tmp_path, policy=POLICY, ROTA_URL=server.url)
    server.meanwhile = lambda: refresh_calendars(other)
    refresh_calendars(core)
    assert len(server.requests) == 1
    assert on_call(other) == ("ana",)
    other.database.close()


def test_a_copy_that_no_key_opens_any_more_is_none(core, server, sqlite_url, tmp_path):
    refresh_calendars(core)
    other = a_core(sqlite_url, tmp_path, policy=POLICY, ROTA_URL=server.url, SECRET_KEY="another")
    other.clock.move(minutes=5)
    server.inject(DOWN)
    refresh_calendars(other)
    assert on_call(other) == ("eli",)
    other.database.close()
