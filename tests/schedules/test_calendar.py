"""Whom the events of a calendar mean, and which addresses can be asked for one."""

from datetime import UTC, datetime, timedelta

import pytest

from escalator.model.policy import Person
from escalator.schedules.calendar import CalendarEvent, FeedReading, bookings_of, feed_url

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
PEOPLE = {
    "dana": Person("dana", "Dana Fox", email="Dana.Fox@example.com"),
    "eli-s": Person("eli-s", "Eli Stone", email="${ELI_MAIL}"),
    "ben": Person("ben", "Ben Okafor"),
    "benny": Person("benny", "Ben Okafor"),
}


def expand(text):
    return text.replace("${ELI_MAIL}", "eli@example.com")


def event(*attendees, summary="", start=NOW):
    return CalendarEvent(start, start + timedelta(hours=8), attendees, summary)


@pytest.mark.parametrize(
    ("said", "people"),
    [
        pytest.param(event("dana.fox@EXAMPLE.com"), ("dana",), id="an e-mail, whatever its case"),
        pytest.param(event("eli@example.com"), ("eli-s",), id="an e-mail that the environment holds"),
        pytest.param(event("eli@example.com", "dana.fox@example.com"), ("eli-s", "dana"), id="all attendees, in order"),
        pytest.param(event("eli@example.com", "room@example.com"), ("eli-s",), id="a room that attends is nobody"),
        pytest.param(event("eli@example.com", summary="dana"), ("eli-s",), id="attendees go before the summary"),
        pytest.param(event("room@example.com", summary="dana"), ("dana",), id="a room does not hide the summary"),
        pytest.param(event("eli@example.com", "ELI@example.com"), ("eli-s",), id="nobody twice"),
        pytest.param(event(summary=" dana.fox@example.com "), ("dana",), id="a summary that is an e-mail"),
        pytest.param(event(summary="Eli S"), ("eli-s",), id="a summary that is a key, as keys are compared"),
        pytest.param(event(summary="dana fox"), ("dana",), id="a summary that is a name, whatever its case"),
        pytest.param(event(summary="Ben Okafor"), ("ben", "benny"), id="a name that two have means both"),
    ],
)
def test_whom_an_event_means(said, people):
    found = bookings_of(FeedReading((said,)), PEOPLE, expand, NOW)
    assert [one.people for one in found.bookings] == [people]
    assert found.strangers == 0


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(event("mallory@example.com"), id="an e-mail that nobody has"),
        pytest.param(event(summary="Dana is on call"), id="a summary that only holds a name"),
        pytest.param(event(), id="neither attendee nor summary"),
    ],
)
def test_an_event_that_means_nobody_is_counted(said):
    found = bookings_of(FeedReading((said,), unreadable=2), PEOPLE, expand, NOW)
    assert (found.bookings, found.strangers, found.unreadable) == ((), 1, 2)


def test_a_stranger_of_the_past_is_nobodys_trouble():
    past = event(summary="Mallory", start=NOW - timedelta(days=2))
    assert bookings_of(FeedReading((past,)), PEOPLE, expand, NOW).strangers == 0


@pytest.mark.parametrize(
    ("text", "address"),
    [
        pytest.param("https://example.com/a.ics?key=1", "https://example.com/a.ics?key=1", id="https"),
        pytest.param("http://10.0.0.7:8080/a.ics", "http://10.0.0.7:8080/a.ics", id="http, within the house"),
        pytest.param("webcal://example.com/a.ics", "https://example.com/a.ics", id="webcal is https"),
        pytest.param("WEBCAL://example.com/a.ics", "https://example.com/a.ics", id="in capitals"),
        pytest.param(" https://example.com/a.ics\n", "https://example.com/a.ics", id="with space around it"),
        pytest.param("file:///etc/passwd", None, id="a file"),
        pytest.param("ftp://example.com/a.ics", None, id="another scheme"),
        pytest.param("example.com/a.ics", None, id="no scheme"),
        pytest.param("https:///a.ics", None, id="no host"),
        pytest.param("https://[::1/a.ics", None, id="a host that is none"),
        pytest.param("https://example.com:port/", None, id="a port that is none"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_address_of_a_feed(text, address):
    assert feed_url(text) == address
