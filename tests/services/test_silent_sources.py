"""A source that is silent for far longer than it ever was is told of once, and no more when an event comes."""

from datetime import timedelta

import pytest
from uuid6 import uuid7

from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.monitoring.silent_sources import check_silent_sources
from escalator.store import events, source_activity
from escalator.store.events import EventState, StoredEvent
from escalator.stream import drill, manual_incident, recovered
from tests.sandboxes import a_core, demo_policy


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path)
    yield core
    core.database.close()


@pytest.fixture
def each(database_url, tmp_path):
    """A core on each database, for what is asked in SQL."""
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()


def comes(core, *ago_h, source="demo", type_="x"):
    """Let events have come so many hours ago."""
    with core.database.writing() as connection:
        for hours in ago_h:
            at = core.clock.now() - timedelta(hours=hours)
            one = uuid7()
            events.insert(connection, StoredEvent(one, source, one.hex, type_, at, EventState.DONE))


def troubles(core):
    check_silent_sources(core)
    with core.database.reading() as connection:
        return dict(OperatorAlerts(connection, core.clock.now()).list_open())


def every(hours, until_h, count):
    """Return the hours ago of so many events, that far apart, the last one that long ago."""
    return [until_h + hours * number for number in range(count)]


@pytest.mark.parametrize(
    ("ago_h", "is_silent"),
    [
        pytest.param(every(0.75, until_h=1.6, count=20), True, id="over twice its longest gap"),
        pytest.param(every(0.75, until_h=1.4, count=20), False, id="not yet twice its longest gap"),
        pytest.param(every(0.01, until_h=0.9, count=20), False, id="less than an hour, however dense it was before"),
        pytest.param(every(0.01, until_h=1.1, count=20), True, id="over an hour, and it was dense before"),
        pytest.param(every(0.75, until_h=1.6, count=19), False, id="too few events to know how it goes"),
        pytest.param([*every(0.01, 3, 20), 9], False, id="it has been silent for longer before"),
        pytest.param([*every(0.01, 13, 20), 9], True, id="the longer silence before was not half as long"),
        pytest.param([*every(0.01, 20, 20), *every(0.01, 24 * 15, 9)], True, id="what was over two weeks ago is past"),
        pytest.param([], False, id="it has never spoken"),
    ],
)
def test_a_silence_is_judged_by_the_longest_one_before(core, ago_h, is_silent):
    comes(core, *ago_h)
    assert list(troubles(core)) == (["silent_source:demo"] if is_silent else [])


def test_a_silent_source_is_told_of_in_words_and_ends_with_the_next_event(each):
    comes(each, *every(0.75, 3, 20))
    assert troubles(each) == {"silent_source:demo": "no event from demo for 3 h; until now, never more than 45 min"}
    each.clock.move(minutes=5)
    assert list(troubles(each)) == ["silent_source:demo"]
    comes(each, 0)
    assert troubles(each) == {}


def in_production(core_of, tmp_path, url, **keys):
    said = "".join(f"    {name}: {value}\n" for name, value in keys.items())
    policy = demo_policy().replace("  demo:\n", f"  demo:\n{said}", 1)
    return core_of(url, tmp_path, policy=policy, ESCALATOR_MODE="production", SLACK_BOT_TOKEN="xoxb-1")


@pytest.mark.parametrize(
    ("keys", "hours", "is_told"),
    [
        pytest.param({}, 23, False, id="not yet a day"),
        pytest.param({}, 24, True, id="a day, unless the policy says another time"),
        pytest.param({"expect_within": "2h"}, 2, True, id="as the policy says"),
        pytest.param({"expect_within": "3d"}, 24, False, id="longer, as the policy says"),
        pytest.param({"mode": "sandbox"}, 48, False, id="the sandbox expects nothing"),
    ],
)
def test_a_source_that_has_never_sent_anything_is_told_in_time(sqlite_url, tmp_path, keys, hours, is_told):
    core = in_production(a_core, tmp_path, sqlite_url, **keys)
    assert troubles(core) == {}
    core.clock.move(hours=hours)
    assert list(troubles(core)) == (["silent_source:demo"] if is_told else [])
    core.database.close()


def test_the_first_event_ends_that_a_source_has_never_sent_any(sqlite_url, tmp_path):
    core = in_production(a_core, tmp_path, sqlite_url)
    troubles(core)
    core.clock.move(hours=25)
    assert "has never sent an event, for 1 d 1 h" in troubles(core)["silent_source:demo"]
    comes(core, 0)
    assert troubles(core) == {}
    core.database.close()


@pytest.mark.parametrize("type_", [drill.TYPE, manual_incident.TYPE, recovered.TYPE])
def test_what_the_product_itself_makes_is_no_event_of_a_source(sqlite_url, tmp_path, type_):
    core = in_production(a_core, tmp_path, sqlite_url)
    comes(core, 0, type_=type_)
    troubles(core)
    core.clock.move(hours=25)
    assert list(troubles(core)) == ["silent_source:demo"]
    core.database.close()


def test_a_source_that_is_off_is_not_expected(sqlite_url, tmp_path):
    policy = demo_policy().replace("${STREAM_API_KEY:-demo-key}", "${STREAM_API_KEY:-}")
    core = a_core(sqlite_url, tmp_path, policy=policy, ESCALATOR_MODE="production", SLACK_BOT_TOKEN="xoxb-1")
    troubles(core)
    core.clock.move(hours=48)
    assert troubles(core) == {}
    core.database.close()


def test_a_source_that_is_taken_out_of_the_policy_is_missed_no_more(core):
    comes(core, *every(0.75, 3, 20))
    assert troubles(core)
    core.settings.policy_file.write_text(demo_policy().replace("  demo:\n", "  other:\n", 1))
    assert core.policies.offer(core.database).is_new
    assert troubles(core) == {}


def test_other_sources_keep_nobody_from_being_missed(core):
    comes(core, *every(0.75, 3, 20))
    comes(core, 0, 1, 2, source="elsewhere")
    assert list(troubles(core)) == ["silent_source:demo"]


def test_what_is_recovered_hides_neither_that_nothing_comes_nor_how_long_it_was_quiet_before(core):
    comes(core, *every(0.75, until_h=1.6, count=20))
    comes(core, *every(0.1, until_h=0, count=20), type_=recovered.TYPE)
    assert list(troubles(core)) == ["silent_source:demo"]


def test_a_gap_is_found_wherever_it_lies_and_what_is_recovered_fills_none(each):
    now, since = each.clock.now(), each.clock.now() - timedelta(hours=24)
    comes(each, 0.1, 0.2, 5.3, 5.4, 5.45, 7)
    comes(each, 2, 2.1, type_=recovered.TYPE)
    with each.database.reading() as connection:
        found = source_activity.longest_gap(connection, "demo", since, now)
    assert found == timedelta(hours=5.3 - 0.2)
