"""A call to an address that others have chosen: bounded, and never to an address inside."""

from dataclasses import replace

import pytest

from escalator.channels.guarded_http import BRIEF, MEDIA, GuardedHttp, brief_http, media_http
from escalator.channels.http import Answer
from escalator.channels.ssrf_guard import guard_of
from escalator.model.message import Failed, FailureReason
from tests.doubles.http import Fault, HttpDouble, Reply

INSIDE = Failed(FailureReason.FORBIDDEN, "private_address")


class Server(HttpDouble):
    def answer(self, request):
        return Reply(200, b"x" * int(request.query["size"][0]), content_type="image/png")


@pytest.fixture
def server():
    with Server() as server:
        yield server


def get(server, size, limits=MEDIA):
    return GuardedHttp(guard_of(["127.0.0.1"]), limits).get(f"{server.origin}/?size={size}")


def test_a_body_of_exactly_the_limit_is_read_whole_and_asks_for_nothing_else(server):
    answer = get(server, 2 * 1024 * 1024)
    assert isinstance(answer, Answer)
    assert (answer.status, len(answer.body)) == (200, 2 * 1024 * 1024)
    [asked] = server.requests
    assert (asked.method, asked.body) == ("GET", b"")
    assert not {"cookie", "authorization", "referer"} & set(asked.headers)


def test_more_than_the_limit_is_no_answer(server):
    assert get(server, 2 * 1024 * 1024 + 1) == Failed(FailureReason.BAD_ANSWER, "too_large")


def test_a_redirect_is_not_followed(server):
    server.inject(Fault(status=302, location="http://169.254.169.254/"))
    assert get(server, 1).status == 302
    assert len(server.requests) == 1


def test_an_answer_that_drips_ends_in_time(server):
    server.inject(Fault(drip=True))
    assert get(server, 1000, replace(MEDIA, total_s=0.3)) == Failed(FailureReason.TIMEOUT)


@pytest.mark.parametrize("made", [brief_http, media_http])
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://127.8.8.8/", "http://[::1]/"])
def test_nothing_inside_is_reached(made, url):
    assert made().get(url) == INSIDE


@pytest.mark.parametrize("url", ["ftp://example.com/", "https://me:secret@example.com/", "file:///etc/passwd", "x"])
def test_what_is_no_plain_web_address_is_not_called(url):
    assert media_http().get(url) == Failed(FailureReason.BAD_TARGET, "not_a_url")


def test_two_calls_fit_into_the_time_that_sns_waits():
    assert 2 * BRIEF.total_s < 15
