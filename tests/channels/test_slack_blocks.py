"""A card in Slack's form: what Slack accepts, and nothing that somebody wrote becomes markup."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.channels.slack import limits
from escalator.channels.slack.blocks import message, notice
from escalator.channels.slack.escalate_modal import escalate_view
from escalator.channels.slack.external_select import options
from escalator.channels.slack.modals import (
    Origin,
    hand_over_view,
    note_view,
    origin_of,
    reference_needed,
    resolve_view,
    result_view,
    reveal_view,
)
from escalator.channels.slack.text import escape
from escalator.model.incident import Verb
from escalator.model.message import Button, Card, InlineTime, Link
from escalator.rendering.buttons import ButtonValue, encode
from escalator.rendering.card import card
from tests.doubles.slack_rules import block_problems, found_problems, view_problems
from tests.rendering.builders import a_view

AT = datetime(2026, 8, 20, 14, 8, tzinfo=UTC)
DATE = f"<!date^{int(AT.timestamp())}^{{date_short_pretty}} {{time}}|2026-08-20 14:08 UTC>"
HOSTILE = [
    pytest.param("<!channel> <!here> <@U0ANA> <https://evil.example|Acknowledge>", id="mentions and a spoofed link"),
    pytest.param("x" * 5_000, id="5,000 characters"),
    pytest.param("&" * 5_000, id="5,000 characters that grow when escaped"),
    pytest.param("👩‍👩‍👧‍👦" * 700, id="emoji of seven code points"),
    pytest.param("\u202eevil\u202c مرحبا", id="right to left"),
    pytest.param("```*_~`\n> quote", id="markup"),
    pytest.param(":rotating_light: @channel #general", id="short names"),
]


def a_card(**changes):
    values = {"text": "CRITICAL · Self-harm", "header": "CRITICAL · Self-harm", "lines": (("one line",),)}
    return Card(**values | changes)


def test_a_card_becomes_a_header_its_lines_and_its_buttons():
    links = (Link("Open in Stream", "https://s.example/?a=1&b=2"), " · ", Link("Runbook", "https://r.example"))
    button = Button(Verb.ACKNOWLEDGE, "Acknowledge", "value", is_primary=True)
    said = message(
        a_card(
            lines=(("opened ", InlineTime(AT)), ("who",), ("state",), links),
            snippet="what was written",
            buttons=(button,),
            mentions=("U0ANA", "S0CHILD", "U0ANA", "<!channel>"),
        )
    )
    assert said == {
        "text": "CRITICAL · Self-harm",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "CRITICAL · Self-harm", "emoji": False}},
            _markup("<@U0ANA> <!subteam^S0CHILD>") | {"block_id": "mentions"},
            _markup(f"opened {DATE}"),
            _plain("what was written"),
            _plain("who\nstate"),
            _markup("<https://s.example/?a=1&amp;b=2|Open in Stream> · <https://r.example|Runbook>"),
            {
                "type": "actions",
                "block_id": "answers",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "acknowledge",
                        "text": {"type": "plain_text", "text": "Acknowledge", "emoji": False},
                        "value": "value",
                        "style": "primary",
                    }
                ],
            },
        ],
    }
    assert block_problems(said["blocks"]) == []


def _markup(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _plain(text):
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


def test_two_buttons_with_one_verb_have_different_ids():
    said = message(a_card(buttons=(Button(Verb.SNOOZE, "Snooze 15 min", "a"), Button(Verb.SNOOZE, "Snooze 1 h", "b"))))
    assert [element["action_id"] for element in said["blocks"][-1]["elements"]] == ["snooze", "snooze:2"]


def test_a_dangerous_button_asks_first():
    button = Button(Verb.FALSE_ALARM, "False alarm", "v", is_danger=True, confirm="Close #1042 as no violation?")
    said = message(a_card(buttons=(button,)))
    element = said["blocks"][-1]["elements"][0]
    assert element["style"] == "danger"
    assert element["confirm"]["text"]["text"] == "Close #1042 as no violation?"
    assert block_problems(said["blocks"]) == []


@pytest.mark.parametrize("hostile", HOSTILE)
def test_slack_accepts_whatever_somebody_wrote(hostile):
    buttons = (Button(Verb.ACKNOWLEDGE, hostile, hostile, confirm=hostile),)
    lines = ((hostile,), (hostile, InlineTime(AT), hostile), (Link(hostile, f"https://x.example/{hostile}"), hostile))
    said = message(a_card(text=hostile, header=hostile, lines=lines * 30, snippet=hostile, buttons=buttons))
    assert block_problems(said["blocks"]) == []
    assert 1 <= len(said["text"]) <= limits.TEXT
    assert said["blocks"][-1]["type"] == "actions"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_that_somebody_wrote_becomes_markup(hostile):
    said = message(a_card(text=hostile, lines=((hostile, InlineTime(AT)),), snippet=hostile))
    marked = [block["text"]["text"] for block in said["blocks"] if block["text"]["type"] == "mrkdwn"]
    for text in (said["text"], *marked):
        assert "<" not in text.replace(DATE, "")
        assert ">" not in text.replace(DATE, "")


@given(st.text())
def test_escaping_is_undone_by_the_reader_and_by_nothing_else(text):
    shown = escape(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown == text
    assert not {"<", ">"} & set(escape(text))


@given(st.text(alphabet="&<>ab", max_size=60).map("x".ljust(2_970, "x").__add__))
def test_a_cut_never_leaves_half_an_escape(text):
    said = notice(text)["text"]
    assert len(said) <= limits.EPHEMERAL_TEXT
    assert "&" not in said.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


@given(st.text())
def test_every_real_card_is_accepted(written):
    view = a_view(content_rule="show", severity_reason=written)
    assert block_problems(message(card(view))["blocks"]) == []


@pytest.mark.parametrize("is_bulletin", [False, True], ids=["a full message", "a bulletin"])
def test_the_buttons_of_a_bulletin_stand_in_a_block_of_their_own(is_bulletin):
    button = Button(Verb.ACKNOWLEDGE, "Acknowledge", "value")
    (*_others, actions) = message(a_card(buttons=(button,), is_bulletin=is_bulletin))["blocks"]
    assert actions["block_id"] == ("bulletin" if is_bulletin else "answers")


def test_an_empty_line_takes_no_room():
    assert [block["text"]["text"] for block in message(a_card(header="", lines=(("",), (" ",), ("x",))))["blocks"]] == [
        "x"
    ]


def test_the_revealed_text_is_shown_whole_and_plain():
    text = "<!channel> *bold* " * 400
    view = reveal_view(1042, text)
    assert view_problems(view) == []
    assert {block["text"]["type"] for block in view["blocks"]} == {"plain_text"}
    assert "".join(block["text"]["text"] for block in view["blocks"]) == text


@pytest.mark.parametrize(
    ("text", "last"),
    [("", "No text"), ("x" * 200_000, "… the rest is in Stream's dashboard"), ("\n" * 9, "No text")],
    ids=["nothing", "too much", "blank"],
)
def test_a_text_that_cannot_be_shown_says_so(text, last):
    view = reveal_view(1042, text)
    assert view_problems(view) == []
    assert view["blocks"][-1]["text"]["text"] == last


def test_the_window_that_resolves_is_accepted_and_knows_where_it_came_from():
    origin = Origin(encode(ButtonValue(UUID(int=7), 2, 5)), "C1", "1718000000.000100")
    view = resolve_view(10**15, origin)
    assert view_problems(view) == []
    assert origin_of(view["private_metadata"]) == origin
    choices = [option["value"] for option in view["blocks"][0]["element"]["options"]]
    assert choices == ["action_taken", "no_violation", "duplicate", "referred", "test"]


@pytest.mark.parametrize("metadata", ["", "{}", "[1,2,3]", '["a"]', "not json"])
def test_metadata_that_is_none_of_ours_leads_nowhere(metadata):
    assert origin_of(metadata) == Origin("")


def test_a_missing_reference_keeps_the_window_open():
    blocks = {block["block_id"] for block in resolve_view(1, Origin("v"))["blocks"]}
    assert set(reference_needed()["errors"]) <= blocks
    assert json.loads(json.dumps(reference_needed()))["response_action"] == "errors"


PEOPLE = [(f"person-{number}", f"Person {number}") for number in range(150)]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_slack_accepts_every_window_whatever_people_are_called(hostile):
    for view in (
        hand_over_view(10**15, Origin("v"), [*PEOPLE, ("key", hostile), (hostile, hostile), ("none", "")]),
        escalate_view([("key", hostile)], [("one", hostile), ("two", hostile)]),
        note_view(10**15, Origin("v"), is_posted=True),
        note_view(10**15, Origin("v"), is_posted=False),
        result_view("Escalate", hostile),
    ):
        assert view_problems(view) == []


@pytest.mark.parametrize(("count", "kind"), [(100, "static_select"), (101, "external_select")])
def test_more_people_than_a_menu_holds_are_searched(count, kind):
    view = hand_over_view(1, Origin("v"), PEOPLE[:count])
    assert view_problems(view) == []
    assert view["blocks"][0]["element"]["type"] == kind


def test_a_search_finds_by_words_of_name_and_key():
    people = [*PEOPLE, ("ana", "Ána Ruiz"), ("ben", "Ruiz, Ben")]
    assert [option["value"] for option in options(people, "RUIZ")["options"]] == ["ana", "ben"]
    assert [option["value"] for option in options(people, "ruiz ána")["options"]] == ["ana"]
    assert [option["value"] for option in options(people, "person-149")["options"]] == ["person-149"]
    assert options(people, "nobody of that name") == {"options": []}


def test_a_search_that_finds_too_much_says_so():
    found = options(PEOPLE, "")
    assert found_problems(found) == []
    [group] = found["option_groups"]
    assert [option["value"] for option in group["options"]] == [key for key, _ in PEOPLE[:100]]
    assert group["label"]["text"] == "The first 100 of 150: type more of the name"


def test_a_choice_that_slack_would_refuse_is_left_out():
    view = hand_over_view(1, Origin("v"), [("x" * 151, "Too long"), ("ana", "Ana Ruiz")])
    assert [option["value"] for option in view["blocks"][0]["element"]["options"]] == ["ana"]


@pytest.mark.parametrize(
    ("sources", "asked"),
    [
        pytest.param([("chat", "chat")], ["category", "about", "item", "author"], id="one source: nobody is asked"),
        pytest.param(
            [("a", "a"), ("b", "b")], ["category", "about", "item", "author", "source"], id="several: which of them"
        ),
    ],
)
def test_only_what_is_not_known_is_asked(sources, asked):
    assert [block["block_id"] for block in escalate_view([("hate", "Hate")], sources)["blocks"]] == asked
