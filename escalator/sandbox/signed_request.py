"""What the sandbox says in a vendor's stead: a signed request, which the page sends to the vendor's own door."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signed:
    """The very request that a vendor would send; `door` is the path that it would send it to."""

    door: str
    headers: Mapping[str, str]
    body: str
