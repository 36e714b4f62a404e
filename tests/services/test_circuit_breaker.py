"""What is done with what is to be told at an endpoint that hangs."""

from datetime import UTC, datetime, timedelta

import pytest

from escalator.services.outbound.circuit_breaker import (
    ENDPOINT_TIMEOUTS,
    HOST_TIMEOUTS,
    PROBE_ENDS,
    PROBE_PATIENCE,
    BreakerDecision,
    decide,
)
from escalator.store.endpoint_health import EndpointState

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
WELL = EndpointState()
FEW, HANGS, HOST_HANGS = (
    EndpointState(ENDPOINT_TIMEOUTS - 1),
    EndpointState(ENDPOINT_TIMEOUTS),
    EndpointState(HOST_TIMEOUTS),
)


def probed(health: EndpointState, ago: timedelta = timedelta(0)) -> EndpointState:
    return EndpointState(health.consecutive_timeouts, NOW - ago)


@pytest.mark.parametrize(
    ("endpoint", "host", "has_fallback", "is_expired", "wanted"),
    [
        pytest.param(WELL, WELL, True, False, BreakerDecision.CALL, id="all is well"),
        pytest.param(FEW, WELL, True, False, BreakerDecision.CALL, id="a call or two have timed out"),
        pytest.param(
            FEW, WELL, False, True, BreakerDecision.CALL, id="what has expired where all is well fails as ever"
        ),
        pytest.param(HANGS, WELL, False, False, BreakerDecision.PROBE, id="it hangs, and nobody tries it"),
        pytest.param(HANGS, WELL, True, False, BreakerDecision.PROBE, id="nor does whoever has a fallback"),
        pytest.param(probed(HANGS), WELL, False, False, BreakerDecision.WAIT, id="behind a probe"),
        pytest.param(probed(HANGS), WELL, True, False, BreakerDecision.FALL_BACK, id="its fallback is told at once"),
        pytest.param(probed(HANGS), WELL, False, True, BreakerDecision.FALL_BACK, id="nobody waits beyond the end"),
        pytest.param(probed(HANGS, PROBE_ENDS), WELL, True, False, BreakerDecision.PROBE, id="whoever probed has died"),
        pytest.param(WELL, HOST_HANGS, False, False, BreakerDecision.PROBE, id="the whole host hangs"),
        pytest.param(
            probed(WELL),
            HOST_HANGS,
            True,
            False,
            BreakerDecision.WAIT,
            id="an endpoint that may be well is given a moment",
        ),
        pytest.param(
            probed(WELL, PROBE_PATIENCE), HOST_HANGS, True, False, BreakerDecision.FALL_BACK, id="and no more"
        ),
        pytest.param(
            probed(WELL, PROBE_PATIENCE),
            HOST_HANGS,
            False,
            False,
            BreakerDecision.WAIT,
            id="without a fallback it waits",
        ),
    ],
)
def test_what_is_done(
    endpoint: EndpointState, host: EndpointState, *, has_fallback: bool, is_expired: bool, wanted: BreakerDecision
) -> None:
    assert decide(endpoint, host, NOW, has_fallback=has_fallback, is_expired=is_expired) is wanted
