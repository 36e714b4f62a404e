"""The coverage of the running policy is worked out once an hour, and anew when who is on call changes."""

from datetime import timedelta

import pytest

from escalator.services.oncall import overrides
from escalator.services.oncall.overrides import OverrideRequest
from escalator.services.policies.coverage_cache import CoverageCache
from tests.fakes import START
from tests.sandboxes import a_core, demo_policy

ROTA = "\nschedules:\n  turns: {people: [ana]}\n"


@pytest.fixture
def core(sqlite_url, tmp_path):
    text = demo_policy().replace("{members: [ana, ben]}", "{members: [ana, ben], schedule: turns}")
    core = a_core(sqlite_url, tmp_path, policy=text + ROTA)
    yield core
    core.database.close()


def running(core):
    with core.database.reading() as connection:
        return core.policies.running(connection)


def test_it_is_made_once_within_the_hour(core):
    shelf = CoverageCache()
    first = shelf.ask(running(core), START)
    assert shelf.ask(running(core), START + timedelta(minutes=50)) is first
    assert shelf.ask(running(core), START + timedelta(hours=1)) is not first


def test_an_override_makes_it_anew_and_is_counted(core):
    shelf = CoverageCache()
    before = shelf.ask(running(core), START).result(30)
    dana = running(core).policy.people["dana"]
    overrides.create_override(
        core, OverrideRequest("turns", "ben", START, START + timedelta(days=1)), dana, "dashboard"
    )
    after = shelf.ask(running(core), START).result(30)
    assert before.handovers == ()
    assert [(one.off, one.on) for one in after.handovers] == [(("ana",), ("ben",)), (("ben",), ("ana",))]


def test_what_failed_is_tried_again(core):
    shelf = CoverageCache()
    broken = shelf.ask(running(core), START.replace(tzinfo=None))
    assert broken.exception(30) is not None
    assert shelf.ask(running(core), START.replace(tzinfo=None)) is not broken
