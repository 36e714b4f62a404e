"""How many examples the large property tests try: a third of them, and all with TEST_EXAMPLES=all (`make nightly`).

With TEST_EXAMPLES=few (`make mutants`) it is a thirtieth. They are derandomized, so that the same are tried each time.
"""

import os

_PARTS = {"all": 1, "few": 30}
_PART = _PARTS.get(os.environ.get("TEST_EXAMPLES", ""), 3)
ARE_ALL_TRIED = _PART == 1
"""Whether tables that are shortened locally are whole."""


def examples(count: int) -> int:
    """Return how many of so many examples are tried in this run."""
    return count // _PART
