"""What a mail says and when there is one: against a mailer that keeps what it is given, and reads it strictly."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalator.channels.email.addresses import address, sender
from escalator.channels.email.bodies import clock
from escalator.channels.email.channel import MailChannel
from escalator.model.incident import Outcome, State
from escalator.model.message import Card, Delivered, Failed, FailureReason, InlineTime, Link, Occasion
from escalator.rendering.card import alarm
from tests.channels.letters import ANSWER, KEY, MAIL_FROM, PLACE, RECIPIENT, a_note
from tests.doubles.mail import TakenMail
from tests.doubles.mail_reader import flaws
from tests.rendering.builders import INCIDENT_ID, NOW, TAKEN, TEXT

RESOLVED = {
    **TAKEN,
    "state": State.RESOLVED,
    "outcome": Outcome.ACTION_TAKEN,
    "closed_by": "ana",
    "closed_at": NOW,
    "due_kind": None,
    "due_at": None,
}
MERGED = {"state": State.MERGED, "closed_at": NOW, "due_kind": None, "due_at": None}
ROOT = f"<incident.{INCIDENT_ID}@example.com>"
FIRST = f"<{KEY}@example.com>"
REF = FIRST


class Mailer:
    """Keeps what is flawless, as it would come out of a server."""

    def __init__(self, text_of=None):
        self.mails, self._says = [], text_of

    def send(self, context, /, mail):
        if self._says is not None:
            return self._says
        raw = mail.message.as_bytes()
        assert flaws(raw, mail.sender, [mail.recipient], never=(TEXT, "cannot do this", "Jess")) == []
        self.mails.append(TakenMail(mail.sender, mail.recipient, raw))
        return Delivered("whatever the server calls it")


@pytest.fixture
def mailer():
    return Mailer()


@pytest.fixture
def channel(mailer):
    return MailChannel(mailer, MAIL_FROM)


# ---- the first mail


def test_the_subject_and_the_first_line_are_what_a_locked_phone_shows(channel, mailer):
    note = a_note()
    channel.send(note)
    [mail] = mailer.mails
    assert mail.subject == mail.lead == note.card.text == "CRITICAL · Self-harm · acknowledge within 3 min · #1042"


def test_both_parts_say_the_same(channel, mailer):
    channel.send(a_note())
    [mail] = mailer.mails
    for said in (mail.text, mail.html):
        assert "#1042 · chat-prod" in said
        assert "Text hidden, 38 characters, English" in said
        assert "opened 14:03 UTC" in said
        assert "https://wiki.example.com/ts/self-harm" in said
        assert ANSWER.label in said
        assert ANSWER.url in said
        assert "do not forward it" in said


def test_without_an_answer_nothing_is_asked_of_the_reader(channel, mailer):
    channel.send(a_note(answer=None))
    assert "Acknowledge" not in mailer.mails[0].text
    assert "forward it" not in mailer.mails[0].text


def test_what_a_user_wrote_is_not_in_a_mail_even_if_a_card_had_it(channel, mailer):
    note = a_note()
    channel.send(replace(note, card=replace(note.card, snippet=TEXT)))
    assert len(mailer.mails) == 1


def test_the_sender_is_as_it_is_configured(channel, mailer):
    channel.send(a_note())
    assert str(mailer.mails[0].message["From"]) == MAIL_FROM
    assert mailer.mails[0].sender == "alerts@example.com"


def test_a_retry_is_the_same_mail(channel, mailer):
    for minutes in (0, 1):
        channel.send(a_note(now=NOW + timedelta(minutes=minutes)))
    assert {one.id for one in mailer.mails} == {FIRST}


def test_the_products_own_trouble_stands_alone(channel, mailer):
    said = alarm("Escalator needs attention: destination", ("ts-pager cannot be told: bad_credentials",))
    assert isinstance(channel.send(a_note(card=said, standing=None, occasion=Occasion.ALARM, answer=None)), Delivered)
    [mail] = mailer.mails
    assert mail.message["References"] is None
    assert mail.text.count("Escalator needs attention: destination") == 1
    assert "ts-pager cannot be told: bad_credentials" in mail.text


# ---- the thread


def test_the_first_mail_stands_under_the_incident(channel, mailer):
    channel.send(a_note())
    message = mailer.mails[0].message
    assert (message["In-Reply-To"], message["References"]) == (ROOT, ROOT)


def test_the_reference_names_the_first_mail(channel):
    note = a_note()
    assert channel.send(note) == Delivered(FIRST)
    assert channel.send(replace(note, ref=REF)) == Delivered(REF)


def test_what_follows_stands_under_the_first_mail_and_its_subject_is_its_own_news(channel, mailer):
    again = a_note(ref=REF, key="0198c7a0-0000-7000-8000-0000000000b2")
    channel.send(again)
    channel.update(a_note(ref=REF, view=TAKEN))
    assert [mail.subject for mail in mailer.mails] == [again.card.text, "#1042 taken by Ana Ruiz after 57 s"]
    for mail in mailer.mails:
        assert mail.subject == mail.lead
        assert str(mail.message["References"]).split() == [ROOT, FIRST]
        assert mail.message["In-Reply-To"] == FIRST
    assert len({one.id for one in mailer.mails}) == 2


def test_a_message_id_is_whole_however_long_the_domain(mailer):
    channel = MailChannel(mailer, f"alerts@{'long-label.' * 9}example.com")
    ref = channel.send(a_note()).ref
    assert len(ref) <= 256
    channel.update(a_note(ref=ref, view=TAKEN))
    first, second = mailer.mails
    assert f"Message-ID: {first.id}\r\n".encode() in first.raw
    assert f"In-Reply-To: {first.id}\r\n".encode() in second.raw


# ---- what becomes of it


@pytest.mark.parametrize(
    ("view", "lead"),
    [
        pytest.param(TAKEN, "#1042 taken by Ana Ruiz after 57 s", id="taken"),
        pytest.param({**TAKEN, "state": State.SNOOZED}, "#1042 taken by Ana Ruiz after 57 s", id="snoozed"),
        pytest.param(RESOLVED, "#1042 resolved by Ana Ruiz: action taken", id="resolved"),
        pytest.param({**MERGED, "merged_into": None}, None, id="merged"),
    ],
)
def test_what_is_new_is_one_short_mail(channel, mailer, view, lead):
    assert channel.update(a_note(ref=REF, view=view)) == Delivered(REF)
    [mail] = mailer.mails
    assert mail.lead == (lead or a_note(view=view).card.text)
    assert "no further action is needed" in mail.text
    assert len(mail.text.splitlines()) < 8
    assert ANSWER.url not in mail.text


def test_what_asks_again_is_told_by_pages_not_by_an_update(channel, mailer):
    assert channel.update(a_note(ref=REF)) == Delivered(REF)
    assert mailer.mails == []


def test_nobody_is_told_what_they_have_just_done(channel, mailer):
    assert channel.update(a_note(ref=REF, view=TAKEN, person="ana")) == Delivered(REF)
    assert mailer.mails == []
    channel.update(a_note(ref=REF, view=TAKEN, person="ben"))
    assert len(mailer.mails) == 1


def test_showing_again_what_was_shown_is_the_same_mail(channel, mailer):
    for minutes in (0, 9):
        channel.update(a_note(ref=REF, view=TAKEN, now=NOW + timedelta(minutes=minutes)))
    assert len({one.id for one in mailer.mails}) == 1
    channel.update(a_note(ref=REF, view={**TAKEN, "owner": "ben"}))
    assert len({one.id for one in mailer.mails}) == 2


@pytest.mark.parametrize(
    ("before", "after", "is_equal"),
    [
        pytest.param({}, {"round": 2, "severity_reason": "more"}, True, id="asking is asking"),
        pytest.param({}, TAKEN, False, id="somebody has taken it"),
        pytest.param(TAKEN, {**TAKEN, "extensions": 1, "due_at": NOW}, True, id="the owner is still on it"),
        pytest.param(TAKEN, {**TAKEN, "state": State.SNOOZED}, True, id="the owner lets it rest"),
        pytest.param(TAKEN, {**TAKEN, "owner": "ben"}, False, id="somebody else has it"),
        pytest.param(TAKEN, {**TAKEN, "acknowledged_at": NOW}, False, id="the same person has taken it again"),
        pytest.param(TAKEN, {}, False, id="it asks again"),
        pytest.param(TAKEN, RESOLVED, False, id="it is over"),
        pytest.param(RESOLVED, {**RESOLVED, "outcome": Outcome.NO_VIOLATION}, False, id="it ended otherwise"),
        pytest.param(RESOLVED, MERGED, False, id="it is part of another"),
    ],
)
def test_a_face_is_what_the_reader_knows(channel, before, after, is_equal):
    faces = [channel.face(a_note(view=view)) for view in (before, after)]
    assert (faces[0] == faces[1]) is is_equal
    assert all(0 < len(face) <= 64 for face in faces)


# ---- what cannot be sent


@pytest.mark.parametrize(
    ("mail_from", "word"),
    [
        ("", "no_mail_from"),
        ("  ", "no_mail_from"),
        ("Escalator", "mail_from"),
        ("a@b\nBcc: c@d", "mail_from"),
        ("@", "mail_from"),
    ],
)
def test_without_a_sender_nothing_is_sent(mailer, mail_from, word):
    channel = MailChannel(mailer, mail_from)
    assert channel.send(a_note()) == Failed(FailureReason.NOT_CONFIGURED, word)
    assert channel.update(a_note(ref=REF, view=TAKEN)) == Failed(FailureReason.NOT_CONFIGURED, word)
    assert mailer.mails == []


@pytest.mark.parametrize(
    "written",
    [
        "",
        "leads",
        "leads@",
        "@example.com",
        "a@b, c@d",
        "Leads <leads@example.com>",
        "a@example.com\r\nBcc: c@example.com",
        "a b@example.com",
        '"a b"@example.com',
        "müller@example.com",
        "a..b@example.com",
        "a@example.com>",
        f"{'a' * 65}@example.com",
    ],
)
def test_what_is_no_address_is_a_bad_target(channel, mailer, written):
    assert channel.send(a_note(address=written)) == Failed(FailureReason.BAD_TARGET, "address")
    assert mailer.mails == []


def test_what_the_mailer_says_is_what_became_of_it():
    failed = Failed(FailureReason.VENDOR_ERROR, "data_451")
    assert MailChannel(Mailer(failed), MAIL_FROM).send(a_note()) == failed


@pytest.mark.parametrize(
    ("written", "name", "bare"),
    [
        ("alerts@example.com", "", "alerts@example.com"),
        (" Escalator <alerts@example.com> ", "Escalator", "alerts@example.com"),
        ('"Trust, Safety" <alerts@example.com>', "Trust, Safety", "alerts@example.com"),
        ("Jürgen <alerts@example.com>", "Jürgen", "alerts@example.com"),
    ],
)
def test_a_sender_may_have_a_name(written, name, bare):
    found = sender(written)
    assert (found.display_name, found.addr_spec) == (name, bare)


def test_an_address_keeps_its_letters():
    assert address(" Ana.Ruiz+mod@Example.com ").addr_spec == "Ana.Ruiz+mod@Example.com"


# ---- what must not break out


def hostile(text):
    return Card(text=text, header=text, lines=((text, InlineTime(NOW), Link(text, f"https://example.com/?q={text}")),))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\r\nBcc: everybody@example.com\r\n\r\nbody", id="a header of its own"),
        pytest.param("a\nb\x85c\u2028d\x00e\x1bf", id="lines and controls of every kind"),
        pytest.param('"><script>alert(1)</script><img src=x>', id="HTML"),
        pytest.param("x" * 5_000, id="a very long word"),
        pytest.param("· " * 400, id="a very long line"),
        pytest.param("\u202egnorw", id="a text turned round"),
        pytest.param("lone \ud800 surrogate", id="what is no character"),
    ],
)
def test_nothing_breaks_out(channel, mailer, text):
    note = a_note(card=hostile(text), answer=Link(text, "https://example.com/answer"))
    assert isinstance(channel.send(note), Delivered)
    [mail] = mailer.mails
    assert mail.message["Bcc"] is None
    assert len(mail.subject) <= 150
    assert "<script" not in mail.html
    assert mail.recipient == RECIPIENT
    assert isinstance(channel.update(a_note(ref=channel.send(note).ref, view=TAKEN, place=PLACE)), Delivered)


def test_only_the_web_becomes_a_link(channel, mailer):
    channel.send(a_note(card=Card("text", "header", ((Link("Runbook", "javascript:alert(1)"),),)), answer=None))
    assert "<a " not in mailer.mails[0].html
    assert "Runbook: javascript:alert(1)" in mailer.mails[0].html


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(), "14:05 UTC"),
        (timedelta(hours=14), "00:05 UTC"),
        (timedelta(days=1), "19 Aug 14:05 UTC"),
        (timedelta(days=20), "31 Jul 14:05 UTC"),
    ],
)
def test_a_moment_names_its_zone_and_its_day_if_it_is_not_today(ago, said):
    assert clock(NOW - ago, NOW) == said
