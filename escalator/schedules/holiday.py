"""Public holidays by country and subdivision.

The library needs some 15 MB in every process, and most policies name no holidays: it is imported at first use.
"""

import re
from datetime import date
from functools import lru_cache
from importlib import import_module

_CODE = re.compile(r"[A-Z]{2}(-.+)?")


@lru_cache(maxsize=256)
def is_known_holiday_code(code: str) -> bool:
    """Return whether the holidays of a country or a subdivision of it (`US`, `US-NY`) are known."""
    if not _CODE.fullmatch(code):
        return False
    try:
        _calendar(code)
    except NotImplementedError:
        return False
    return True


def subdivisions_differing(code: str, year: int) -> tuple[str, ...]:
    """Return the subdivisions of a country if none of them has the country's own holidays that year; else nothing.

    Then the country alone means the holidays of nowhere: `GB` without `GB-ENG`, for example, has no Easter Monday.
    """
    if "-" in code or not is_known_holiday_code(code):
        return ()
    subdivisions: tuple[str, ...] = tuple(getattr(_calendar(code), "subdivisions", ()))
    own = _holidays(code, year)
    has_its_own = any(_holidays(f"{code}-{subdivision}", year) == own for subdivision in subdivisions)
    return () if has_its_own else subdivisions


def is_holiday(code: str, day: date) -> bool:
    """Return whether that day is a public holiday there; False for an unknown country or subdivision."""
    return day in _holidays(code, day.year)


@lru_cache(maxsize=1024)
def _holidays(code: str, year: int) -> frozenset[date]:
    return frozenset(_calendar(code, year)) if is_known_holiday_code(code) else frozenset()


def _calendar(code: str, *years: int) -> dict[date, str]:
    country, _, subdivision = code.partition("-")
    library = import_module("holidays")
    holidays: dict[date, str] = library.country_holidays(country, subdiv=subdivision or None, years=years, expand=False)
    return holidays
