"""The installation that every scenario plays on, once on each database."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.slack import SlackDouble
from tests.fakes import InlineExecutor
from tests.scenarios.harness import Harness
from tests.scenarios.log import Log
from tests.scenarios.turnstile import Turnstile


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double


@pytest.fixture
def bare(database_url: str, slack: SlackDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    """An installation that the scenario starts itself, in the mode and with the policy that it is about."""
    monkeypatch.setattr("web.slack.ThreadPoolExecutor", InlineExecutor)
    with Log().listening() as log:
        harness = Harness(database_url, slack, tmp_path, log)
        try:
            yield harness
            harness.finish()
        finally:
            harness.stop()
            sys.stdout.write(log.text)


@pytest.fixture
def h(bare: Harness) -> Harness:
    """A running installation, in production, with the policy of the scenarios."""
    return bare.start()


@pytest.fixture
def turnstile(h: Harness) -> Turnstile:
    """The pace of Slack in that installation, in the hands of the scenario."""
    return Turnstile.of(h)
