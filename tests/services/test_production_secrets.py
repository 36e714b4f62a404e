"""Production without the secrets that its policy needs: refused at the start, and as a new policy at run time."""

import pytest

from escalator.bootstrap import build
from escalator.errors import ConfigurationError
from escalator.services.core.production_secrets import require_secrets
from escalator.settings import read_settings
from escalator.store import policies
from tests.fakes import FakeClock
from tests.policy.files import MINIMAL, minimal

SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "signed"}
WITH_MAIL = minimal(('{slack: "#alerts", urgent: true}', "{email: [a@example.com], urgent: true}"))
WITH_NAME = minimal(("key: key", 'key: "${STREAM_API_KEY}"'))


@pytest.fixture
def start(sqlite_url, tmp_path):
    """Start a process on this database with that file and environment."""
    cores = []

    def started(text, mode="production", **env):
        file = tmp_path / "escalation.yml"
        file.unlink(missing_ok=True)
        if text:
            file.write_text(text)
        values = {"DATABASE_URL": sqlite_url, "ESCALATOR_POLICY": str(file), "SECRET_KEY": "k", "ESCALATOR_MODE": mode}
        core = build(read_settings(values | env), clock=FakeClock())
        cores.append(core)
        return core

    yield started
    for core in cores:
        core.database.close()


def refused(core):
    try:
        require_secrets(core)
    except ConfigurationError as error:
        return [problem.partition(":")[0] for problem in error.problems]
    return []


def test_a_production_that_has_everything_starts(start):
    assert refused(start(MINIMAL, **SLACK)) == []


@pytest.mark.parametrize("mode", ["sandbox", "divert"])
def test_where_nobody_real_is_told_nothing_is_needed(start, mode):
    assert refused(start(MINIMAL, mode)) == []


def test_what_the_file_needs_is_named(start):
    assert refused(start(MINIMAL)) == list(SLACK)
    assert refused(start(WITH_MAIL, **SLACK)) == ["SMTP_URL", "MAIL_FROM", "ESCALATOR_BASE_URL"]
    assert refused(start(WITH_NAME, **SLACK)) == ["escalation.yml"]
    assert refused(start(WITH_NAME, **SLACK, STREAM_API_KEY="key")) == []


def test_a_policy_that_came_in_the_sandbox_is_asked_about_when_the_mode_is_production(start):
    before = start(MINIMAL, "sandbox")
    assert before.policies.offer(before.database).is_new
    assert refused(start(MINIMAL)) == list(SLACK)
    assert refused(start("")) == list(SLACK), "the active version runs when there is no file"
    assert refused(start("no policy")) == list(SLACK), "and when the file is none"


def test_a_new_policy_that_lacks_a_secret_is_refused_and_the_last_good_one_goes_on(start):
    core = start(MINIMAL, **SLACK)
    assert core.policies.offer(core.database).is_new
    core.settings.policy_file.write_text(WITH_MAIL)
    offered = core.policies.offer(core.database)
    assert not offered.is_new
    assert [problem.path for problem in offered.problems] == ["SMTP_URL", "MAIL_FROM", "ESCALATOR_BASE_URL"]
    with core.database.reading() as connection:
        assert policies.text_of(connection, policies.active_id(connection)) == MINIMAL
    assert refused(start(WITH_MAIL, **SLACK)) == [], "a restart goes on with the last good one as well"


def test_a_database_that_is_away_or_empty_keeps_nobody_from_starting(start, tmp_path):
    for url in ("postgresql://127.0.0.1:1/none", f"sqlite:///{tmp_path}/new.db"):
        assert refused(start(MINIMAL, DATABASE_URL=url, **SLACK)) == []
        assert refused(start("", DATABASE_URL=url)) == []
        assert refused(start(MINIMAL, DATABASE_URL=url)) == list(SLACK)
