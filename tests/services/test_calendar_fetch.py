"""Fetching a feed: every way in which that goes wrong has an end and a word, and no word holds the address."""

import base64

import pytest

from escalator.channels.deadline_socket import Limits
from escalator.model.message import Failed, FailureReason
from escalator.services.oncall.calendar_fetch import fetch
from tests.doubles.calendar import SECRET, CalendarDouble
from tests.doubles.http import Fault

SHORT = Limits(socket_s=0.5, total_s=0.5, answer_bytes=10_000)
FEED = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def server():
    with CalendarDouble(FEED) as double:
        yield double


def test_a_feed_is_what_stands_at_its_address(server):
    assert fetch(server.url) == FEED.encode()
    assert "text/calendar" in server.requests[0].headers["accept"]


@pytest.mark.parametrize(
    ("fault", "failed"),
    [
        pytest.param(Fault(drop=True), Failed(FailureReason.UNREACHABLE), id="the connection is closed"),
        pytest.param(Fault(delay=5), Failed(FailureReason.TIMEOUT), id="no answer comes"),
        pytest.param(Fault(drip=True), Failed(FailureReason.TIMEOUT), id="the answer drips"),
        pytest.param(Fault(drip_headers=True), Failed(FailureReason.TIMEOUT), id="the headers drip"),
        pytest.param(Fault(oversized=10_001), Failed(FailureReason.BAD_ANSWER, "too_large"), id="too large"),
        pytest.param(Fault(status=404), Failed(FailureReason.BAD_TARGET, "http_404"), id="it is not there"),
        pytest.param(Fault(status=403), Failed(FailureReason.BAD_CREDENTIALS, "http_403"), id="it is not for us"),
        pytest.param(Fault(status=503), Failed(FailureReason.VENDOR_ERROR, "http_503"), id="its server is down"),
        pytest.param(Fault(status=204), Failed(FailureReason.BAD_ANSWER, "http_204"), id="an answer without a feed"),
        pytest.param(
            Fault(status=302, location="file:///etc/passwd"),
            Failed(FailureReason.BAD_ANSWER, "redirect"),
            id="a redirect to a file",
        ),
        pytest.param(Fault(status=302), Failed(FailureReason.BAD_ANSWER, "redirect"), id="a redirect to nowhere"),
    ],
)
def test_why_there_is_no_feed(server, fault, failed):
    server.inject(fault)
    assert fetch(server.url, SHORT) == failed


def test_redirects_in_a_circle_end(server):
    server.inject(*[Fault(status=302, location=server.url)] * 9)
    assert fetch(server.url) == Failed(FailureReason.BAD_ANSWER, "redirect_loop")


def test_a_server_that_is_not_there_is_unreachable():
    with CalendarDouble() as gone:
        pass
    assert fetch(gone.url, SHORT) == Failed(FailureReason.UNREACHABLE)


def test_a_feed_that_has_moved_is_fetched_where_it_is(server):
    server.inject(Fault(status=301, location="/moved"), path=server.path)
    server.inject(Fault(status=307, location=server.url), path="/moved")
    assert fetch(server.url) == FEED.encode()
    assert [one.path for one in server.requests] == [server.path, "/moved", server.path]


def test_a_name_and_a_password_in_the_address_are_said_to_that_server(server):
    assert fetch(server.url.replace("http://", "http://ana:pass%20word@")) == FEED.encode()
    said = base64.b64decode(server.requests[0].headers["authorization"].removeprefix("Basic "))
    assert said == b"ana:pass word"


def test_no_failure_holds_the_address(server):
    server.inject(Fault(status=500))
    assert SECRET not in repr(fetch(server.url))
