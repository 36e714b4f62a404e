"""Asking Stream: the token, which secret is the right one, what its refusals mean, and what is never kept of them."""

from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import Answer
from escalator.channels.stream.app import Hook, read_app, read_rate_limits
from escalator.channels.stream.client import StreamClient
from escalator.channels.stream.failures import failure
from escalator.channels.stream.review_queue import UNREVIEWED, created_at, read_page
from escalator.channels.stream.token import server_token
from escalator.model.message import Failed, FailureReason
from tests.doubles.http import Fault
from tests.doubles.stream import StreamDouble

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
QUICK = Limits(socket_s=0.4, total_s=0.8)


@pytest.fixture
def stream():
    with StreamDouble(now=lambda: NOON) as stream:
        yield stream


@pytest.fixture
def client(stream):
    return StreamClient(stream.origin, stream.key, [stream.secret])


def test_the_token_is_a_jwt_without_times():
    token = jwt.decode(server_token("a secret of the app"), OctKey.import_key("a secret of the app"))
    assert (token.header, token.claims) == ({"alg": "HS256", "typ": "JWT"}, {"server": True})


def test_a_call_names_the_app_and_is_signed(stream, client):
    client.ask("GET", "/api/v2/app")
    request = stream.requests[0]
    assert (request.query, request.headers["stream-auth-type"]) == ({"api_key": [stream.key]}, "jwt")
    assert request.headers["authorization"] == server_token(stream.secret)


def test_the_answer_has_streams_own_time(client):
    assert read_app(client).at == NOON


@pytest.mark.parametrize(("key", "secrets"), [("", ["s"]), ("key", []), ("key", [""])])
def test_without_a_key_or_a_secret_nothing_is_asked(stream, key, secrets):
    failed = StreamClient(stream.origin, key, secrets).ask("GET", "/api/v2/app")
    assert failed.reason is FailureReason.NOT_CONFIGURED
    assert stream.requests == []


def test_a_secret_that_is_not_valid_any_more_is_followed_by_the_next_which_then_comes_first(stream):
    client = StreamClient(stream.origin, stream.key, ["retired", stream.secret])
    assert read_app(client).name == "Chat"
    assert read_app(client).name == "Chat"
    tried = [request.headers["authorization"] for request in stream.requests]
    assert tried == [server_token("retired"), server_token(stream.secret), server_token(stream.secret)]


def test_no_valid_secret_is_a_failure_of_credentials(stream):
    client = StreamClient(stream.origin, stream.key, ["retired", "unknown"])
    assert client.ask("GET", "/api/v2/app") == Failed(FailureReason.BAD_CREDENTIALS, "code_43")
    assert len(stream.requests) == 2


def test_whatever_the_secrets_all_tries_together_end_in_time(stream):
    client = StreamClient(stream.origin, stream.key, [stream.secret, "other"], QUICK)
    stream.inject(Fault(status=401, body={"code": 43}, delay=0.3))
    stream.inject(Fault(drip=True))
    assert client.ask("GET", "/api/v2/app").reason is FailureReason.TIMEOUT


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"code": 4}, FailureReason.BAD_MESSAGE),
        (401, {"code": 2}, FailureReason.BAD_CREDENTIALS),
        (401, {"code": 40}, FailureReason.BAD_CREDENTIALS),
        (403, {"code": 17}, FailureReason.FORBIDDEN),
        (403, {"code": 99}, FailureReason.FORBIDDEN),
        (404, {"code": 16}, FailureReason.BAD_TARGET),
        (408, {"code": 23}, FailureReason.TIMEOUT),
        (413, {"code": 22}, FailureReason.BAD_MESSAGE),
        (429, {"code": 9}, FailureReason.RATE_LIMITED),
        (429, {"code": 60}, FailureReason.RATE_LIMITED),
        (431, {"code": 24}, FailureReason.BAD_MESSAGE),
        (500, {"code": -1}, FailureReason.VENDOR_ERROR),
        (500, {"code": -1, "unrecoverable": True}, FailureReason.BAD_MESSAGE),
        (500, {"code": 123456}, FailureReason.VENDOR_ERROR),
        (400, {"code": True}, FailureReason.BAD_MESSAGE),
        (502, None, FailureReason.VENDOR_ERROR),
        (302, None, FailureReason.BAD_TARGET),
    ],
)
def test_what_a_refusal_means(stream, client, status, body, expected):
    stream.inject(Fault(status=status, body=body))
    assert client.ask("GET", "/api/v2/app").reason is expected


def test_of_a_refusal_only_the_code_is_kept():
    said = b'{"code": 4, "message": "item i-cannot-go-on is not valid"}'
    assert failure(Answer(400, {}, said)) == Failed(FailureReason.BAD_MESSAGE, "code_4")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(html=True), FailureReason.BAD_ANSWER),
        (Fault(body=[]), FailureReason.BAD_ANSWER),
        (Fault(drop=True), FailureReason.UNREACHABLE),
        (Fault(drip=True), FailureReason.TIMEOUT),
        (Fault(drip_headers=True), FailureReason.TIMEOUT),
        (Fault(delay=5), FailureReason.TIMEOUT),
    ],
)
def test_what_is_no_answer_is_a_failure_in_time(stream, fault, expected):
    client = StreamClient(stream.origin, stream.key, [stream.secret], QUICK)
    stream.inject(fault)
    assert read_app(client).reason is expected


def test_too_many_calls_are_told_with_the_wait_by_streams_clock(stream, client):
    stream.limits["QueryReviewQueue"] = 1
    assert read_page(client, UNREVIEWED).items == ()
    assert read_page(client, UNREVIEWED) == Failed(FailureReason.RATE_LIMITED, "code_9", timedelta(minutes=1))


def test_the_hooks_of_an_app_are_read_and_odd_ones_left_out(stream, client):
    webhook = {
        "id": "h1",
        "enabled": True,
        "hook_type": "webhook",
        "webhook_url": "https://e.example.com/webhooks/stream",
        "event_types": ["review_queue_item.new", 7],
    }
    queue = {"id": "h2", "enabled": False, "hook_type": "sqs", "product": "chat", "sqs_secret": "***"}
    topic = {"id": "h3", "enabled": True, "hook_type": "sns", "sns_topic_arn": "arn:aws:sns:eu-west-1:1:a"}
    stream.app["event_hooks"] = [webhook, queue, topic, "odd"]
    assert read_app(client).hooks == (
        Hook("h1", "webhook", webhook["webhook_url"], "all", ("review_queue_item.new",), True),
        Hook("h2", "sqs", "", "chat", (), False),
        Hook("h3", "sns", "arn:aws:sns:eu-west-1:1:a", "all", (), True),
    )


@pytest.mark.parametrize("app", [{}, {"event_hooks": None, "moderation_dashboard_preferences": []}, {"name": 7}])
def test_an_app_that_says_nothing_is_read(stream, client, app):
    stream.app = app
    read = read_app(client)
    assert (read.name, read.hooks, read.has_escalation_queue) == ("", (), False)


def test_the_rate_limits_are_those_of_the_endpoints_that_are_asked_for(client):
    [limit] = read_rate_limits(client, "QueryReviewQueue", "NoSuchEndpoint")
    assert (limit.endpoint, limit.limit, limit.remaining) == ("QueryReviewQueue", 60, 60)
    assert limit.resets_at == NOON + timedelta(seconds=30)


def test_the_queue_is_read_page_by_page_the_oldest_first(stream, client):
    for number in range(5):
        stream.add_item(f"item-{number}", created_at=1_000_000_000 * (1_796_000_000 - number), reviewed=number == 2)
    first = read_page(client, UNREVIEWED, limit=3)
    second = read_page(client, UNREVIEWED, limit=3, cursor=first.next)
    assert [item["id"] for item in (*first.items, *second.items)] == ["item-4", "item-3", "item-1", "item-0"]
    assert second.next == ""
    assert created_at(first.items[0]) == datetime.fromtimestamp(1_795_999_996, UTC)


def test_a_cursor_of_another_query_is_refused(stream, client):
    for number in range(3):
        stream.add_item(f"item-{number}")
    cursor = read_page(client, UNREVIEWED, limit=1).next
    assert read_page(client, {"escalated": True}, cursor=cursor).reason is FailureReason.BAD_MESSAGE


def test_an_item_is_never_locked(stream, client):
    read_page(client, UNREVIEWED)
    assert not {"lock_items", "lock_count", "lock_duration"} & stream.requests[0].json.keys()
