"""Requests that the sandbox signs like a vendor; the page sends them to the vendor's own URL path."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signed:
    """The request that a vendor would send; `door` is its path."""

    door: str
    headers: Mapping[str, str]
    body: str
