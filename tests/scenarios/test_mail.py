"""E-mail, both ways: whoever reads the mail answers under its link, and everybody else who was mailed hears of it."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.doubles.mail import MailDouble, MailFault, TakenMail
from tests.scenarios.harness import Harness
from tests.scenarios.stories import REVIEWED, SELF_HARM, labelled, nobody

POLICY = """
version: 1
timezone: UTC
sources:
  chat: {platform: stream, api_key: "${STREAM_API_KEY}", api_secret: ["${STREAM_API_SECRET}"]}
people:
  ana:  {name: Ana Ruiz, slack: U0ANA, email: ana@example.com, contact: [email]}
  ben:  {name: Ben Okafor, slack: U0BEN, email: "${BENS_MAIL}"}
  dana: {name: Dana Fox, slack: U0DANA, role: senior}
  vera: {name: Vera Lund, email: vera@example.com, role: viewer, contact: [email]}
  eli:  {name: Eli Stone, slack: U0ELI, email: eli@example.com, role: admin}
teams:
  moderators: {members: [ana]}
  seniors:    {members: [dana], role: senior}
destinations:
  critical-alerts: {slack: "#critical-alerts", urgent: true}
  duty:            {email: [duty@example.com, Ben@Example.com], fallback: leads}
  leads:           {slack: "#leads"}
categories:
  csam:      {title: Child safety, labels: [CSAM], at_least: critical, content: withhold, restricted_to: [moderators]}
  self_harm: {title: Self-harm, labels: [SELF_HARM], at_least: critical}
  threat:    {title: Threat, labels: [THREAT]}
routes:
  - {name: Twice, when: {category: threat}, assign: moderators, path: mails, acknowledgements: 2}
  - {name: Grave, when: {category: self_harm}, assign: moderators, path: urgent}
default: mails
paths:
  urgent:
    - {notify: [critical-alerts]}
    - {after: 5m, notify: [person:ana, duty]}
    - {after: 10m, notify: [person:ana, duty], repeat: 1}
  mails:
    - {notify: [person:ana, person:vera, duty]}
unanswered: {restart_after: 8h}
acknowledged: {resolve_within: 4h}
alarms: {notify: [leads]}
"""
TITLE = "CRITICAL · Self-harm"
CONTENT = ("tonight", "goodbye")


@pytest.fixture
def mail() -> Iterator[MailDouble]:
    with MailDouble(never=CONTENT) as double:
        yield double
        assert double.flawed == []


@pytest.fixture
def h(bare: Harness, mail: MailDouble) -> Harness:
    return bare.start(
        POLICY,
        SMTP_URL=mail.url,
        MAIL_FROM="Escalator <alerts@example.com>",
        BENS_MAIL="ben@example.com",
        ESCALATOR_BASE_URL="https://escalator.example.com",
    )


def link_of(one: TakenMail) -> str:
    """The address under which the reader answers, as they would click it."""
    found = re.findall(r"https://escalator\.example\.com(/\S+)", one.text)
    assert found, one.text
    return found[-1]


def opened(h: Harness, one: TakenMail) -> TestResponse:
    return h.app.test_client().get(link_of(one))


def pressed(h: Harness, page: TestResponse) -> TestResponse:
    """Press the button of a page, as a browser does."""
    said = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    assert action, page.text
    answer = h.app.test_client().post(action[1], data=said)
    h.work()
    return answer


def mailed(h: Harness, mail: MailDouble) -> dict[str, TakenMail]:
    """A goodbye note that nobody has answered for 5 min, by whom it has reached in a mail; Slack was told first."""
    h.post(SELF_HARM)
    h.fast_forward(minutes=5)
    h.forget_seen()
    assert {one.lead for one in mail.mails} == {nobody(5)}
    return {one.recipient: one for one in mail.mails}


def test_an_answer_by_mail_counts_everywhere_and_the_other_readers_hear_of_it(h: Harness, mail: MailDouble) -> None:
    h.post(SELF_HARM)
    channel = h.expect_message("#critical-alerts", f"{TITLE} · acknowledge within 5 min · #1001")
    assert mail.mails == []

    h.fast_forward(minutes=5)
    h.expect_update(channel)
    assert [one.recipient for one in mail.mails] == ["ana@example.com", "duty@example.com", "Ben@Example.com"]
    first = mail.to("ana@example.com")[0]
    assert first.subject == nobody(5)

    page = opened(h, first)
    assert page.status_code == 200
    assert TITLE in page.text
    assert h.incident()["state"] == "triggered"

    answer = pressed(h, page)
    assert answer.status_code == 200
    assert "You acknowledged it. It is yours now." in answer.text
    assert (h.incident()["state"], h.incident()["owner"]) == ("acknowledged", "ana")
    h.expect_update(channel, "#1001 taken by Ana Ruiz after 5 min")

    follow_ups = {one.recipient: one for one in mail.mails[3:]}
    assert set(follow_ups) == {"duty@example.com", "Ben@Example.com"}
    for one in follow_ups.values():
        first = mail.to(one.recipient)[0]
        assert one.lead == one.subject == "#1001 taken by ana after 5 min"
        assert str(one.message["References"]).split()[-1] == first.id
    h.fast_forward(minutes=30)
    assert len(mail.mails) == 5


def test_whatever_fetches_a_link_changes_nothing(h: Harness, mail: MailDouble) -> None:
    """Scanners open every link, again and again, and some send what they find back without the page."""
    link = link_of(mailed(h, mail)["ana@example.com"])
    http = h.app.test_client()
    for _ in range(3):
        assert http.get(link).status_code == 200
        assert http.head(link).status_code == 200
        assert http.post(link).status_code == 405
        assert http.post("/answer", data={"token": link.rpartition("/")[2]}).status_code == 409
    assert h.incident()["state"] == "triggered"
    assert h.records("incident.acknowledged", "incident.act_refused") == []


def test_a_mailbox_of_a_person_answers_and_one_of_nobody_is_asked_to_sign_in(h: Harness, mail: MailDouble) -> None:
    by_reader = mailed(h, mail)
    assert "Acknowledge #1001" in by_reader["ana@example.com"].text
    assert "Acknowledge #1001" in by_reader["Ben@Example.com"].text
    assert "Acknowledge" not in by_reader["duty@example.com"].text
    assert link_of(by_reader["duty@example.com"]) == "/sign-in?incident=1001"
    pressed(h, opened(h, by_reader["Ben@Example.com"]))
    assert h.incident()["owner"] == "ben"
    h.forget_seen()


def test_two_who_share_a_mailbox_are_both_asked_to_sign_in(h: Harness, mail: MailDouble) -> None:
    """Whoever opens it could be either, also where only one of them is told."""
    h.change_policy('email: "${BENS_MAIL}"', "email: Ana@Example.com")
    by_reader = mailed(h, mail)
    assert link_of(by_reader["ana@example.com"]) == "/sign-in?incident=1001"


def test_who_may_not_answer_gets_no_link_that_says_so(h: Harness, mail: MailDouble) -> None:
    h.post(SELF_HARM, **labelled("Spam", "medium", 40))
    by_reader = {one.recipient: one for one in mail.mails}
    assert link_of(by_reader["vera@example.com"]) == "/sign-in?incident=1001"
    assert link_of(by_reader["ana@example.com"]).startswith("/answer/")


def test_a_restricted_category_is_never_answered_by_a_link(h: Harness, mail: MailDouble) -> None:
    h.post(SELF_HARM, **labelled("CSAM"))
    assert {link_of(one) for one in mail.mails} == {"/sign-in?incident=1001"}
    page = opened(h, mail.to("ana@example.com")[0])
    assert page.status_code == 200
    assert "Sign in" in page.text
    assert "Child safety" not in page.text


def test_a_link_from_before_a_category_was_restricted_counts_no_more(h: Harness, mail: MailDouble) -> None:
    first = mailed(h, mail)["ana@example.com"]
    page = opened(h, first)
    h.change_policy("at_least: critical}", "at_least: critical, restricted_to: [seniors]}")
    answers = [opened(h, first), h.app.test_client().post("/answer", data=_said(page))]
    for answer in answers:
        assert answer.status_code == 403
        assert "Self-harm" not in answer.text
    assert h.incident()["state"] == "triggered"
    assert [one["reason"] for one in h.records("incident.act_refused")] == ["restricted"]
    h.forget_seen()


def _said(page: TestResponse) -> dict[str, str]:
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))


def test_who_comes_late_is_told_who_was_first(h: Harness, mail: MailDouble) -> None:
    h.post(SELF_HARM)
    channel = h.expect_message("#critical-alerts", f"{TITLE} · acknowledge within 5 min · #1001")
    h.fast_forward(minutes=5)
    h.expect_update(channel)
    page = opened(h, mail.to("ana@example.com")[0])
    h.click("dana", "Acknowledge", on=channel)
    h.expect_update(channel, "#1001 taken by Dana Fox after 5 min")

    answer = pressed(h, page)
    assert answer.status_code == 409
    assert "#1001 was already acknowledged by dana 0 s ago." in answer.text
    assert "<form" not in answer.text
    assert h.incident()["owner"] == "dana"
    refused = h.records("incident.act_refused")
    assert [(one["actor_key"], one["via"], one["reason"]) for one in refused] == [("ana", "email", "already_taken")]
    assert "taken by dana" in opened(h, mail.to("ana@example.com")[0]).text


def test_who_presses_twice_is_told_that_they_have_it(h: Harness, mail: MailDouble) -> None:
    page = opened(h, mailed(h, mail)["ana@example.com"])
    pressed(h, page)
    answer = pressed(h, page)
    assert answer.status_code == 200
    assert "You have already acknowledged it." in answer.text
    h.forget_seen()


def test_of_two_answers_that_are_needed_one_may_come_by_mail(h: Harness, mail: MailDouble) -> None:
    h.post(SELF_HARM, **labelled("THREAT"))
    answer = pressed(h, opened(h, mail.to("ana@example.com")[0]))
    assert "Your acknowledgement counts. One more person has to acknowledge it." in answer.text
    assert h.incident()["state"] == "triggered"
    again = opened(h, mail.to("ana@example.com")[0])
    assert "You have already acknowledged #1001" in again.text
    assert "<form" not in again.text
    assert pressed(h, opened(h, mail.to("Ben@Example.com")[0])).status_code == 200
    assert h.incident()["state"] == "acknowledged"
    h.forget_seen()


def test_an_older_mail_still_answers_and_its_page_says_that_it_is_older(h: Harness, mail: MailDouble) -> None:
    first = mailed(h, mail)["ana@example.com"]
    pressed(h, opened(h, first))
    channel = h.slack.messages[0]
    before = len(mail.mails)
    h.fast_forward(minutes=1)
    h.click("dana", "Release", on=channel)
    assert h.incident()["state"] == "triggered"
    page = opened(h, first)
    assert "A new round has started since that email." in page.text
    assert len(mail.mails) == before, "a release is told by the pages of the new round, not by mail"
    h.fast_forward(seconds=57)
    assert pressed(h, page).status_code == 200
    assert h.incident()["owner"] == "ana"
    assert [one.lead for one in mail.to("duty@example.com")[1:]] == [
        "#1001 taken by ana after 5 min",
        "#1001 taken by ana after 57 s",
    ]
    assert len({one.id for one in mail.to("duty@example.com")}) == 3
    h.forget_seen()


def test_a_review_in_stream_ends_it_for_the_readers_of_mails_too(h: Harness, mail: MailDouble) -> None:
    first = mailed(h, mail)["ana@example.com"]
    h.fast_forward(minutes=1)
    h.post(REVIEWED)
    assert {one.lead for one in mail.mails[3:]} == {"#1001 resolved by a reviewer in Stream: reviewed in Stream"}
    assert len(mail.mails) == 6
    page = opened(h, first)
    assert "#1001 resolved by a reviewer in Stream: reviewed in Stream." in page.text
    assert "<form" not in page.text
    h.forget_seen()


def test_later_pages_come_as_answers_to_the_first(h: Harness, mail: MailDouble) -> None:
    first = mailed(h, mail)["duty@example.com"]
    h.fast_forward(minutes=10)
    second = mail.to("duty@example.com")[1]
    assert second.lead == second.subject == nobody(15)
    assert str(second.message["References"]).split()[-1] == first.id
    assert first.id != second.id
    h.forget_seen()


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(lambda link: f"{link}x", id="tampered with"),
        pytest.param(lambda _link: "/answer/nothing", id="made up"),
        pytest.param(lambda link: link.replace("/answer/", "/answer/."), id="cut up by a mail client"),
    ],
)
def test_what_is_no_link_of_ours_is_nothing(h: Harness, mail: MailDouble, spoilt: object) -> None:
    link = spoilt(link_of(mailed(h, mail)["ana@example.com"]))
    assert h.app.test_client().get(link).status_code == 404
    assert h.app.test_client().post("/answer", data={"token": link.rpartition("/")[2]}).status_code == 404
    assert h.incident()["state"] == "triggered"


def test_a_link_is_good_for_a_week(h: Harness, mail: MailDouble) -> None:
    first = mailed(h, mail)["ana@example.com"]
    h.clock.move(days=6, hours=23)
    assert opened(h, first).status_code == 200
    h.clock.move(hours=2)
    page = opened(h, first)
    assert page.status_code == 410
    assert "Self-harm" not in page.text


def test_a_page_is_good_for_an_hour_and_then_asks_again(h: Harness, mail: MailDouble) -> None:
    page = opened(h, mailed(h, mail)["ana@example.com"])
    h.clock.move(hours=2)
    again = pressed(h, page)
    assert again.status_code == 409
    assert "open for too long" in again.text
    assert h.incident()["state"] == "triggered"
    assert pressed(h, again).status_code == 200
    assert h.incident()["owner"] == "ana"
    h.forget_seen()


def test_the_page_of_one_link_answers_no_other(h: Harness, mail: MailDouble) -> None:
    by_reader = mailed(h, mail)
    said = _said(opened(h, by_reader["ana@example.com"])) | {
        "page": _said(opened(h, by_reader["Ben@Example.com"]))["page"]
    }
    assert h.app.test_client().post("/answer", data=said).status_code == 409
    assert h.incident()["state"] == "triggered"


def test_somebody_who_has_left_changes_nothing(h: Harness, mail: MailDouble) -> None:
    page = opened(h, mailed(h, mail)["Ben@Example.com"])
    h.change_policy("  ben:  {name: Ben Okafor", "  bert: {name: Ben Okafor")
    first = mail.to("Ben@Example.com")[0]
    for answer in (opened(h, first), pressed(h, page)):
        assert answer.status_code == 403
        assert "you are not in the escalation policy" in answer.text
        assert "Self-harm" not in answer.text
    assert [(one["actor_kind"], one["actor_key"]) for one in h.records("incident.act_refused")] == [("stranger", "ben")]
    assert h.incident()["state"] == "triggered"
    h.forget_seen()


def test_a_mailbox_that_is_gone_takes_nobody_elses_mail_along(h: Harness, mail: MailDouble) -> None:
    h.post(SELF_HARM)
    mail.inject(MailFault("recipient", "550 5.1.1 nobody called duty@example.com", to="duty@example.com"))
    h.fast_forward(minutes=5)
    assert [one.recipient for one in mail.mails] == ["ana@example.com", "Ben@Example.com"]
    h.expect_message("#leads", "Escalator needs attention: destination")
    instead = h.expect_message("#leads", nobody(5))
    assert "Acknowledge" in instead.labels
    reasons = [one["reason"] for one in h.records("delivery.failed")]
    assert reasons == ["bad_target"]
    h.forget_seen()


def test_a_server_that_is_busy_is_asked_again_with_the_same_mail(h: Harness, mail: MailDouble) -> None:
    h.post(SELF_HARM)
    mail.inject(*[MailFault("data", drop=True, is_done=True)] * 3)
    h.fast_forward(minutes=5, seconds=20)
    assert len(mail.mails) == 6
    assert len({one.id for one in mail.mails}) == 3
    h.forget_seen()


def test_what_is_opened_in_the_sandbox_is_answered_in_the_sandbox_only(h: Harness, mail: MailDouble) -> None:
    first = mailed(h, mail)["ana@example.com"]
    h.start("", mode="sandbox", ESCALATOR_BASE_URL="https://escalator.example.com")
    assert opened(h, first).status_code == 404
    h.start("", SMTP_URL=mail.url, MAIL_FROM="alerts@example.com", BENS_MAIL="ben@example.com")
    assert opened(h, first).status_code == 200


def test_every_link_leads_to_the_installation(h: Harness, mail: MailDouble) -> None:
    for one in mailed(h, mail).values():
        found = re.findall(r'href="([^"]+)"', one.html)
        assert {urlsplit(address).hostname for address in found} == {"escalator.example.com"}
