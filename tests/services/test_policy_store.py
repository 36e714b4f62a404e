"""The shelf of policy versions: what was accepted once stays readable, whatever is asked of a policy since."""

import hashlib

import pytest

from escalator.errors import PolicyError
from escalator.policy.parse import parse
from escalator.store import policies
from tests.policy.files import EXAMPLE, minimal
from tests.sandboxes import a_core

ENDS_IN_SILENCE = minimal(("path: urgent}", "path: quiet}"), ("paths:\n", "paths:\n  quiet: []\n"))
"""A critical incident may end on a path without steps: refused today, as it might not have been yesterday."""


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()


def activated(core, text):
    """Let a version run that some version of the product has accepted."""
    with core.database.writing() as connection:
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        return policies.activate(connection, text, sha256, "file", core.clock.now())


def test_a_version_that_was_accepted_is_not_judged_again_by_a_process_that_has_not_read_it(core):
    assert parse(ENDS_IN_SILENCE, {}).errors
    version = activated(core, ENDS_IN_SILENCE)
    with core.database.reading() as connection:
        running = core.policies.running(connection)
    assert running.version == version
    assert running.policy.routes[0].path == "quiet"


def test_a_version_read_again_is_the_policy_that_was_accepted(core):
    version = activated(core, EXAMPLE)
    with core.database.reading() as connection:
        assert core.policies.version(connection, version) == parse(EXAMPLE, {}).policy


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("version: 1\nsources: [", id="no YAML"),
        pytest.param(minimal(more="surprise: yes\n"), id="a key that this version does not know"),
        pytest.param(minimal(("after: 5m", "after: soon")), id="a value that this version cannot read"),
        pytest.param(minimal(("default: urgent\n", "")), id="a section that is not there"),
        pytest.param(minimal(("name: Ana,", "name: Ana, name: Eva,")), id="a key that is written twice"),
    ],
)
def test_a_version_that_cannot_be_read_is_an_error_and_never_a_guess(core, text):
    version = activated(core, text)
    with core.database.reading() as connection, pytest.raises(PolicyError):
        core.policies.version(connection, version)
