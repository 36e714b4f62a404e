"""What is said stays text in both of Jira's forms."""

import html
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.channels.jira import documents, limits
from escalator.channels.jira.api import Flavour
from escalator.model.message import InlineTime, Link
from tests.doubles.jira_rules import adf_problems, document_problem

CLOUD, DATA_CENTER = Flavour.CLOUD, Flavour.DATA_CENTER
AT = InlineTime(datetime(2026, 8, 20, 14, 8, tzinfo=UTC))

MARKUP = re.compile(
    r"\{|\[|\]|!|\*|\^|~|\||\\|\?\?|<|(?<!&)#(?!\d)"  # what opens or closes markup anywhere
    r"|&(?!#\d+;)"  # an entity that is not ours
    r"|(?<!\w)[-+_]\w|\w[-+_](?!\w)|--|\((?=[/x!?*iyn+-])|:[)(DP]|;\)"  # phrases, dashes, emoticons
    r"|\w:/|@|(?m:^h[1-6]\.|^bq\.|^- )"  # addresses, headings, quotes, lists
)
"""What Jira's renderer would take as markup, written down apart from what the product escapes."""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{code}rm -rf{code}", id="a macro"),
        pytest.param("[~admin] [click|https://evil.example]", id="a mention and a link"),
        pytest.param("!https://evil.example/track.png!", id="a picture"),
        pytest.param("*bold* _it_ -gone- +new+ ^up^ ~down~ ??who??", id="phrases"),
        pytest.param("||head||cell|", id="a table"),
        pytest.param("# one", id="a numbered list"),
        pytest.param("- one", id="a list"),
        pytest.param("----", id="a rule"),
        pytest.param("h1. Big", id="a heading"),
        pytest.param("bq. Said", id="a quote"),
        pytest.param("(!) (x) :) ;)", id="emoticons"),
        pytest.param("https://evil.example mailto:a@example.com", id="bare addresses"),
        pytest.param("\\{code\\} a\\\\b", id="escapes of its own"),
        pytest.param("&#123;code&#125; &lt;b&gt;", id="entities of its own"),
    ],
)
def test_no_text_becomes_wiki_markup(text):
    written = documents.document(DATA_CENTER, [(text,)])
    assert MARKUP.search(text)
    assert not MARKUP.search(written)
    assert html.unescape(written) == text


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"])))
def test_any_text_reads_the_same_in_wiki_text(text):
    written = documents.document(DATA_CENTER, [(text[:900],)])
    assert not MARKUP.search(written)
    assert html.unescape(written) == text[:900]


def test_ordinary_words_stay_as_they_are():
    said = "#1042 taken by ana after 57 s; Self-harm · 14:08, in chat-prod: user_42"
    assert documents.document(DATA_CENTER, [(said,)]) == said


def test_lines_links_and_instants_in_adf():
    lines = [("Opened ", AT), (Link("Runbook", "https://wiki.example.com/a?b=c"), " · see it")]
    assert documents.document(CLOUD, lines) == {
        "type": "doc",
        "version": 1,
        "content": [
            {
                "type": "paragraph",
                "content": [{"type": "text", "text": "Opened "}, {"type": "text", "text": "2026-08-20 14:08 UTC"}],
            },
            {
                "type": "paragraph",
                "content": [
                    {
                        "type": "text",
                        "text": "Runbook",
                        "marks": [{"type": "link", "attrs": {"href": "https://wiki.example.com/a?b=c"}}],
                    },
                    {"type": "text", "text": " · see it"},
                ],
            },
        ],
    }


def test_lines_links_and_instants_in_wiki_text():
    lines = [("Opened ", AT), (Link("Run|book", "https://wiki.example.com/a?b=c|d]"), " · see it")]
    assert documents.document(DATA_CENTER, lines) == (
        "Opened 2026-08-20 14:08 UTC\n\n[Run&#124;book|https://wiki.example.com/a?b=c%7Cd%5D] · see it"
    )


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://example.com", "https://[::1", "", "https://a/" + "b" * 3000]
)
def test_only_addresses_of_the_web_are_links(flavour, url):
    written = documents.document(flavour, [(Link("Runbook", url),)])
    assert documents.text_of(written) == "Runbook"
    assert "href" not in repr(written)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param((AT, " (in 3 min): ", "seniors"), "2026-08-20 14:08 UTC: seniors", id="how long is left"),
        pytest.param((AT, " (now): ", "seniors"), "2026-08-20 14:08 UTC: seniors", id="nothing is left"),
        pytest.param(("He said", " (now): ", "x"), "He said (now): x", id="words that are no instant's"),
    ],
)
def test_how_far_away_an_instant_is_is_left_out(line, expected):
    assert documents.text_of(documents.document(CLOUD, [line])) == expected


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([("x" * 100_000,)], id="one long line"),
        pytest.param([("{" * 900,)] * 50, id="many lines that grow"),
        pytest.param([("Ω" * 900, Link("y" * 900, "https://example.com/" + "z" * 1900))] * 90, id="many links"),
        pytest.param([], id="nothing"),
        pytest.param([("",)], id="an empty line"),
        pytest.param([("a\nb\r\n\x00\u202ec\ud800",)], id="what is no text"),
    ],
)
def test_every_document_is_one_that_jira_takes(flavour, lines):
    written = documents.document(flavour, lines)
    assert document_problem(written, flavour is CLOUD) is None
    json.dumps(written, ensure_ascii=False).encode()


def test_what_is_too_long_says_that_there_was_more():
    written = documents.document(CLOUD, [(f"line {number} " + "x" * 900,) for number in range(90)])
    said = documents.text_of(written).splitlines()
    assert said[0].startswith("line 0 ")
    assert said[-1] == "…"
    assert limits.DOCUMENT - 2000 < documents.size(written) <= limits.DOCUMENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("CRITICAL · Self-harm · #1042", "CRITICAL · Self-harm · #1042", id="as it is"),
        pytest.param("two\nlines\r\n", "two lines", id="one line"),
        pytest.param("x" * 300, "x" * 254 + "…", id="255 characters"),
        pytest.param(" \n ", "…", id="never nothing"),
    ],
)
def test_a_summary_is_one_line(text, expected):
    assert documents.summary(text) == expected


@pytest.mark.parametrize("flavour", Flavour)
def test_a_comment_holds_its_marker(flavour):
    written = documents.marked(flavour, "#1042 taken by ana", "escalator-0123456789abcdef")
    assert document_problem(written, flavour is CLOUD) is None
    assert "escalator-0123456789abcdef" in json.dumps(written)


@pytest.mark.parametrize(
    ("document", "is_right"),
    [
        pytest.param({"type": "doc", "version": 1, "content": []}, True, id="empty"),
        pytest.param({"type": "doc", "version": 2, "content": []}, False, id="another version"),
        pytest.param({"type": "paragraph", "content": []}, False, id="no document"),
        pytest.param({"type": "doc", "version": 1, "content": [{"type": "text", "text": "x"}]}, False, id="bare text"),
        pytest.param(
            {
                "type": "doc",
                "version": 1,
                "content": [{"type": "paragraph", "content": [{"type": "text", "text": ""}]}],
            },
            False,
            id="empty text",
        ),
        pytest.param({"type": "doc", "version": 1, "content": [{"type": "bulletList"}]}, False, id="a list of nothing"),
        pytest.param({"type": "doc", "version": 1, "content": [{"type": "blink"}]}, False, id="an unknown node"),
    ],
)
def test_the_double_knows_adf(document, is_right):
    assert (adf_problems(document) == []) is is_right


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"type": "doc", "content": "x"}, id="content that is no list"),
        pytest.param({"type": "doc", "content": [1, {"marks": [1, {"type": "link"}], "text": 2}]}, id="odd nodes"),
        pytest.param({"type": "doc", "content": [{"type": "text", "marks": 7}]}, id="marks that are no list"),
        pytest.param(
            {"type": "doc", "content": [{"text": "x", "marks": [{"type": "link", "attrs": None}]}]},
            id="a link without attributes",
        ),
        pytest.param({}, id="nothing"),
    ],
)
def test_a_document_of_somebody_elses_can_be_compared(said):
    assert isinstance(documents.text_of(said), str)
