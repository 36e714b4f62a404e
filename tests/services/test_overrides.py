"""Overrides made by clicking: who may make them, what is refused, and that every rota knows of them at once."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from escalator.model.audit import AuditAction
from escalator.model.levels import Role
from escalator.model.schedule import ManualOverride
from escalator.services.oncall import overrides
from escalator.services.oncall.overrides import OverrideProblem, OverrideRefused, OverrideRequest
from escalator.store.tables import audit_records
from tests.fakes import START
from tests.sandboxes import a_core, demo_policy

HOUR = timedelta(hours=1)
ROTA = """
schedules:
  turns: {timezone: Europe/Madrid, people: [ana]}
  seniors: {people: [dana]}
"""


def policy():
    text = demo_policy().replace("{members: [ana, ben]}", "{members: [ana, ben], schedule: turns}")
    text = text.replace("{members: [dana]", "{members: [dana], schedule: seniors")
    text = text.replace(
        "content: withhold, stream_review", "content: withhold, restricted_to: [senior-moderators], stream_review"
    )
    return text.replace("  eli:", "  vera: {name: Vera Lind, email: vera@example.com, role: viewer}\n  eli:") + ROTA


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path, policy=policy())
    yield core
    core.database.close()


def running(core):
    with core.database.reading() as connection:
        return core.policies.running(connection)


def begin(core, by="dana", person="ben", schedule="turns", start=START, end=START + HOUR, via="dashboard"):
    return overrides.create_override(
        core, OverrideRequest(schedule, person, start, end), running(core).policy.people[by], via
    )


def end(core, one, by="dana"):
    return overrides.end_override(core, one.id, running(core).policy.people[by], "dashboard")


def on_call(core, schedule="turns"):
    return running(core).roster(core.clock.now()).on_schedule(schedule)


def written(core, action):
    with core.database.reading() as connection:
        found = connection.execute(audit_records.select().where(audit_records.c.action == action.value)).all()
    return [(row.actor_key, row.via, row.after) for row in found]


def test_who_is_put_on_call_is_on_call_until_the_end(core):
    assert on_call(core) == ("ana",)
    assert isinstance(begin(core), ManualOverride)
    assert on_call(core) == ("ben",)
    core.clock.move(minutes=59, seconds=59)
    assert on_call(core) == ("ben",)
    core.clock.move(seconds=1)
    assert on_call(core) == ("ana",)


def test_it_is_recorded_by_keys(core):
    one = begin(core)
    end(core, one)
    after = '{{"from": "2026-08-20T14:03:10+00:00", "person": "ben", "schedule": "turns", "to": "{}"}}'
    assert written(core, AuditAction.OVERRIDE_BEGUN) == [
        ("dana", "dashboard", after.format("2026-08-20T15:03:10+00:00"))
    ]
    assert written(core, AuditAction.OVERRIDE_ENDED) == [
        ("dana", "dashboard", after.format("2026-08-20T14:03:10+00:00"))
    ]


def test_of_two_the_newer_counts_and_taken_back_the_older_again(core):
    begin(core, person="ben")
    newer = begin(core, person="eli")
    assert on_call(core) == ("eli",)
    end(core, newer)
    assert on_call(core) == ("ben",)


def test_what_is_clicked_goes_before_what_the_file_says(database_url, tmp_path):
    said = "people: [ana], overrides: [{person: dana, from: 2026-08-20T00:00, to: 2026-08-21T00:00}]"
    core = a_core(database_url, tmp_path, policy=policy().replace("people: [ana]}", said + "}"))
    assert on_call(core) == ("dana",)
    begin(core)
    assert on_call(core) == ("ben",)
    core.database.close()


def test_what_has_passed_stays_as_it_was(core):
    one = begin(core, start=START - HOUR)
    assert one.start == START


def test_a_team_is_answered_for_by_who_stands_in_from_elsewhere(core):
    begin(core, person="eli")
    now = running(core)
    assert now.roster(START).on_team(now.policy.teams["moderators"]) == ("eli",)


def test_who_has_left_the_policy_stands_in_for_nobody(core, database_url, tmp_path):
    begin(core, person="ben")
    file = core.settings.policy_file
    file.write_text(policy().replace("  ben:", "  bo:").replace("[ana, ben]", "[ana, bo]"))
    core.policies.offer(core.database)
    assert on_call(core) == ("ana",)


def test_what_was_clicked_in_the_sandbox_counts_only_there(core, database_url, tmp_path):
    begin(core, via="sandbox")
    assert on_call(core) == ("ben",)
    real = a_core(database_url, tmp_path, policy=policy(), ESCALATOR_MODE="divert")
    assert on_call(real) == ("ana",)
    begin(real, person="eli")
    assert on_call(real) == ("eli",)
    real.database.close()


SELF, OTHER = "self", "other"
MAY = {
    Role.VIEWER: set(),
    Role.AUDITOR: set(),
    Role.MODERATOR: {SELF},
    Role.SENIOR: {SELF, OTHER},
    Role.ADMIN: {SELF, OTHER},
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("whom", [SELF, OTHER])
def test_a_moderator_may_put_themself_on_call_and_a_senior_anybody(sqlite_url, tmp_path, role, whom):
    text = policy().replace("timezone: Europe/London}", f"timezone: Europe/London, role: {role.value}}}")
    core = a_core(sqlite_url, tmp_path, policy=text)
    done = begin(core, by="ben", person="ben" if whom == SELF else "ana")
    assert isinstance(done, ManualOverride) is (whom in MAY[role])
    assert isinstance(done, ManualOverride) or done.problem is OverrideProblem.ROLE
    core.database.close()


@pytest.mark.parametrize(
    ("author", "by", "may"),
    [
        pytest.param("ben", "ben", True, id="a moderator their own"),
        pytest.param("dana", "ben", False, id="but not what a senior has begun for them"),
        pytest.param("ben", "dana", True, id="a senior anybody's"),
        pytest.param("dana", "eli", True, id="an admin as well"),
        pytest.param("ben", "vera", False, id="a viewer none"),
    ],
)
def test_an_override_is_taken_back(core, author, by, may):
    done = end(core, begin(core, by=author), by=by)
    assert isinstance(done, ManualOverride) is may
    assert on_call(core) == (("ana",) if may else ("ben",))


@pytest.mark.parametrize(
    ("wanted", "wrong"),
    [
        pytest.param({"schedule": "none"}, OverrideProblem.SCHEDULE, id="a schedule that is not there"),
        pytest.param(
            {"schedule": "seniors", "by": "ben"}, OverrideProblem.SCHEDULE, id="one of a restricted team, to others"
        ),
        pytest.param({"person": "zoe"}, OverrideProblem.PERSON, id="nobody of the policy"),
        pytest.param({"person": "vera"}, OverrideProblem.PERSON, id="who could not acknowledge"),
        pytest.param({"end": START}, OverrideProblem.SPAN, id="it ends when it begins"),
        pytest.param({"start": START + 2 * HOUR}, OverrideProblem.SPAN, id="it ends before it begins"),
        pytest.param({"start": START - 2 * HOUR, "end": START}, OverrideProblem.SPAN, id="it is over"),
        pytest.param({"end": START + timedelta(days=31, seconds=1)}, OverrideProblem.SPAN, id="longer than 31 days"),
        pytest.param(
            {"start": START + timedelta(days=400), "end": START + timedelta(days=401)},
            OverrideProblem.SPAN,
            id="too far ahead",
        ),
    ],
)
def test_what_cannot_be_meant_changes_nothing(core, wanted, wrong):
    done = begin(core, **wanted)
    assert isinstance(done, OverrideRefused)
    assert done.problem is wrong
    assert (on_call(core), written(core, AuditAction.OVERRIDE_BEGUN)) == (("ana",), [])


def test_thirty_one_days_are_so_many_days_of_the_schedules_zone(core):
    # In Madrid the 25th of October has 25 hours.
    start = datetime(2026, 10, 10, 7, tzinfo=UTC)
    assert isinstance(begin(core, start=start, end=start + timedelta(days=31, hours=1)), ManualOverride)


def test_what_is_over_is_not_taken_back(core):
    one = begin(core)
    core.clock.move(hours=1)
    assert end(core, one).problem is OverrideProblem.GONE
    assert (
        overrides.end_override(core, uuid4(), running(core).policy.people["eli"], "dashboard").problem
        is OverrideProblem.GONE
    )


def test_it_is_taken_back_once(core):
    one = begin(core)
    end(core, one)
    assert end(core, one).problem is OverrideProblem.GONE


def test_of_the_past_it_is_known_who_really_stood_in(core):
    one = begin(core)
    core.clock.move(minutes=20)
    end(core, one)
    core.clock.move(hours=3)
    taken_back_before_it_began = begin(core, start=core.clock.now() + HOUR, end=core.clock.now() + 2 * HOUR)
    end(core, taken_back_before_it_began)
    with core.database.reading() as connection:
        (found,) = core.policies.stand_ins(connection, START)
    assert (found.start, found.end) == (START, START + timedelta(minutes=20))
