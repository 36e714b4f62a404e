"""What fits a stored incident follows the policy: whoever may no longer see it does not find it in any list."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from escalator.services.auth.viewer import Viewer, audience_of
from escalator.services.maintenance.visibility_backfill import backfill_visibility
from escalator.store import visibility_backfill
from escalator.store.tables import incidents
from tests.sandboxes import a_core, alert, demo_policy

pytestmark = pytest.mark.every_database

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


def go_through(core):
    core.clock.move(seconds=2)
    backfill_visibility(core)


def fits(core):
    with core.database.reading() as connection:
        return connection.scalar(select(incidents.c.matched_categories))


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


def test_what_is_not_judged_yet_is_hidden_from_who_may_not_see_everything(core):
    use(core, RESTRICTED)
    assert (seen_by(core, "ana"), seen_by(core, "dana")) == (0, 1)


def test_what_is_judged_and_open_to_all_is_seen_again(core):
    use(core, RESTRICTED.replace("labels: [THREAT], reasons: [threat]", "labels: [OTHER], reasons: [other]"))
    assert seen_by(core, "ana") == 0
    go_through(core)
    assert seen_by(core, "ana") == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("title: Danger", "title: Great danger", id="a title"),
        pytest.param("restricted_to: [senior-moderators]", "restricted_to: [moderators]", id="who may see it"),
        pytest.param("labels: [OTHER]", "labels: [other]", id="a label written otherwise"),
        pytest.param("title: Threat,", "title: Threat, content: withhold,", id="the content rule of another"),
        pytest.param("default:", "x-note: nothing\ndefault:", id="something else"),
    ],
)
def test_what_changes_no_restricted_category_hides_nothing_meanwhile(core, old, new):
    text = RESTRICTED.replace("labels: [THREAT], reasons: [threat]", "labels: [OTHER], reasons: [other]")
    use(core, text)
    go_through(core)
    assert seen_by(core, "ana") == 1
    assert old in text
    use(core, text.replace(old, new, 1))
    assert seen_by(core, "ana") == 1


def test_what_an_old_version_has_written_is_judged_again(core):
    use(core, RESTRICTED)
    go_through(core)
    with core.database.writing() as connection:
        connection.execute(
            update(incidents).values(matched_categories="threat", category_rules_digest="of an old version")
        )
    assert seen_by(core, "ana") == 0
    go_through(core)
    assert fits(core) == "danger\nthreat"


def test_what_changes_while_it_is_judged_is_judged_again(core):
    use(core, RESTRICTED)
    with core.database.reading() as connection:
        [known] = visibility_backfill.read_batch(
            connection, visibility_backfill.find_outdated_mark(connection, "~"), 9, core.seal
        )
    with core.database.writing() as connection:
        visibility_backfill.add_categories(
            connection, [replace(known, sealed=b"other facts")], {known.id: {"danger"}}, "~"
        )
    assert fits(core) == "threat"
    go_through(core)
    assert fits(core) == "danger\nthreat"


def test_what_once_fitted_is_never_taken_away(core):
    use(core, RESTRICTED)
    go_through(core)
    use(core, demo_policy())
    go_through(core)
    assert fits(core) == "danger\nthreat"


def test_it_is_done_once_for_each_version(core):
    go_through(core)
    with core.database.writing() as connection:
        connection.execute(update(incidents).values(matched_categories=""))
    go_through(core)
    assert fits(core) == ""


def test_many_are_looked_through_a_batch_at_a_time(core):
    for sample in ("self_harm", "image_violence"):
        alert(core, sample)
    with core.database.writing() as connection:
        connection.execute(update(incidents).values(matched_categories="", category_rules_digest=""))
    core.clock.move(seconds=2)
    backfill_visibility(core, size=1)
    with core.database.reading() as connection:
        assert "" not in set(connection.scalars(select(incidents.c.matched_categories)))


def test_the_newest_are_judged_first(core):
    for sample in ("self_harm", "image_violence"):
        alert(core, sample)
    use(core, RESTRICTED)
    with core.database.reading() as connection:
        [first] = visibility_backfill.read_batch(
            connection, visibility_backfill.find_outdated_mark(connection, "~"), 1, core.seal
        )
        assert first.id == connection.scalar(select(incidents.c.id).order_by(incidents.c.id.desc()).limit(1))


def test_what_is_deleted_keeps_what_fitted_it(core):
    with core.database.writing() as connection:
        connection.execute(update(incidents).values(sealed_facts=None))
    use(core, RESTRICTED)
    go_through(core)
    assert fits(core) == "threat"
    assert seen_by(core, "ana") == 1
