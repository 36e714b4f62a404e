"""Public holidays by country and subdivision."""

import subprocess
import sys
from datetime import date

import pytest

from escalator.schedules.holiday import is_holiday, is_known_holiday_code, subdivisions_differing


@pytest.mark.parametrize(
    ("code", "day", "expected"),
    [
        pytest.param("US", "2026-12-25", True, id="a holiday"),
        pytest.param("US", "2026-12-24", False, id="its eve"),
        pytest.param("US", "2026-07-04", True, id="a holiday on a Saturday"),
        pytest.param("US", "2026-07-03", True, id="the Friday on which it is observed"),
        pytest.param("US", "2027-12-31", True, id="New Year observed in the old year"),
        pytest.param("US", "2027-01-01", True, id="another year"),
        pytest.param("ES", "2026-05-02", False, id="the day of Madrid is none of Spain's"),
        pytest.param("ES-MD", "2026-05-02", True, id="the day of Madrid in Madrid"),
        pytest.param("ES-MD", "2026-10-12", True, id="a national day in Madrid"),
        pytest.param("US-NY", "2026-02-12", True, id="Lincoln's birthday in New York"),
        pytest.param("XX", "2026-12-25", False, id="nowhere: no holiday closes anything"),
    ],
)
def test_a_holiday_is_a_public_one_of_the_country_or_subdivision(code, day, expected):
    assert is_holiday(code, date.fromisoformat(day)) is expected


@pytest.mark.parametrize("code", ["US", "US-NY", "ES-MD", "GB", "GB-SCT", "HK"])
def test_a_country_or_subdivision_is_known(code):
    assert is_known_holiday_code(code)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("GB", ("ENG", "NIR", "SCT", "WLS"), id="a country whose parts all have others"),
        pytest.param("GB-SCT", (), id="a part of it"),
        pytest.param("US", (), id="a country whose own are those of some parts"),
        pytest.param("IE", (), id="a country without parts"),
        pytest.param("XX", (), id="nowhere"),
    ],
)
def test_where_a_country_alone_means_the_holidays_of_nowhere(code, expected):
    assert subdivisions_differing(code, 2026) == expected


@pytest.mark.parametrize("code", ["", "us", "XX", "NYSE", "utils", "HolidayBase", "US-", "US-ZZ", "-NY", "USNY"])
def test_what_is_no_country_or_subdivision_is_not_known(code):
    assert not is_known_holiday_code(code)


def test_the_library_is_not_loaded_before_a_holiday_is_asked_for():
    program = "import sys, escalator.schedules.oncall, escalator.schedules.holiday; print('holidays' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
