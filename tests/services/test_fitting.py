"""What fits a stored incident follows the policy: whoever may no longer see it does not find it in any list."""

import pytest
from sqlalchemy import func, select, update

from escalator.services.fitting import refit
from escalator.services.signing_in.viewer import Viewer, audience_of
from escalator.store import processes
from escalator.store.tables import incidents
from tests.sandboxes import a_core, alert, demo_policy

RESTRICTED = demo_policy().replace(
    "categories:\n",
    "categories:\n  danger: {title: Danger, labels: [THREAT], reasons: [threat], restricted_to: [senior-moderators]}\n",
)


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path)
    alert(core)
    yield core
    core.database.close()


def use(core, text):
    core.settings.policy_file.write_text(text)
    assert core.policies.offer(core.database).is_new


def go_through(core, *, settled_s=21):
    core.clock.move(seconds=settled_s)
    refit(core)


def fits(core):
    with core.database.reading() as connection:
        return connection.scalar(select(incidents.c.fits))


def seen_by(core, person):
    with core.database.reading() as connection:
        policy = core.policies.required(connection).policy
        audience = audience_of(connection, Viewer(policy.people[person]), policy)
        return connection.scalar(select(func.count()).select_from(incidents).where(audience.may_see()))


def test_a_category_that_is_new_hides_what_is_stored_already(core):
    assert seen_by(core, "ana") == 1
    use(core, RESTRICTED)
    go_through(core)
    assert fits(core) == "danger\nthreat"
    assert (seen_by(core, "ana"), seen_by(core, "dana")) == (0, 1)


def test_what_once_fitted_is_never_taken_away(core):
    use(core, RESTRICTED)
    go_through(core)
    use(core, demo_policy())
    go_through(core)
    assert fits(core) == "danger\nthreat"


def test_a_version_is_waited_for_until_nobody_decides_by_the_one_before(core):
    use(core, RESTRICTED)
    go_through(core, settled_s=19)
    assert fits(core) == "threat"
    go_through(core, settled_s=2)
    assert fits(core) == "danger\nthreat"


def test_it_is_done_once_for_each_version(core):
    go_through(core)
    with core.database.writing() as connection:
        connection.execute(update(incidents).values(fits=""))
    go_through(core)
    assert fits(core) == ""


def test_many_are_looked_through_a_batch_at_a_time(core):
    for sample in ("self_harm", "image_violence"):
        alert(core, sample)
    with core.database.writing() as connection:
        connection.execute(update(incidents).values(fits=""))
    core.clock.move(seconds=21)
    refit(core, size=1)
    with core.database.reading() as connection:
        assert processes.recall(connection, "fits").endswith(" done")
        assert "" not in set(connection.scalars(select(incidents.c.fits)))


def test_what_is_deleted_keeps_what_fitted_it(core):
    with core.database.writing() as connection:
        connection.execute(update(incidents).values(sealed_facts=None))
    use(core, RESTRICTED)
    go_through(core)
    assert fits(core) == "threat"
