"""The base of the HTTP doubles: what is asked is kept, and what goes wrong goes wrong once."""

import http.client
import json

import pytest

from tests.doubles.http import Fault, HttpDouble, Reply


class Counter(HttpDouble):
    """Counts what it is asked."""

    count = 0

    def answer(self, request):
        if request.path == "/mistake":
            raise KeyError("nothing")
        self.count += 1
        return Reply(201, {"count": self.count}, {"X-Said": "yes"})


@pytest.fixture
def double():
    with Counter() as double:
        yield double


def ask(double, path="/here", body=None):
    connection = http.client.HTTPConnection(double.origin.removeprefix("http://"), timeout=5)
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def test_what_is_asked_is_kept_and_answered(double):
    status, body, headers = ask(double, "/here?a=1&a=2", b'{"x": 1}')
    assert (status, json.loads(body), headers["X-Said"]) == (201, {"count": 1}, "yes")
    (request,) = double.requests
    assert (request.method, request.path, request.query, request.json) == ("POST", "/here", {"a": ["1", "2"]}, {"x": 1})


def test_a_fault_happens_once_and_instead(double):
    double.inject(Fault(status=429, retry_after="17"))
    status, _, headers = ask(double)
    assert (status, headers["Retry-After"], double.count) == (429, "17", 0)
    assert ask(double)[0] == 201


def test_a_fault_waits_for_its_path(double):
    double.inject(Fault(status=503), path="/there")
    assert [ask(double)[0], ask(double, "/there")[0], ask(double, "/there")[0]] == [201, 503, 201]


def test_what_was_done_may_be_left_unsaid(double):
    double.inject(Fault(drop=True, is_done=True))
    with pytest.raises(http.client.RemoteDisconnected):
        ask(double)
    assert double.count == 1


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        (Fault(html=True), 200, b"<html>"),
        (Fault(oversized=300_000), 200, b'{"filler"'),
        (Fault(status=302, location="http://elsewhere"), 302, b"{}"),
        (Fault(body="no json"), 200, b"no json"),
        (Fault(delay=0.01), 201, b'{"count"'),
        (Fault(drip=True), 201, b'{"count"'),
    ],
)
def test_an_answer_goes_wrong_in_its_own_way(double, fault, status, start):
    double.inject(fault)
    said, body, _ = ask(double)
    assert (said, body[: len(start)]) == (status, start)


def test_a_mistake_of_the_double_fails_the_test():
    def use():
        with Counter() as double:
            assert ask(double, "/mistake")[0] == 500

    with pytest.raises(KeyError):
        use()
