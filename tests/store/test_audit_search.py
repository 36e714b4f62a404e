"""Searching the audit trail: every filter and every two of them, only what may be seen, page by page."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from sqlalchemy import insert

from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.silence import SilenceScope
from escalator.services.core.context import Core
from escalator.store import audit_log, audit_search
from escalator.store.audit_search import AuditQuery
from escalator.store.tables import incidents
from escalator.store.visibility import Audience
from tests.store.rows import an_incident

START = datetime(2026, 8, 20, 14, tzinfo=UTC)
ALL = Audience(frozenset({("spam",), ("self_harm",)}), is_sandbox=False)
MOST = Audience(frozenset({("spam",)}), is_sandbox=False, unknown=frozenset({(SilenceScope.CATEGORY, "self_harm")}))
FILTERS = {
    "actor": "ana",
    "number": 1001,
    "category": "spam",
    "actions": ("incident.acknowledged", "incident.resolved"),
    "via": "slack",
    "since": START + timedelta(seconds=2),
    "until": START + timedelta(seconds=9),
}


@pytest.fixture
def kept(core: Core) -> Core:
    """Twelve records: of two incidents of different categories, and of none, by different people, by different ways."""
    ids = {}
    for number, category in ((1001, "spam"), (1002, "self_harm")):
        row = an_incident(core, number=number, category=category, matched_categories=category)
        ids[number] = row["id"]
        with core.database.writing() as connection:
            connection.execute(insert(incidents).values(row))
    for second in range(12):
        entry = AuditEntry(
            (AuditAction.ACKNOWLEDGED, AuditAction.NOTED, AuditAction.RESOLVED, AuditAction.DELIVERED)[second % 4],
            Actor("person", ("ana", "ben", "ana")[second % 3]),
            ("slack", "dashboard")[second // 3 % 2],
            reason=str(second),
            incident_id=(ids[1001], ids[1002], None)[second // 2 % 3],
        )
        with core.database.writing() as connection:
            audit_log.insert(connection, [(entry, None)], START + timedelta(seconds=second))
    return core


def found(core: Core, search: AuditQuery, audience: Audience = ALL) -> list[int]:
    """Return which of the twelve are found; the policy's own record is none of them."""
    with core.database.reading() as connection:
        return [int(row.reason) for row in audit_search.page_before(connection, audience, search) if row.reason]


def fits(row, name: str) -> bool:
    """Whether a row is what one filter asks for, said without SQL."""
    wanted = FILTERS[name]
    match name:
        case "actor":
            return row.actor_key == wanted
        case "actions":
            return row.action in wanted
        case "since":
            return row.recorded_at >= wanted
        case "until":
            return row.recorded_at < wanted
        case _:
            return getattr(row, name) == wanted


@pytest.mark.parametrize(
    "near",
    [
        pytest.param(20_000, id="all of them are near in time"),
        pytest.param(2, id="most are further away than is looked first"),
    ],
)
def test_every_filter_and_every_two_of_them_find_what_they_ask_for(
    kept: Core, near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "_NEAR", near)
    with kept.database.reading() as connection:
        rows = [row for row in audit_search.page_before(connection, ALL, AuditQuery()) if row.reason]
    assert [row.reason for row in rows] == [str(second) for second in reversed(range(12))]
    for names in (*((name,) for name in FILTERS), *combinations(FILTERS, 2)):
        wanted = [int(row.reason) for row in rows if all(fits(row, name) for name in names)]
        assert found(kept, AuditQuery(**{name: FILTERS[name] for name in names})) == wanted, names
        assert len(names) == 2 or 0 < len(wanted) < 12, "a filter that keeps nothing out asks nothing"


def test_what_is_found_carries_its_incident_and_its_seal(kept: Core) -> None:
    with kept.database.writing() as connection:
        audit_log.chain_new(connection, START + timedelta(seconds=5), 100)
    with kept.database.reading() as connection:
        rows = {row.reason: row for row in audit_search.page_before(connection, ALL, AuditQuery())}
        sealed = {
            line["reason"]: (line["seq"], line["prev_hash"], made)
            for line, made in audit_log.chained_records(connection)
        }
    assert (rows["0"].number, rows["0"].category) == (1001, "spam")
    assert (rows["4"].number, rows["4"].category) == (None, None)
    assert (rows["1"].seq, rows["1"].prev_hash, rows["1"].hash) == sealed["1"]
    assert (rows["11"].seq, rows["11"].prev_hash, rows["11"].hash) == (None, None, None)


@pytest.mark.parametrize(
    "search",
    [AuditQuery(), AuditQuery(number=1002), AuditQuery(category="self_harm"), AuditQuery(actor="ana")],
    ids=["all", "number", "category", "actor"],
)
def test_of_what_somebody_may_not_see_nothing_is_found(kept: Core, search: AuditQuery) -> None:
    with kept.database.reading() as connection:
        assert {row.number for row in audit_search.page_before(connection, MOST, search)} <= {1001, None}
        assert 1002 in {row.number for row in audit_search.page_before(connection, ALL, search)}


def test_a_silence_is_found_by_those_who_may_know_what_it_is_of(core: Core) -> None:
    for name in ("self_harm", "spam", "self_harm_2"):
        begun = AuditEntry(
            AuditAction.SILENCE_BEGUN, Actor("person", "dana"), "cli", after={"author": "dana", "category": name}
        )
        with core.database.writing() as connection:
            audit_log.insert(connection, [(begun, None)], START)
    with core.database.reading() as connection:
        search = AuditQuery(actions=(AuditAction.SILENCE_BEGUN.value,))
        seen = {who: [row.after for row in audit_search.page_before(connection, who, search)] for who in (ALL, MOST)}
    assert len(seen[ALL]) == 3
    assert len(seen[MOST]) == 2
    assert not any('"self_harm"' in after for after in seen[MOST])


@pytest.mark.parametrize(
    "search", [AuditQuery(), AuditQuery(category="spam"), AuditQuery(via="slack")], ids=["all", "of", "via"]
)
@pytest.mark.parametrize("size", [1, 3])
def test_paging_leaves_nothing_out_and_doubles_nothing_while_records_arrive(
    kept: Core, search: AuditQuery, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "_NEAR", 4)
    known = found(kept, search)
    seen: list[int] = []
    place = None
    while True:
        with kept.database.writing() as connection:
            page = audit_search.page_before(connection, ALL, search, place, size)
            arrived = AuditEntry(AuditAction.TROUBLE_FOUND, reason="99")
            audit_log.insert(connection, [(arrived, None)], kept.clock.now() + timedelta(days=1))
        seen += [int(row.reason) for row in page if row.reason]
        if len(page) < size:
            break
        place = audit_search.position_of(page[-1])
    assert seen == known


def test_records_of_one_instant_are_told_apart_by_their_ids(core: Core) -> None:
    with core.database.writing() as connection:
        audit_log.insert(
            connection, [(AuditEntry(AuditAction.NOTED, reason=str(one)), None) for one in range(7)], START
        )
        search = AuditQuery(actions=(AuditAction.NOTED.value,))
        whole = [row.id for row in audit_search.page_before(connection, ALL, search)]
        newest = audit_search.page_before(connection, ALL, search, limit=3)
        rest = audit_search.page_before(connection, ALL, search, audit_search.position_of(newest[-1]))
        back = audit_search.page_after(connection, ALL, search, audit_search.position_of(rest[0]))
    assert [row.id for row in (*newest, *rest)] == whole
    assert [row.id for row in reversed(back)] == [row.id for row in newest]
    assert len(set(whole)) == 7


def test_the_first_page_from_the_other_end_is_the_oldest(kept: Core) -> None:
    with kept.database.reading() as connection:
        rows = audit_search.page_after(connection, ALL, AuditQuery(actor="ana"), limit=2)
    assert [row.reason for row in rows] == ["0", "2"]
