"""Incidents found for somebody: in which order, which of them, and none that they may not see."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalator.model.incident import State
from escalator.model.levels import Mode, Severity
from escalator.store import incident_search
from escalator.store.incident_search import IncidentFilter, SearchTerms
from escalator.store.tables import incidents
from escalator.store.visibility import Audience
from tests.sandboxes import a_core
from tests.store.rows import SILENT, an_incident, write

ALL = IncidentFilter()
EVERYBODY = Audience(frozenset({(), ("threat",)}), is_sandbox=False)


@pytest.fixture
def light(sqlite_url, tmp_path):
    """A process on the lighter database alone, for what both do alike."""
    core = a_core(sqlite_url, tmp_path)
    yield core
    core.database.close()


def due(core, minutes):
    return {"due_at": core.clock.now() + timedelta(minutes=minutes)}


def held(core, minutes):
    return {"state": "acknowledged", "due_kind": "resolve_within", **due(core, minutes)}


def put(core, *rows):
    for number, row in enumerate(rows, start=1001):
        write(core, incidents, an_incident(core, number=number, **row))


def urgent(core, audience=EVERYBODY, wanted=ALL, **page):
    with core.database.reading() as connection:
        found = incident_search.by_urgency(connection, audience, wanted, core.clock.now(), **{"limit": 100, **page})
    return [one.number for one in found]


def newest(core, wanted=ALL, audience=EVERYBODY, **place):
    with core.database.reading() as connection:
        return [
            one.number for one in incident_search.by_number(connection, audience, wanted, **{"limit": 100, **place})
        ]


def test_the_late_are_first_then_the_gravest_then_what_is_due_next(core):
    no_clock = {"state": "acknowledged", **SILENT}
    in_order = [
        {"severity": "medium", **due(core, -9)} | {"state": "triggered"},
        {"severity": "critical", **due(core, 1)},
        {"severity": "critical", **held(core, 30)},
        {"severity": "critical", **no_clock},
        {"severity": "high", **due(core, 2)},
        {"severity": "high", **due(core, 3)},
        {"severity": "unknown", **due(core, 1)},
        {"severity": "medium", **due(core, 2)},
        {"severity": "low", **due(core, 1)},
    ]
    mixed = [in_order[at] for at in (8, 3, 6, 0, 5, 1, 7, 2, 4)]
    put(core, *mixed)
    expected = [1001 + mixed.index(row) for row in in_order]
    assert urgent(core) == expected
    assert urgent(core, limit=4, offset=2) == expected[2:6]


@pytest.mark.parametrize(
    ("seconds", "first"),
    [
        pytest.param(0, 1002, id="falls due now: the graver is first"),
        pytest.param(1, 1002, id="fell due a second ago: it may be firing"),
        pytest.param(2, 1001, id="fell due before: it is late, and first"),
    ],
)
def test_a_deadline_is_late_when_it_should_have_fired(light, seconds, first):
    put(light, {"severity": "low"}, {"severity": "critical", **due(light, 5)})
    light.clock.move(seconds=seconds)
    assert urgent(light)[0] == first


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(IncidentFilter(), [1003, 1002, 1001], id="nothing is asked for"),
        pytest.param(IncidentFilter(states=frozenset({State.TRIGGERED, State.SNOOZED})), [1002, 1001], id="states"),
        pytest.param(IncidentFilter(severities=frozenset({Severity.LOW})), [1003], id="severities"),
        pytest.param(IncidentFilter(modes=frozenset({Mode.PRODUCTION})), [1002], id="modes"),
        pytest.param(IncidentFilter(category="threat"), [1001], id="a category"),
        pytest.param(IncidentFilter(assign="moderators"), [1002], id="whom it is assigned to"),
        pytest.param(IncidentFilter(owner="ana"), [1003], id="an owner"),
        pytest.param(IncidentFilter(source="feeds"), [1002], id="a source"),
        pytest.param(IncidentFilter(is_drill=True), [1003], id="drills"),
        pytest.param(IncidentFilter(is_drill=False), [1002, 1001], id="no drills"),
        pytest.param(IncidentFilter(source="chat", is_drill=False), [1001], id="several things at once"),
        pytest.param(IncidentFilter(sought=SearchTerms(number=1002)), [1002], id="a number"),
        pytest.param(
            IncidentFilter(sought=SearchTerms(1001, "x", owners=frozenset({"ana"}))),
            [1003, 1001],
            id="any that it may be",
        ),
        pytest.param(IncidentFilter(sought=SearchTerms()), [], id="what means nothing"),
        pytest.param(IncidentFilter(sought=SearchTerms(number=2**31)), [], id="a number that there cannot be"),
    ],
)
def test_what_is_asked_for_is_found(light, wanted, found):
    put(
        light,
        {"category": "threat", "route": "Threats at night"},
        {"mode": "production", "assign": "moderators", "source": "feeds"},
        {"owner": "ana", "severity": "low", "drill": "weekly", **held(light, 5)},
    )
    assert newest(light, wanted) == found


def test_a_route_is_found_by_a_part_of_its_name_in_any_case(core):
    put(core, {"route": "Threats at night"}, {"route": "Hate"})
    assert newest(core, IncidentFilter(sought=SearchTerms(route="THREATS"))) == [1001]
    assert newest(core, IncidentFilter(sought=SearchTerms(route="_"))) == []


def test_what_somebody_may_not_see_is_neither_listed_nor_counted_nor_found(core):
    put(
        core,
        {"matched_categories": "threat"},
        {"matched_categories": "csam\nthreat"},
        {"matched_categories": "csam", "category": "csam"},
    )
    assert urgent(core) == newest(core) == newest(core, after=1000) == newest(core, before=1003) == [1001]
    assert (
        newest(core, IncidentFilter(category="csam"))
        == newest(core, IncidentFilter(sought=SearchTerms(number=1003)))
        == []
    )
    with core.database.reading() as connection:
        assert incident_search.count_by_severity(connection, EVERYBODY, IncidentFilter()) == {Severity.HIGH: 1}


def test_who_sees_the_sandbox_alone_finds_nothing_else(core):
    put(core, {"mode": "sandbox"}, {"mode": "production"}, {"mode": "divert"})
    assert newest(core, audience=replace(EVERYBODY, is_sandbox=True)) == [1001]


def test_pages_follow_each_other_in_both_directions(core):
    put(core, *[{} for _each in range(5)])
    assert newest(core, limit=2) == [1005, 1004]
    assert newest(core, limit=2, before=1004) == [1003, 1002]
    assert newest(core, limit=2, after=1003) == [1005, 1004]
    assert newest(core, limit=2, after=1001) == [1003, 1002]


def test_each_severity_is_counted_the_gravest_first(core):
    put(core, {"severity": "low"}, {"severity": "critical"}, {"severity": "low"})
    with core.database.reading() as connection:
        counted = incident_search.count_by_severity(connection, EVERYBODY, IncidentFilter())
    assert list(counted.items()) == [(Severity.CRITICAL, 1), (Severity.LOW, 2)]
