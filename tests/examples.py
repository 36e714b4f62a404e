"""How many examples the large property tests try: a third of them, and all with TEST_EXAMPLES=all (`make nightly`).

They are derandomized, so that the third is always the same one.
"""

import os

_IS_ALL = os.environ.get("TEST_EXAMPLES") == "all"
_PART = 3


def examples(count: int) -> int:
    """Return how many of so many examples are tried in this run."""
    return count if _IS_ALL else count // _PART
