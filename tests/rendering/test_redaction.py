"""Which media of an incident may be pictures, and are fetched where that is permitted."""

import pytest

from escalator.rendering.redaction import MOST_PICTURES, pictures_of
from tests.rendering.builders import an_incident, some_content

CDN = "https://cdn.example.com"


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        (f"{CDN}/1.jpg", True),
        (f"{CDN}/1", True),
        (f"{CDN}/1.PNG?signature=x.mp4", True),
        (f"{CDN}/1.mp4", False),
        (f"{CDN}/1.MOV?x=1", False),
        (f"{CDN}/1.svg#x", False),
        (f"{CDN}/1.pdf", False),
        ("http://cdn.example.com/1.jpg", False),
        ("data:image/png;base64,AAAA", False),
        ("https://[", True),
    ],
)
def test_what_may_be_a_picture(address, is_one):
    assert pictures_of(an_incident(content=some_content(media=address))) == ((address,) if is_one else ())


def test_there_are_only_so_many():
    media = "\n".join(f"{CDN}/{number}.jpg" for number in range(20))
    assert len(pictures_of(an_incident(content=some_content(media=media)))) == MOST_PICTURES


def test_without_media_there_are_none():
    assert pictures_of(an_incident(content=some_content(media=""))) == ()
