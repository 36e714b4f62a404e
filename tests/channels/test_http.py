"""What is the same of every vendor's HTTP."""

from datetime import timedelta

import pytest

from escalator.channels.http import LONGEST_RETRY_AFTER, retry_after

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


def test_an_instant_means_nothing_without_the_vendors_own_time() -> None:
    assert retry_after({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}) is None
