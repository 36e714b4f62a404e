"""Events that a topic of Amazon SNS posts: only what SNS signed, only of a topic that the policy names."""

from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from escalator.channels.http import Answer
from escalator.errors import Unauthorized, Unavailable
from escalator.model.message import Failed, FailureReason
from escalator.services.intake.sns_certificates import MOST_FETCHES, MOST_KEPT, SnsCertificates
from escalator.services.maintenance.jobs import flush_metrics
from escalator.services.monitoring.health import metrics_text
from escalator.store.tables import events, incidents
from tests.doubles.sns import CERTIFICATE_URL, TOPIC, SnsPages, certificate, request
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.stories import PAGE, SELF_HARM

KEY = '    api_key: "${STREAM_API_KEY}"\n'


@pytest.fixture
def pages() -> SnsPages:
    return SnsPages()


@pytest.fixture
def h(bare: Harness, pages: SnsPages) -> Harness:
    bare.start(POLICY.read_text().replace(KEY, f'{KEY}    sns_topic: "${{TOPIC}}"\n'), TOPIC=TOPIC)
    bare.core.vendors = replace(bare.core.vendors, sns=pages)
    return bare


def post(h: Harness, **changes: Any) -> TestResponse:
    """Let SNS post a message, and the workers work."""
    return send(h, request(h.clock.now(), **changes))


def send(h: Harness, body: bytes) -> TestResponse:
    answer = h.app.test_client().post("/webhooks/stream/sns", data=body, content_type="text/plain; charset=UTF-8")
    h.work()
    return answer


def expect_page(h: Harness) -> None:
    h.expect_message("#critical-alerts", PAGE)
    h.expect_dm("ana", PAGE)
    h.expect_dm("ben", PAGE)


@pytest.mark.every_database
@pytest.mark.parametrize("version", ["1", "2"])
def test_an_event_of_the_topic_pages_as_a_webhook_does(h: Harness, version: str) -> None:
    assert post(h, Message=h.sample(SELF_HARM).decode(), version=version).status_code == 200
    expect_page(h)
    assert h.count(events, source="chat", state="done") == 1


def test_the_same_event_by_webhook_and_by_topic_is_one(h: Harness) -> None:
    h.post(SELF_HARM)
    expect_page(h)
    assert post(h, Message=h.sample(SELF_HARM).decode()).status_code == 200
    assert (h.count(events), h.count(incidents)) == (1, 1)


def test_the_certificate_is_fetched_once(h: Harness, pages: SnsPages) -> None:
    for item in (1, 2):
        assert post(h, Message=h.sample(SELF_HARM, item=item).decode()).status_code == 200
    assert pages.asked == [CERTIFICATE_URL]
    h.forget_seen()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"key": "somebody else"}, id="signed by somebody else"),
        pytest.param({"Timestamp": "2026-08-20T13:03:09.000Z"}, id="sent more than an hour ago"),
    ],
)
def test_what_sns_did_not_sign_now_is_refused_counted_and_not_stored(h: Harness, changes: dict[str, str]) -> None:
    answer = post(h, Message=h.sample(SELF_HARM).decode(), **changes)
    assert (answer.status_code, answer.json) == (401, {"error": "unauthorized"})
    assert h.count(events) == 0
    flush_metrics(h.core)
    counted = 'escalator_events_total{outcome="unauthorized",source="",type=""} 1.0'
    assert counted in metrics_text(h.core).decode()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"TopicArn": f"{TOPIC}2"}, id="a topic that the policy does not name"),
        pytest.param({"SigningCertURL": "https://example.com/x.pem"}, id="a certificate from elsewhere"),
        pytest.param({"SigningCertURL": "http://169.254.169.254/latest/meta-data"}, id="an address inside"),
    ],
)
def test_nothing_is_fetched_for_what_is_not_ours(h: Harness, pages: SnsPages, changes: dict[str, str]) -> None:
    assert post(h, Message=h.sample(SELF_HARM).decode(), **changes).status_code == 401
    assert (h.count(events), pages.asked) == (0, [])


def test_a_message_is_refused_while_the_source_is_off(bare: Harness, pages: SnsPages) -> None:
    policy = POLICY.read_text().replace(KEY, f'{KEY}    sns_topic: "{TOPIC}"\n')
    bare.start(policy, mode="sandbox", STREAM_API_KEY="")
    bare.core.vendors = replace(bare.core.vendors, sns=pages)
    assert post(bare, Message=bare.sample(SELF_HARM).decode()).status_code == 401


def test_while_the_certificate_cannot_be_fetched_sns_is_asked_to_come_again(h: Harness, pages: SnsPages) -> None:
    pages.is_away = True
    assert post(h, Message=h.sample(SELF_HARM).decode()).status_code == 503
    assert h.count(events) == 0
    pages.is_away = False
    assert post(h, Message=h.sample(SELF_HARM).decode()).status_code == 200
    expect_page(h)


def test_what_is_no_event_is_kept_and_does_not_come_again(h: Harness) -> None:
    assert post(h, Message="not an event").status_code == 200
    assert h.count(events, state="invalid") == 1


def test_a_subscription_to_the_topic_is_confirmed(h: Harness, pages: SnsPages) -> None:
    assert post(h, kind="SubscriptionConfirmation").status_code == 200
    [fetched, confirmed] = pages.asked
    assert fetched == CERTIFICATE_URL
    assert confirmed.endswith(f"/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1")
    assert h.count(events) == 0


def test_a_confirmation_that_fails_is_asked_for_again(h: Harness, pages: SnsPages) -> None:
    pages.confirms_with = 500
    assert post(h, kind="SubscriptionConfirmation").status_code == 503


def test_only_an_address_of_sns_is_called(h: Harness, pages: SnsPages) -> None:
    assert post(h, kind="SubscriptionConfirmation", SubscribeURL="https://example.com/").status_code == 401
    assert pages.asked == [CERTIFICATE_URL]


def test_a_subscription_of_another_topic_is_not_confirmed(h: Harness, pages: SnsPages) -> None:
    assert post(h, kind="SubscriptionConfirmation", TopicArn=f"{TOPIC}2").status_code == 401
    assert pages.asked == []


def test_the_end_of_a_subscription_is_logged_and_not_undone(h: Harness, pages: SnsPages) -> None:
    assert post(h, kind="UnsubscribeConfirmation").status_code == 200
    assert pages.asked == [CERTIFICATE_URL]
    assert "sns_unsubscribed" in {line["event"] for line in h.log.lines("warning")}


def test_more_than_a_megabyte_is_refused_unread(h: Harness) -> None:
    assert send(h, b"x" * (1024 * 1024 + 1)).status_code == 413


def test_a_signed_message_with_raw_delivery_is_refused_for_nobody_signs_it(h: Harness) -> None:
    assert send(h, h.sample(SELF_HARM)).status_code == 401


# Certificates.


def url(number: int) -> str:
    return CERTIFICATE_URL.replace("0123456789abcdef.pem", f"{number:016}.pem")


def test_so_many_certificates_are_fetched_and_no_more() -> None:
    asked: list[str] = []

    def get(address: str) -> Answer:
        asked.append(address)
        return Answer(403, {}, b"<Error/>")

    certificates = SnsCertificates(get)
    for number in range(MOST_FETCHES):
        with pytest.raises(Unauthorized):
            certificates.pem(url(number))
    with pytest.raises(Unavailable):
        certificates.pem(url(MOST_FETCHES))
    assert len(asked) == MOST_FETCHES


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(200, {}, b"<html>"), Unauthorized),
        (Answer(302, {}, certificate()), Unauthorized),
        (Answer(404, {}, b""), Unauthorized),
        (Answer(503, {}, b""), Unavailable),
        (Failed(FailureReason.TIMEOUT), Unavailable),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_certificate_is_not_kept(answer: Answer | Failed, error: type[Exception]) -> None:
    answers = [answer, Answer(200, {}, certificate())]
    certificates = SnsCertificates(lambda _url: answers.pop(0))
    with pytest.raises(error):
        certificates.pem(CERTIFICATE_URL)
    assert certificates.pem(CERTIFICATE_URL) == certificate()


def test_the_kept_certificates_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("escalator.services.intake.sns_certificates.FETCHES_WITHIN_S", 0.0)
    asked: list[str] = []

    def get(address: str) -> Answer:
        asked.append(address)
        return Answer(200, {}, certificate())

    certificates = SnsCertificates(get)
    for number in range(MOST_KEPT + 1):
        certificates.pem(url(number))
    certificates.pem(url(MOST_KEPT))
    assert len(asked) == MOST_KEPT + 1
    certificates.pem(url(0))
    assert len(asked) == MOST_KEPT + 2
