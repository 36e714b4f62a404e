"""What is the same of every vendor's HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalator.channels.rate_limits import LONGEST_RETRY_AFTER, retry_after

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        pytest.param("120", timedelta(minutes=2), id="in seconds"),
        pytest.param("Wed, 21 Oct 2026 07:28:30 GMT", timedelta(seconds=30), id="until an instant"),
        pytest.param("Wednesday, 21-Oct-26 07:28:30 GMT", timedelta(seconds=30), id="as RFC 850 wrote it"),
        pytest.param("Wed Oct 21 07:28:30 2026", timedelta(seconds=30), id="as C writes it"),
        pytest.param("Wed, 21 Oct 2026 07:27:00 GMT", timedelta(), id="until an instant that is over"),
        pytest.param("Thu, 22 Oct 2026 07:28:00 GMT", LONGEST_RETRY_AFTER, id="until tomorrow"),
        pytest.param("Wed, 21 Oct 99999 07:28:00 GMT", None, id="an instant that is none"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 +999999999", None, id="an offset that is none"),
        pytest.param("soon", None, id="in words"),
        pytest.param("", None, id="not at all"),
    ],
)
def test_how_long_a_vendor_asks_us_to_wait_by_its_own_clock(said: str, wait: timedelta | None) -> None:
    assert retry_after({"retry-after": said, "date": DATE}) == wait


def unix(seconds_later: float, scale: int = 1) -> str:
    return f"{(datetime(2026, 10, 21, 7, 28, tzinfo=UTC).timestamp() + seconds_later) * scale:.0f}"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        pytest.param({"X-RateLimit-Reset": unix(42)}, 42, id="Stream: Unix time"),
        pytest.param({"X-RateLimit-Reset": f"{unix(42)},{unix(3000)}"}, 42, id="Stream: one for each window"),
        pytest.param(
            {"X-RateLimit-Reset": f"{unix(42)}, 9", "X-RateLimit-Remaining": "0, 7"}, 42, id="one window is used up"
        ),
        pytest.param({"X-RateLimit-Reset": unix(42, 1000)}, 42, id="Unix time in milliseconds"),
        pytest.param({"X-RateLimit-Reset": "2026-10-21T07:28:42Z"}, 42, id="Jira: RFC 3339"),
        pytest.param({"X-RateLimit-Reset": "2026-10-21T07:28Z"}, 0, id="Jira: without seconds"),
        pytest.param({"X-RateLimit-Reset": "Wed, 21 Oct 2026 07:28:42 GMT"}, 42, id="an HTTP date"),
        pytest.param({"X-RateLimit-Reset": "42"}, 42, id="seconds"),
        pytest.param({"RateLimit-Reset": "42"}, 42, id="PagerDuty: seconds"),
        pytest.param({"X-RateLimit-Reset-After": "1.5"}, 1.5, id="a fraction of seconds"),
        pytest.param({"X-RateLimit-Reset": unix(-5)}, 0, id="Unix time that is over"),
        pytest.param({"X-RateLimit-Reset": unix(86_400)}, 3600, id="Unix time of tomorrow"),
        pytest.param({"X-RateLimit-Reset": "9" * 13}, 3600, id="Unix time far away"),
        pytest.param({"X-RateLimit-Reset": "9" * 40}, None, id="no time at all"),
        pytest.param({"X-RateLimit-Reset": ""}, None, id="empty"),
        pytest.param({"X-RateLimit-Reset": "soon"}, None, id="in words"),
        pytest.param({"X-RateLimit-Reset": unix(42), "X-RateLimit-Remaining": "17"}, None, id="requests remain"),
        pytest.param({"X-RateLimit-Reset": unix(42), "Retry-After": "7"}, 7, id="Retry-After goes first"),
        pytest.param({"X-RateLimit-Reset": unix(42), "Retry-After": "soon"}, 42, id="a Retry-After that says nothing"),
        pytest.param({"Retry-After": "1.5"}, 1.5, id="Retry-After as a fraction"),
        pytest.param({"Retry-After": "-5"}, None, id="Retry-After below zero"),
        pytest.param({"Retry-After": unix(42)}, 42, id="Retry-After as Unix time"),
        pytest.param({"Retry-After": "inf"}, None, id="Retry-After without end"),
        pytest.param({"Retry-After": "nan"}, None, id="Retry-After that is no number"),
    ],
)
def test_the_reset_of_a_rate_limit_is_a_wait_too(headers: dict[str, str], wait_s: float | None) -> None:
    wait = None if wait_s is None else timedelta(seconds=wait_s)
    assert retry_after({"Date": DATE, **headers}) == wait
    assert retry_after({name.lower(): value for name, value in {"Date": DATE, **headers}.items()}) == wait


@pytest.mark.parametrize("header", ["Retry-After", "X-RateLimit-Reset", "RateLimit-Reset"])
@given(said=st.text(max_size=30) | st.integers().map(str) | st.floats().map(str) | st.datetimes().map(str))
@settings(max_examples=100, derandomize=True, database=None, deadline=None)
def test_whatever_a_header_says_the_wait_is_bounded(header: str, said: str) -> None:
    wait = retry_after({header: said, "Date": DATE})
    assert wait is None or timedelta() <= wait <= LONGEST_RETRY_AFTER


def test_an_instant_means_nothing_without_the_vendors_own_time() -> None:
    assert retry_after({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}) is None
    assert retry_after({"X-RateLimit-Reset": unix(42)}) is None
