"""Pages of long lists: `next` is the address of the next page, so that nothing is missed or repeated."""

from urllib.parse import urlencode

from flask import request

CURSOR = "cursor"


def next_page(place: str) -> str:
    """Return the address of the page that begins after this place, with all other parameters kept."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != CURSOR]
    return f"{request.path}?{urlencode([*arguments, (CURSOR, place)])}"
