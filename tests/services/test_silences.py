"""Silences as they are begun and ended by people who really are who they say, and by people of the sandbox."""

from datetime import timedelta

import pytest

from escalator.services.silences import manage
from escalator.services.silences.manage import SilenceRefused, SilenceRequest
from tests.sandboxes import a_core


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path)
    yield core
    core.database.close()


@pytest.mark.parametrize(
    ("begun", "ended", "is_over"),
    [
        pytest.param("slack", "sandbox", False, id="what was said for real is not ended in the sandbox"),
        pytest.param("sandbox", "sandbox", True, id="what the sandbox has said is"),
        pytest.param("slack", "dashboard", True, id="what was said for real is ended for real"),
        pytest.param("sandbox", "dashboard", True, id="and so is what the sandbox has said"),
    ],
)
def test_a_silence_is_ended_where_it_may_be(core, begun, ended, is_over):
    silence = manage.create_silence(core, SilenceRequest("threat", timedelta(minutes=30), "Maintenance", "dana", begun))
    over = manage.end_silence(core, manage.handle_of(silence), "dana", ended)
    assert isinstance(over, SilenceRefused) is not is_over
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        assert len(manage.list_silences(core, connection, running)) == (0 if is_over else 1)
