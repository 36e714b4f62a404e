"""Long lists, a page at a time: `next` names where the next one begins, so that nothing is left out or seen twice."""

from urllib.parse import urlencode

from flask import request

CURSOR = "cursor"


def next_page(place: str) -> str:
    """Return the address of the page that begins after this place; all else that was asked stays."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != CURSOR]
    return f"{request.path}?{urlencode([*arguments, (CURSOR, place)])}"
