from datetime import UTC, datetime

import pytest

from escalator.stream.timestamps import parse_instant

NOON = datetime(2026, 8, 20, 12, 0, 0, 123456, UTC)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("2026-08-20T12:00:00.123456Z", id="UTC"),
        pytest.param("2026-08-20T14:00:00.123456+02:00", id="an offset east"),
        pytest.param("2026-08-20T07:30:00.123456-04:30", id="an offset west"),
        pytest.param("2026-08-20T12:00:00.123456789Z", id="nine fractional digits are cut"),
        pytest.param("2026-08-20t12:00:00.123456z", id="lower case, which RFC 3339 allows"),
        pytest.param("2026-08-20 12:00:00.123456", id="no offset means UTC"),
        pytest.param(1787227200123456789, id="unix nanoseconds"),
        pytest.param(1787227200123456000.0, id="unix nanoseconds as a float"),
        pytest.param({"Time": "2026-08-20T12:00:00.123456Z", "Valid": True}, id="NullTime of Go"),
        pytest.param({"HasValue": True, "Value": 1787227200123456789}, id="NullTime of the SDKs"),
    ],
)
def test_reads_every_encoding(written: object) -> None:
    assert parse_instant(written) == NOON


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(None, id="null"),
        pytest.param("", id="empty"),
        pytest.param("yesterday", id="a word"),
        pytest.param("2026-13-45T25:61:00Z", id="no date"),
        pytest.param(True, id="a truth"),
        pytest.param([], id="a list"),
        pytest.param({}, id="an empty object"),
        pytest.param({"Time": "2026-08-20T12:00:00Z", "Valid": False}, id="a NullTime that is not set"),
        pytest.param({"Time": {"Time": "2026-08-20T12:00:00Z"}}, id="an object in an object"),
        pytest.param("0001-01-01T00:00:00Z", id="Go's zero time"),
        pytest.param(-6795364578871345152, id="Go's zero time in nanoseconds"),
        pytest.param(0, id="the epoch, which is no time here"),
        pytest.param("9999-12-31T23:59:59-14:00", id="past the end of the calendar"),
        pytest.param("0001-01-01T00:00:00+14:00", id="before its beginning"),
        pytest.param(10**400, id="beyond any float"),
        pytest.param(-(10**30), id="far before"),
        pytest.param(float("inf"), id="infinite"),
        pytest.param(float("nan"), id="no number"),
    ],
)
def test_what_is_no_time_is_none(written: object) -> None:
    assert parse_instant(written) is None
