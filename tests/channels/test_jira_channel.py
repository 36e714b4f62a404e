"""One issue for each place, in Jira Cloud, in Data Center, and in the sandbox's inbox: the same, seen three ways."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from escalator.channels.contract import CALL_ENDS_S
from escalator.channels.deadline_socket import Limits
from escalator.channels.jira import rest
from escalator.channels.jira.api import Flavour
from escalator.channels.jira.channel import JiraChannel
from escalator.channels.jira.rest import INDEX_LAG, JiraRest
from escalator.channels.jira.sandbox import SandboxJira
from escalator.encryption import Seal
from escalator.model.incident import DueKind, State
from escalator.model.message import Card, Delivered, Failed, FailureReason, MessageContext, Occasion
from escalator.rendering.card import alarm
from escalator.sandbox.inbox import DatabaseInbox, open_payload
from escalator.store import Database, sandbox_inbox
from tests.channels.jira_messages import PLACE, RESOLVED, say
from tests.doubles.http import Fault
from tests.doubles.jira import (
    CLOSED,
    DOING,
    PROJECT,
    SCREEN,
    TO_DO,
    WAYS,
    JiraDouble,
    Status,
    Way,
)
from tests.doubles.jira import said as words_of
from tests.fakes import FakeClock
from tests.rendering.builders import NOW, SECRETS, TAKEN

LABEL = f"escalator-{PLACE}"
SNOOZED = {**TAKEN, "state": State.SNOOZED, "due_kind": DueKind.SNOOZE_END}
TAKEN_WORDS = "#1042 taken by ana after 57 s"
RESOLVED_WORDS = "#1042 resolved by ana: action taken"


def notice(key="key-9"):
    said = alarm("Escalator needs attention: destination", ("ts-pager cannot be told: bad_credentials",))
    return replace(
        say(key=key),
        card=said,
        standing=None,
        place=key,
        context=MessageContext(None, None, "ts-board"),
        occasion="alarm",
    )


@dataclass(frozen=True)
class Seen:
    """An issue as a person sees it; `comments` without the marks by which they are known again."""

    summary: str
    description: str
    labels: list
    category: str
    comments: list


class Seeing:
    """A channel, and eyes on what it does."""

    def __init__(self, channel, issues, close_):
        self.channel = channel
        self._issues = issues
        self.close = close_

    @property
    def issues(self):
        return [
            Seen(
                fields["summary"],
                words_of(fields["description"]),
                fields["labels"],
                category,
                [words_of(one["body"]).splitlines()[0] for one in comments],
            )
            for fields, category, comments in self._issues()
        ]

    @property
    def only(self):
        (issue,) = self.issues
        return issue


@contextmanager
def of_double(is_cloud):
    with JiraDouble(is_cloud=is_cloud) as jira:
        channel = JiraChannel(JiraRest(jira.origin, jira.email, jira.token))
        yield Seeing(
            channel,
            lambda: [(one.fields, one.status.category, one.comments) for one in jira.issues.values()],
            jira.move,
        )


@contextmanager
def of_sandbox(url):
    database, seal = Database(url), Seal(["key"])
    api = SandboxJira(DatabaseInbox(database, seal, FakeClock()), Flavour.CLOUD)

    def issues():
        with database.reading() as connection:
            said = [open_payload(item, seal) for item in sandbox_inbox.newest(connection, 10, NOW)]
        assert all(one["text"] == one["jira"]["fields"]["summary"] and one["first_text"] for one in said)
        return [(one["jira"]["fields"], one["jira"]["category"], one["jira"]["comments"]) for one in said]

    def close_(key, category):
        talk = api.conversation(say().context)
        way = next(way for way in talk.transitions(key) if way.to == category)
        talk.move(key, way.id)

    yield Seeing(JiraChannel(api), issues, close_)
    database.close()


@pytest.fixture(params=["cloud", "data center", "sandbox"])
def seeing(request, sqlite_url):
    place = of_sandbox(sqlite_url) if request.param == "sandbox" else of_double(request.param == "cloud")
    with place as seeing:
        yield seeing


@pytest.fixture
def jira():
    with JiraDouble() as jira:
        yield jira


def channel_of(jira, **options):
    return JiraChannel(JiraRest(jira.origin, jira.email, jira.token, **options))


def test_an_issue_says_what_the_card_says(seeing):
    made = seeing.channel.send(say())
    assert made == Delivered(f"{PROJECT}-1")
    issue = seeing.only
    assert (issue.summary, issue.labels, issue.category) == ("CRITICAL · Self-harm · #1042", [LABEL], "new")
    assert "Waiting for Ana Ruiz" in issue.description
    assert "2026-08-20 14:03 UTC" in issue.description
    assert issue.comments == []


def test_an_issue_says_nothing_that_is_true_for_a_minute_only(seeing):
    seeing.channel.send(say())
    assert "2026-08-20 14:08 UTC: senior moderators and PagerDuty" in seeing.only.description
    assert " (in " not in seeing.only.description


def test_no_word_of_what_a_user_wrote_gets_there(seeing):
    ref = seeing.channel.send(say()).ref
    seeing.channel.send(say(ref, key="key-2"))
    seeing.channel.update(say(ref, **RESOLVED))
    assert "cannot do this" not in repr(seeing.issues)
    assert "Jess" not in repr(seeing.issues)


def test_a_snippet_that_slipped_in_stays_out(seeing):
    one = say()
    seeing.channel.send(replace(one, card=replace(one.card, snippet=SECRETS[0])))
    assert SECRETS[0] not in repr(seeing.issues)


def test_the_same_place_has_one_issue_whoever_tells(seeing):
    first = seeing.channel.send(say(key="key-1"))
    assert seeing.channel.send(say(key="key-2")) == first
    assert len(seeing.issues) == 1


def test_an_issue_found_again_is_brought_up_to_date(seeing):
    seeing.channel.send(say())
    seeing.channel.send(say(waiting_for=("ben",)))
    assert "Waiting for ben" in seeing.only.description


def test_each_escalation_is_one_comment(seeing):
    ref = seeing.channel.send(say()).ref
    for key in ("key-2", "key-2", "key-3"):
        assert seeing.channel.send(say(ref, key=key, step=1)) == Delivered(ref)
    assert len(seeing.only.comments) == 2
    assert seeing.only.comments[0].startswith("Nobody answered for 2 min: CRITICAL · Self-harm is now with you")


def test_who_takes_it_is_said_once_and_the_issue_moves(seeing):
    ref = seeing.channel.send(say()).ref
    for how in (TAKEN, TAKEN, SNOOZED):
        assert seeing.channel.update(say(ref, **how)) == Delivered(ref)
    assert (seeing.only.comments, seeing.only.category) == ([TAKEN_WORDS], "indeterminate")


def test_how_it_ended_is_said_once_and_the_issue_is_done(seeing):
    ref = seeing.channel.send(say()).ref
    for _ in range(2):
        assert seeing.channel.update(say(ref, **RESOLVED)) == Delivered(ref)
    assert (seeing.only.comments, seeing.only.category) == ([RESOLVED_WORDS], "done")


def test_what_became_part_of_another_is_done(seeing):
    ref = seeing.channel.send(say()).ref
    seeing.channel.update(say(ref, **RESOLVED | {"state": State.MERGED, "outcome": None}, merged_into=1040))
    assert (seeing.only.comments, seeing.only.category) == (["#1042 is now part of #1040"], "done")


def test_what_is_open_again_leaves_done(seeing):
    ref = seeing.channel.send(say()).ref
    seeing.channel.update(say(ref, **RESOLVED))
    for _ in range(2):
        seeing.channel.update(say(ref, round=2))
    assert seeing.only.category == "new"
    assert seeing.only.comments[1:] == [f"Reopened: {say(round=2).card.text}"]


def test_what_somebody_took_again_leaves_done(seeing):
    ref = seeing.channel.send(say()).ref
    seeing.channel.update(say(ref, **RESOLVED))
    seeing.channel.update(say(ref, round=2, **TAKEN))
    assert seeing.only.category == "indeterminate"


def test_what_is_released_stays_where_people_have_put_it(seeing):
    ref = seeing.channel.send(say()).ref
    seeing.channel.update(say(ref, **TAKEN))
    seeing.channel.update(say(ref, round=2))
    assert seeing.only.category == "indeterminate"


def test_what_somebody_has_closed_there_stays_closed_when_it_is_resolved_here(seeing):
    ref = seeing.channel.send(say()).ref
    seeing.close(ref, "done")
    seeing.channel.update(say(ref, **RESOLVED))
    assert (seeing.only.category, seeing.only.comments) == ("done", [RESOLVED_WORDS])


def test_an_issue_that_is_opened_late_stands_as_its_incident_does(seeing):
    seeing.channel.send(say(occasion=Occasion.REMIND, **TAKEN))
    assert seeing.only.category == "indeterminate"


def test_our_own_trouble_is_an_issue_of_its_own(seeing):
    for key in ("key-8", "key-9", "key-9"):
        assert isinstance(seeing.channel.send(notice(key)), Delivered)
    assert sorted(issue.labels for issue in seeing.issues) == [["escalator-key-8"], ["escalator-key-9"]]
    assert seeing.issues[0].summary == "Escalator needs attention: destination"
    assert seeing.issues[0].category == "new"


@pytest.mark.parametrize("call", ["send", "update"])
def test_an_issue_that_is_gone_says_so(seeing, call):
    done = getattr(seeing.channel, call)(say(f"{PROJECT}-77"))
    assert done == Failed(FailureReason.BAD_TARGET, "issue_not_found")


def test_without_an_issue_nothing_is_shown(seeing):
    assert seeing.channel.update(say()) == Failed(FailureReason.BAD_TARGET, "no_reference")


def test_a_project_counts_its_issues(seeing):
    refs = [seeing.channel.send(replace(say(), place=f"place-{number}")).ref for number in range(3)]
    assert refs == [f"{PROJECT}-{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("how", "is_equal"),
    [
        pytest.param({"now": NOW + timedelta(minutes=2)}, True, id="time"),
        pytest.param({"waiting_for": ("ben",)}, False, id="whom it waits for"),
        pytest.param(TAKEN, False, id="who has it"),
        pytest.param({"round": 2}, True, id="a round nobody sees"),
        pytest.param({"severity": "high"}, False, id="how grave it is"),
    ],
)
def test_the_face_is_what_a_reader_sees(seeing, how, is_equal):
    other = say(**{name: value for name, value in how.items() if name != "severity"})
    if "severity" in how:
        other = replace(other, standing=replace(other.standing, headline="HIGH · Self-harm"))
    assert (seeing.channel.face(other) == seeing.channel.face(say())) is is_equal


def test_an_issue_whose_answer_was_lost_is_found_by_its_label(jira):
    jira.inject_at("POST", "/issue", Fault(drop=True, is_done=True))
    channel = channel_of(jira)
    assert channel.send(say()).reason is FailureReason.UNREACHABLE
    assert channel.send(say()) == Delivered(f"{PROJECT}-1")
    assert len(jira.issues) == 1


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        pytest.param(Fault(drop=True), INDEX_LAG, id="may have been made"),
        pytest.param(Fault(status=503), INDEX_LAG, id="may have been made, though it failed"),
        pytest.param(Fault(status=503, retry_after="90"), timedelta(seconds=90), id="Jira asks for more"),
        pytest.param(Fault(status=429, retry_after="3"), timedelta(seconds=3), id="was not made"),
        pytest.param(Fault(status=400), None, id="was refused"),
    ],
)
def test_a_retry_waits_until_clouds_search_would_know(jira, fault, waits):
    jira.inject_at("POST", "/issue", fault)
    assert channel_of(jira).send(say()).retry_after == waits


def test_data_centers_search_needs_no_wait():
    with JiraDouble(is_cloud=False) as jira:
        jira.inject_at("POST", "/issue", Fault(drop=True))
        assert channel_of(jira).send(say()) == Failed(FailureReason.UNREACHABLE)


def test_a_search_that_still_knows_a_deleted_issue_does_not_keep_a_new_one_back(jira):
    channel = channel_of(jira)
    stale = channel.send(say()).ref
    gone = jira.issues[stale]
    said = {"errorMessages": ["Issue does not exist"], "errors": {}}
    jira.inject_at("GET", f"/issue/{stale}", Fault(status=404, body=said))
    assert channel.send(say()) == Delivered(f"{PROJECT}-2")
    assert gone.comments == []


def test_a_search_that_is_refused_keeps_no_page_back(jira):
    jira.inject_at("POST", "/search/jql", Fault(status=400))
    assert channel_of(jira).send(say()) == Delivered(f"{PROJECT}-1")


def test_a_search_that_fails_for_the_moment_is_waited_for(jira):
    jira.inject_at("POST", "/search/jql", Fault(status=503))
    assert channel_of(jira).send(say()) == Failed(FailureReason.VENDOR_ERROR, "http_503")
    assert jira.issues == {}


def test_a_comment_whose_answer_was_lost_is_not_said_twice(jira):
    channel = channel_of(jira)
    ref = channel.send(say()).ref
    jira.inject_at("POST", "/comment", Fault(drop=True, is_done=True))
    assert channel.send(say(ref, key="key-2")).reason is FailureReason.UNREACHABLE
    assert channel.send(say(ref, key="key-2")) == Delivered(ref)
    assert len(jira.issues[ref].comments) == 1


@pytest.mark.parametrize(
    ("refused", "method", "ending"),
    [
        pytest.param("the comment", "POST", "/comment", id="interrupted before the comment"),
        pytest.param("the move", "POST", "/transitions", id="interrupted before the move"),
        pytest.param("the edit", "PUT", f"{PROJECT}-1", id="interrupted before the edit"),
    ],
)
@pytest.mark.parametrize("how", [RESOLVED, {"round": 2}], ids=["resolved", "open again"])
def test_what_was_interrupted_is_finished_by_the_next_try(jira, refused, method, ending, how):
    channel = channel_of(jira)
    ref = channel.send(say()).ref
    if how != RESOLVED:
        jira.move(ref, "done")
    jira.inject_at(method, ending, Fault(drop=True))
    attempts = [channel.update(say(ref, waiting_for=("ben",), **how)) for _ in range(2)]
    assert [type(one) for one in attempts] == [Failed, Delivered], refused
    assert len(jira.issues[ref].comments) == 1
    assert jira.issues[ref].status == (CLOSED if how == RESOLVED else TO_DO)


def test_what_does_not_change_is_not_written_again(jira):
    channel = channel_of(jira)
    ref = channel.send(say()).ref
    channel.update(say(ref))
    assert [request.method for request in jira.requests if request.path.endswith(ref)] == ["GET"]


def test_a_description_that_jira_has_dressed_up_is_still_the_same(jira):
    channel = channel_of(jira)
    ref = channel.send(say()).ref
    for block in jira.issues[ref].fields["description"]["content"]:
        block["attrs"] = {"localId": "b1c2"}
    channel.update(say(ref))
    assert "PUT" not in {request.method for request in jira.requests}


def test_only_what_has_changed_is_written(jira):
    channel = channel_of(jira)
    ref = channel.send(say()).ref
    channel.update(say(ref, waiting_for=("ben",)))
    (edit,) = [request.json for request in jira.requests if request.method == "PUT"]
    assert list(edit["fields"]) == ["description"]


def test_a_workflow_without_a_way_to_done_is_told_of_once():
    with JiraDouble(ways=WAYS[:2]) as jira:
        channel = channel_of(jira)
        ref = channel.send(say()).ref
        shown = [channel.update(say(ref, **RESOLVED)) for _ in range(2)]
    assert shown == [Delivered(ref)] * 2
    assert jira.comments(ref)[0].splitlines()[0] == (
        f"{RESOLVED_WORDS}. The Jira workflow has no transition to a matching status from here: move the issue by hand."
    )
    assert len(jira.comments(ref)) == 1


def test_a_workflow_without_a_status_for_what_is_taken_is_left_alone():
    with JiraDouble(ways=(WAYS[0], WAYS[2])) as jira:
        channel = channel_of(jira)
        ref = channel.send(say()).ref
        assert channel.update(say(ref, **TAKEN)) == Delivered(ref)
    assert (jira.comments(ref)[0].splitlines()[0], jira.issues[ref].status) == (TAKEN_WORDS, TO_DO)


def test_who_may_not_move_issues_says_so_instead_of_trying_for_ever(jira):
    jira.permissions = jira.permissions - {"TRANSITION_ISSUES"}
    channel = channel_of(jira)
    ref = channel.send(say()).ref
    assert channel.update(say(ref, **RESOLVED)) == Delivered(ref)
    assert "move the issue by hand" in jira.comments(ref)[0]


def test_a_way_that_asks_for_more_is_passed_over():
    declined = Status("5", "Declined", "done")
    with JiraDouble(ways=(*WAYS[:2], Way("41", declined, ("resolution",)), WAYS[2])) as jira:
        channel = channel_of(jira)
        ref = channel.send(say()).ref
        assert channel.update(say(ref, **RESOLVED)) == Delivered(ref)
    assert jira.issues[ref].status == CLOSED


def test_when_every_way_asks_for_more_a_person_is_asked_once():
    with JiraDouble(ways=(*WAYS[:2], Way("31", CLOSED, ("resolution",)))) as jira:
        channel = channel_of(jira)
        ref = channel.send(say()).ref
        shown = [channel.update(say(ref, **RESOLVED)) for _ in range(2)]
    assert shown == [Delivered(ref)] * 2
    assert len(jira.comments(ref)) == 2
    assert jira.issues[ref].status == TO_DO


def test_a_status_of_no_category_is_one_that_is_not_done():
    odd = Status("7", "Odd", "undefined")
    with JiraDouble(ways=(Way("51", odd), DOING_WAY, WAYS[2])) as jira:
        channel = channel_of(jira)
        ref = channel.send(say()).ref
        jira.move(ref, "undefined")
        channel.update(say(ref, **TAKEN))
    assert jira.issues[ref].status == DOING


DOING_WAY = WAYS[1]


@pytest.mark.parametrize("missing", [{"labels"}, {"description"}, {"labels", "description"}])
def test_a_project_without_a_field_on_its_screen_still_gets_the_page(missing):
    with JiraDouble(screen=SCREEN - missing) as jira:
        assert channel_of(jira).send(say()) == Delivered(f"{PROJECT}-1")
        assert set(jira.issues[f"{PROJECT}-1"].fields) == SCREEN - missing


def test_a_field_that_is_asked_for_is_named_to_the_owner(jira):
    jira.inject_at("POST", "/issue", Fault(status=400, body={"errors": {"customfield_10010": "Team is required."}}))
    assert channel_of(jira).send(say()) == Failed(FailureReason.BAD_MESSAGE, "customfield_10010")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"address": "NOWHERE"}, "project", id="no such project"),
        pytest.param({"options": {"issue_type": "Epic"}}, "issuetype", id="no such type of issue"),
        pytest.param({"options": {}}, "issuetype", id="no type of issue"),
    ],
)
def test_a_wrong_destination_is_told_as_such(jira, change, field):
    assert channel_of(jira).send(replace(say(), **change)) == Failed(FailureReason.BAD_TARGET, field)


def test_a_text_that_may_not_be_changed_keeps_no_status_back(jira):
    channel = channel_of(jira)
    ref = channel.send(say()).ref
    jira.permissions = jira.permissions - {"EDIT_ISSUES"}
    assert channel.update(say(ref, **RESOLVED)) == Failed(FailureReason.BAD_CREDENTIALS, "http_403")
    assert jira.issues[ref].status == CLOSED


def test_all_requests_of_a_call_together_have_an_end(jira, monkeypatch):
    channel = channel_of(jira, limits=Limits(0.4, 0.4))
    ref = channel.send(say()).ref
    monkeypatch.setattr(rest, "CONVERSATION_S", 0.5)
    jira.inject_at("GET", ref, Fault(delay=0.2))
    jira.inject_at("PUT", ref, Fault(delay=0.25))
    jira.inject_at("GET", "/transitions", Fault(delay=0.3))
    assert channel.update(say(ref, **RESOLVED)).reason is FailureReason.TIMEOUT


def test_a_conversation_ends_before_its_lease():
    assert rest.CONVERSATION_S < CALL_ENDS_S


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        pytest.param(PLACE, LABEL, id="an id as it is"),
        pytest.param('a" OR labels = "b', None, id="nothing that a search would read as more"),
        pytest.param("two words", None, id="no spaces"),
    ],
)
def test_a_label_is_one_word_by_which_the_issue_is_found(jira, place, expected):
    channel = channel_of(jira)
    for _ in range(2):
        assert isinstance(channel.send(replace(say(), place=place)), Delivered)
    (issue,) = jira.issues.values()
    (label,) = issue.fields["labels"]
    assert label == expected or (expected is None and " " not in label and '"' not in label)


def test_a_card_without_lines_still_says_something(jira):
    channel_of(jira).send(replace(say(), card=Card("A text", "A header", ()), standing=None))
    (issue,) = jira.issues.values()
    assert (issue.fields["summary"], words_of(issue.fields["description"])) == ("A text", "A text")


def test_the_sandbox_keeps_exactly_what_would_be_sent(jira, sqlite_url):
    one = say()
    channel_of(jira).send(one)
    (sent,) = [request.json for request in jira.requests if request.path.endswith("/issue")]
    database, seal = Database(sqlite_url), Seal(["key"])
    JiraChannel(SandboxJira(DatabaseInbox(database, seal, FakeClock()), Flavour.CLOUD)).send(one)
    with database.reading() as connection:
        (item,) = sandbox_inbox.newest(connection, 10, NOW)
    kept = open_payload(item, seal)
    assert json.dumps(kept["jira"]["fields"]) == json.dumps(sent["fields"])
    assert (item.ts, kept["jira"]["key"], kept["jira"]["status"]) == (f"{PROJECT}-1", f"{PROJECT}-1", "To Do")
    database.close()
