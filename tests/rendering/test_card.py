"""What a message says, line by line, under each content rule and in each state."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.model.facts import Facts
from escalator.model.incident import DueKind, Outcome, State
from escalator.model.levels import ContentRule, Severity
from escalator.model.message import Link, Occasion
from escalator.model.policy import Category
from escalator.model.silence import Silence, SilenceScope
from escalator.rendering.card import alarm, card, reply
from tests.rendering.builders import (
    NOW,
    OPENED,
    SECRETS,
    TAKEN,
    TEXT,
    a_policy,
    a_view,
    an_incident,
    answered_by,
    some_content,
    some_facts,
    spoken,
)

STREAM = "https://dashboard.getstream.io/app/12345/moderation"
LINKS = f"[Open in Stream]({STREAM}?item=item-7&user=user-42&e=user-42-m1) · [Runbook](https://wiki.example.com/ts/self-harm)"


def test_a_hidden_item_is_told_in_eight_lines():
    assert spoken(card(a_view())) == [
        "CRITICAL · Self-harm",
        "#1042 · chat-prod · image and text · opened 14:03",
        "Text hidden, 38 characters, English",
        "Flagged, still visible · Stream's text severity is critical",
        "user-42 · account 40 days old · flagged 3 times before",
        "Waiting for Ana Ruiz (child-safety, on call)",
        "Next, 14:08 (in 3 min): senior moderators and PagerDuty",
        LINKS,
    ]


def test_a_shown_item_has_the_name_and_what_was_written():
    assert spoken(card(a_view(content_rule=ContentRule.SHOW)))[1:5] == [
        "#1042 · chat-prod · image and text · opened 14:03",
        TEXT,
        "Flagged, still visible · Stream's text severity is critical",
        "Jess (user-42) · account 40 days old · flagged 3 times before",
    ]


LABELS = "SELF_HARM\tIntent\t0.94\n\tViolence\t0.8\n\tINSULT\t\n\tSpam\t0.1"


@pytest.mark.parametrize("rule", [ContentRule.SHOW, ContentRule.HIDE])
def test_the_surest_labels_stand_beside_the_severity(rule):
    said = spoken(card(a_view(content=some_content(labels=LABELS), content_rule=rule)))
    judgement = "Flagged, still visible · Stream's text severity is critical"
    assert said[3] == f"{judgement} · Self harm › Intent (94%), Violence (80%), Insult"


def test_a_long_label_is_cut():
    said = spoken(card(a_view(content=some_content(labels=f"\t{'x' * 200}\t0.5"))))
    assert said[3].endswith(f" · {'x' * 39}… (50%)")


def test_no_label_of_what_is_withheld_is_told():
    view = a_view(content=some_content(labels=LABELS), content_rule=ContentRule.WITHHOLD)
    assert not {"Intent", "Violence"} & set(repr(card(view)).replace(",", " ").split())
    assert "Self harm" not in repr(card(view))


def test_of_a_withheld_item_only_what_is_ours_is_told():
    assert spoken(card(a_view(content_rule=ContentRule.WITHHOLD))) == [
        "CRITICAL · Self-harm",
        "#1042 · chat-prod · opened 14:03",
        "Content withheld: read it in the dashboard",
        "Waiting for Ana Ruiz (child-safety, on call)",
        "Next, 14:08 (in 3 min): senior moderators and PagerDuty",
        f"[Open in Stream]({STREAM}?item=item-7&user=&e=) · [Runbook](https://wiki.example.com/ts/self-harm)",
    ]


STATES = [
    pytest.param({}, id="triggered"),
    pytest.param({"step": 1, "send_number": 2, "is_for_seniors": True, "story": ((OPENED, "opened"),)}, id="escalated"),
    pytest.param({"acks_needed": 2, "acknowledgements": answered_by("ana")}, id="half answered"),
    pytest.param(TAKEN, id="acknowledged"),
    pytest.param({**TAKEN, "occasion": Occasion.REMIND}, id="reminded"),
    pytest.param({**TAKEN, "state": State.SNOOZED}, id="snoozed"),
    pytest.param(
        {
            "state": State.RESOLVED,
            "outcome": Outcome.REFERRED,
            "content": some_content(reference=f"about {TEXT}"),
            "due_at": None,
        },
        id="resolved",
    ),
    pytest.param({"state": State.MERGED, "due_at": None}, id="merged"),
    pytest.param({"state": State.LOGGED, "due_at": None}, id="logged"),
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("state", STATES)
def test_no_byte_of_what_is_withheld_gets_out(state, secret):
    view = a_view(**state, content_rule=ContentRule.WITHHOLD)
    assert secret not in repr(card(view))
    assert secret not in repr(reply(card(view)))


@pytest.mark.parametrize("state", STATES)
def test_what_is_hidden_shows_no_text_name_or_media(state):
    view = a_view(**{**state, "content": some_content()}, content_rule=ContentRule.HIDE)
    for secret in ("cannot do this", "Jess", "cdn.example.com"):
        assert secret not in repr(card(view))


@given(st.text(min_size=4).filter(lambda text: text.strip() and not text.isascii()))
def test_whatever_was_written_is_withheld(written):
    content = some_content(text=written, author_name=written, author_id=written, language=written)
    incident = an_incident(content=content, links={"user_id": written, "entity_id": written})
    assert written not in repr(card(a_view(incident=replace(incident, content_rule=ContentRule.WITHHOLD))))


@pytest.mark.parametrize("state", STATES)
def test_media_is_never_addressed_even_where_all_is_shown(state):
    assert "cdn.example.com" not in repr(card(a_view(**state, content_rule=ContentRule.SHOW)))


@pytest.mark.parametrize(
    ("frozen", "running", "is_text_shown"),
    [
        pytest.param(ContentRule.SHOW, ContentRule.SHOW, True, id="shown when both say so"),
        pytest.param(ContentRule.SHOW, ContentRule.HIDE, False, id="a rule made stricter since holds at once"),
        pytest.param(ContentRule.HIDE, ContentRule.SHOW, False, id="a rule made milder since does not"),
    ],
)
def test_the_stricter_of_frozen_and_running_rule_holds(frozen, running, is_text_shown):
    categories = {"self_harm": Category("self_harm", "Self-harm", content=running)}
    shown = card(a_view(content_rule=frozen, running=a_policy(categories=categories)))
    assert (shown.snippet == TEXT) is is_text_shown


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param({"text": "a"}, "Text hidden, 1 character, English", id="one character"),
        pytest.param({"text": "hola", "language": "es-MX"}, "Text hidden, 4 characters, Spanish", id="a region"),
        pytest.param({"text": "hola", "language": "xx"}, "Text hidden, 4 characters", id="an unknown language"),
        pytest.param({"text": "hola", "language": ""}, "Text hidden, 4 characters, English", id="as the facts say"),
        pytest.param({"text": ""}, "No text: look at it in Stream", id="no text"),
    ],
)
def test_hidden_text_is_told_by_its_length_and_language(content, line):
    assert spoken(card(a_view(content=some_content(**content))))[2] == line


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param({"account_created_at": "not a date"}, "user-42 · flagged 3 times before", id="no known age"),
        pytest.param(
            {"account_created_at": "2026-08-20T13:00:00"},
            "user-42 · account created today · flagged 3 times before",
            id="a new account, without a zone",
        ),
        pytest.param(
            {"account_created_at": "2026-08-19T13:00:00Z", "flagged_before": "1"},
            "user-42 · account 1 day old · flagged once before",
            id="one of each",
        ),
        pytest.param(
            {"flagged_before": "0"}, "user-42 · account 40 days old · never flagged before", id="never flagged"
        ),
        pytest.param({"flagged_before": "9" * 5000}, "user-42 · account 40 days old", id="an absurd number"),
        pytest.param({"flagged_before": "-1"}, "user-42 · account 40 days old", id="a negative number"),
    ],
)
def test_the_author_is_told_by_id_age_and_counter(content, line):
    assert spoken(card(a_view(content=some_content(**content))))[4] == line


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("remove", "Blocked, not visible"),
        ("shadow_block", "Shadow-blocked, visible only to its author"),
        ("bounce_remove", "Bounced, then blocked, not visible"),
        ("something new", "Stream's action is unknown; the content may be visible"),
    ],
)
def test_what_stream_did_is_told_in_words(action, said):
    assert spoken(card(a_view(facts=some_facts(action))))[3].startswith(f"{said} · ")


def test_what_nobody_said_is_left_out():
    bare = an_incident(
        facts=Facts(), content=some_content(**dict.fromkeys(some_content().latest, "")), severity_reason=""
    )
    said = spoken(card(a_view(incident=bare, running=a_policy(sources={}), frozen=a_policy(sources={}, categories={}))))
    assert said[1:] == [
        "#1042 · chat-prod · opened 14:03",
        "No text: look at it in Stream",
        "Waiting for Ana Ruiz (child-safety, on call)",
        "Next, 14:08 (in 3 min): senior moderators and PagerDuty",
        "[Runbook](https://wiki.example.com/ts/self-harm)",
    ]


@pytest.mark.parametrize(
    ("state", "lines"),
    [
        pytest.param(
            {"waiting_for": (), "next_what": ""}, ["Waiting for an acknowledgement"], id="nobody in particular"
        ),
        pytest.param(
            {"waiting_for": ("Ana Ruiz", "Ben Okafor", "Dana Fox"), "next_what": ""},
            ["Waiting for Ana Ruiz, Ben Okafor and Dana Fox"],
            id="several people",
        ),
        pytest.param(
            {"acks_needed": 2, "acknowledgements": answered_by("ana"), "next_what": ""},
            ["1 of 2: Ana Ruiz; one more needed"],
            id="the first of two has answered",
        ),
        pytest.param(
            {"acks_needed": 4, "acknowledgements": answered_by("ana", "ben", "ana"), "next_what": ""},
            ["2 of 4: Ana Ruiz and Ben Okafor; two more needed"],
            id="who answers twice counts once",
        ),
        pytest.param(
            {"due_at": NOW - timedelta(seconds=1)},
            ["Waiting for Ana Ruiz (child-safety, on call)", "Next, 14:04 (now): senior moderators and PagerDuty"],
            id="what is overdue is now",
        ),
        pytest.param(TAKEN, ["Acknowledged by Ana Ruiz after 57 s", "Next, 14:28 (in 23 min): a reminder"], id="taken"),
        pytest.param(
            {**TAKEN, "due_kind": DueKind.RESOLVE_WITHIN},
            [
                "Acknowledged by Ana Ruiz after 57 s",
                "Next, 14:28 (in 23 min): resolve by then, or it restarts from step 1",
            ],
            id="taken, and the second clock runs",
        ),
        pytest.param({**TAKEN, "state": State.SNOOZED}, ["Snoozed by Ana Ruiz until 14:28"], id="snoozed"),
        pytest.param(
            {
                "state": State.RESOLVED,
                "outcome": Outcome.REFERRED,
                "content": some_content(reference="NC-77"),
                "closed_by": "ana",
                "due_at": None,
            },
            ["Resolved by Ana Ruiz: referred (NC-77)", "Still open in Stream: review it there too"],
            id="resolved here is not reviewed in Stream",
        ),
        pytest.param(
            {"state": State.RESOLVED, "outcome": Outcome.REVIEWED_IN_STREAM, "closed_by": "ben", "due_at": None},
            ["Resolved by Ben Okafor: reviewed in Stream"],
            id="reviewed in Stream",
        ),
        pytest.param(
            {
                "state": State.RESOLVED,
                "outcome": Outcome.ACTION_TAKEN,
                "closed_by": "ana",
                "reviewed_at": OPENED + timedelta(minutes=1),
                "due_at": None,
            },
            ["Resolved by Ana Ruiz: action taken"],
            id="reviewed in Stream before it was resolved here",
        ),
        pytest.param(
            {
                "state": State.RESOLVED,
                "outcome": Outcome.ACTION_TAKEN,
                "closed_by": "ana",
                "reviewed_at": OPENED - timedelta(minutes=1),
                "due_at": None,
            },
            ["Resolved by Ana Ruiz: action taken", "Still open in Stream: review it there too"],
            id="flagged again since its review",
        ),
    ],
)
def test_the_state_and_what_comes_next_are_told(state, lines):
    assert spoken(card(a_view(**state)))[5:-1] == lines


def test_only_seniors_read_the_story_so_far():
    story = ((OPENED, "opened, child-safety told"), (OPENED + timedelta(minutes=5), "nobody answered"))
    told = spoken(card(a_view(story=story, is_for_seniors=True)))
    assert told[8:] == ["Timeline so far:", "14:03 opened, child-safety told", "14:08 nobody answered"]
    assert len(spoken(card(a_view(story=story)))) == 8


TRIGGERED = ["Acknowledge", "Reveal", "Escalate now", "Snooze 15 min"]


@pytest.mark.parametrize(
    ("state", "labels"),
    [
        pytest.param({}, TRIGGERED, id="triggered and critical: the short snooze only"),
        pytest.param({"severity": Severity.HIGH}, [*TRIGGERED, "Snooze 1 h"], id="below critical: an hour too"),
        pytest.param({"snoozes": 2}, TRIGGERED[:3], id="snoozed twice in a row: no more"),
        pytest.param({"content_rule": ContentRule.WITHHOLD}, ["Acknowledge", "Escalate now"], id="withheld"),
        pytest.param(
            {"content_rule": ContentRule.SHOW}, ["Acknowledge", "Escalate now", "Snooze 15 min"], id="nothing is hidden"
        ),
        pytest.param({"content": some_content(text=" ")}, ["Acknowledge", *TRIGGERED[2:]], id="no text to reveal"),
        pytest.param(
            TAKEN,
            ["Resolve", "False alarm", "Hand over", "Release", "Reveal", "Note", "Escalate now"],
            id="acknowledged",
        ),
        pytest.param(
            {**TAKEN, "due_kind": DueKind.RESOLVE_WITHIN},
            ["Resolve", "False alarm", "Still on it", "Hand over", "Release", "Reveal", "Note", "Escalate now"],
            id="reminded",
        ),
        pytest.param(
            {**TAKEN, "due_kind": DueKind.RESOLVE_WITHIN, "extensions": 4},
            ["Resolve", "False alarm", "Hand over", "Release", "Reveal", "Note", "Escalate now"],
            id="reminded, and moved four times in a row",
        ),
        pytest.param(
            {**TAKEN, "state": State.SNOOZED},
            ["Resolve", "False alarm", "Hand over", "Release", "Reveal", "Note", "Escalate now"],
            id="snoozed",
        ),
        pytest.param({"state": State.RESOLVED, "outcome": Outcome.TEST, "due_at": None}, ["Reopen"], id="resolved"),
        pytest.param({"state": State.MERGED, "due_at": None}, [], id="merged"),
    ],
)
def test_each_state_offers_its_verbs(state, labels):
    assert [button.label for button in card(a_view(**state)).buttons] == labels


@pytest.mark.parametrize(("severity", "is_confirmed"), [(Severity.CRITICAL, True), (Severity.HIGH, False)])
def test_a_false_alarm_is_confirmed_above_high(severity, is_confirmed):
    buttons = {button.label: button for button in card(a_view(**TAKEN, severity=severity)).buttons}
    assert (buttons["False alarm"].confirm is not None) is is_confirmed


def test_a_reply_has_no_content_and_no_buttons():
    rung = reply(card(a_view(content_rule=ContentRule.SHOW, mentions=("U0ANA",))))
    assert rung.lines == ((rung.text,),)
    assert (rung.snippet, rung.buttons, rung.mentions) == (None, (), ("U0ANA",))


def test_the_values_of_a_link_are_quoted():
    hostile = {"item_id": "a&b=c/../<x>|y", "user_id": "", "entity_id": ""}
    links = [part for part in card(a_view(links=hostile)).lines[-1] if isinstance(part, Link)]
    assert links[0].url == f"{STREAM}?item=a%26b%3Dc%2F..%2F%3Cx%3E%7Cy&user=&e="


def test_a_snippet_is_one_line_of_at_most_300_characters():
    written = "line\none\x00\u202e " + "x" * 400
    snippet = card(a_view(content_rule=ContentRule.SHOW, content=some_content(text=written))).snippet
    assert snippet.startswith("line one xxx")
    assert len(snippet) == 300
    assert snippet.endswith("…")


def test_an_alarm_says_what_is_wrong_and_nothing_more():
    said = alarm("Slack refuses our token", ("critical-alerts: invalid_auth",), mentions=("U0ELI",), is_test=True)
    assert said.text == "TEST · Slack refuses our token"
    assert spoken(said) == ["TEST · Slack refuses our token", "critical-alerts: invalid_auth"]
    assert said.buttons == ()


SILENCE = Silence(
    SilenceScope.CATEGORY, "self_harm", OPENED, OPENED + timedelta(hours=2), "dana", TEXT, is_for_critical=True
)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        pytest.param(0, "Silenced by Dana Fox until 16:03: step 1 is not sent", id="the present step is silenced"),
        pytest.param(
            1,
            "Waiting for Ana Ruiz (child-safety, on call) · silenced by Dana Fox until 16:03: step 1 is not sent",
            id="the step after it waits",
        ),
    ],
)
def test_a_silence_is_said_in_the_line_of_the_state(step, line):
    assert spoken(card(a_view(step=step, silenced_step=0, silence=SILENCE)))[5] == line


def test_of_a_silence_that_is_over_nothing_is_said():
    assert spoken(card(a_view(step=1, silenced_step=0)))[5] == "Waiting for Ana Ruiz (child-safety, on call)"
