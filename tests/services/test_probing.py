"""What is done with what is to be told to a destination that hangs."""

from datetime import UTC, datetime, timedelta

import pytest

from escalator.services.probing import HOST_TIMEOUTS, LINE_TIMEOUTS, PROBE_ENDS, PROBE_PATIENCE, Way, way
from escalator.store.destinations import Health

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
WELL = Health()
FEW, HANGS, HOST_HANGS = Health(LINE_TIMEOUTS - 1), Health(LINE_TIMEOUTS), Health(HOST_TIMEOUTS)


def probed(health: Health, ago: timedelta = timedelta(0)) -> Health:
    return Health(health.timeouts, NOW - ago)


@pytest.mark.parametrize(
    ("line", "host", "has_another_way", "is_expired", "wanted"),
    [
        pytest.param(WELL, WELL, True, False, Way.CALL, id="all is well"),
        pytest.param(FEW, WELL, True, False, Way.CALL, id="a call or two have timed out"),
        pytest.param(FEW, WELL, False, True, Way.CALL, id="what has expired where all is well fails as ever"),
        pytest.param(HANGS, WELL, False, False, Way.PROBE, id="it hangs, and nobody tries it"),
        pytest.param(HANGS, WELL, True, False, Way.PROBE, id="nor does whoever has another way"),
        pytest.param(probed(HANGS), WELL, False, False, Way.WAIT, id="behind a probe"),
        pytest.param(probed(HANGS), WELL, True, False, Way.ELSEWHERE, id="another way is taken at once"),
        pytest.param(probed(HANGS), WELL, False, True, Way.ELSEWHERE, id="nobody waits beyond the end"),
        pytest.param(probed(HANGS, PROBE_ENDS), WELL, True, False, Way.PROBE, id="whoever probed has died"),
        pytest.param(WELL, HOST_HANGS, False, False, Way.PROBE, id="the whole host hangs"),
        pytest.param(probed(WELL), HOST_HANGS, True, False, Way.WAIT, id="a line that may be well is given a moment"),
        pytest.param(probed(WELL, PROBE_PATIENCE), HOST_HANGS, True, False, Way.ELSEWHERE, id="and no more"),
        pytest.param(
            probed(WELL, PROBE_PATIENCE), HOST_HANGS, False, False, Way.WAIT, id="without another way it waits"
        ),
    ],
)
def test_what_is_done(line: Health, host: Health, *, has_another_way: bool, is_expired: bool, wanted: Way) -> None:
    assert way(line, host, NOW, has_another_way=has_another_way, is_expired=is_expired) is wanted
