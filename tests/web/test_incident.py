"""The page of one incident: what it tells, what people do on it, and that hidden text stays hidden until asked for."""

import pytest
from sqlalchemy import select

from escalator.model.incident import Verb
from escalator.store.tables import audit_records, incidents
from tests.browsers import Browser
from tests.sandboxes import a_core, alert, demo_policy, go_on

HIDDEN = ("I know where", "sorry")
"""Of the sample's text."""


def a_policy(*changes):
    text = demo_policy()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


LOOKERS_ON = (
    "role: admin}",
    "role: admin}\n  vic:  {name: Vic Low, role: viewer}\n  aud:  {name: Aud Low, role: auditor}",
)
NAMED = ("{title: Threat,", "{title: Threat, content: withhold, restricted_to: [moderators],")
NAMING_NOBODY = ("{title: Threat,", "{title: Threat, content: withhold,")
SHOWN = ("{title: Threat,", "{title: Threat, content: show,")
TWO_NEEDED = ("assign: moderators, path: escalate}", "assign: moderators, path: escalate, acknowledgements: 2}")
CARE = ("version: 1", "version: 1\ncare: {reveals_per_day: 1}")


@pytest.fixture
def cores(sqlite_url, tmp_path):
    made = []

    def make(*changes):
        made.append(a_core(sqlite_url, tmp_path, policy=a_policy(LOOKERS_ON, *changes)))
        return made[-1]

    yield make
    for core in made:
        core.database.close()


@pytest.fixture
def core(cores):
    core = cores()
    alert(core)
    return core


def recorded(core, action="incident.revealed"):
    with core.database.reading() as connection:
        return list(connection.execute(select(audit_records).where(audit_records.c.action == action)))


def seen(core, number=1001):
    """Round and fence as a page shows them now."""
    with core.database.reading() as connection:
        row = connection.execute(select(incidents).where(incidents.c.number == number)).one()
    return {"round": row.round, "fence": row.fence}


def pressed(core, who, verb, number=1001, **more):
    return Browser(core, who).post(f"/incidents/{number}/{verb}", {**seen(core, number), **more}, follow_redirects=True)


def revealed(core, who, line=1, **more):
    return Browser(core, who).post("/incidents/1001/reveal", {"line": line, **more})


def test_the_page_tells_what_happened_why_and_what_comes(core):
    page = Browser(core, "ana").get("/incidents/1001").text
    for said in (
        "Opened by review_queue_item.new",
        "Round 1: route Urgent harms, path escalate",
        "critical-alerts (Slack)",
        "category is Threat",
        "Waiting for Ana Ruiz, Ben Okafor",
        "Step 2",
        "Restarts from step 1",
    ):
        assert said in page


def test_a_notification_says_what_became_of_it(core):
    pressed(core, "ana", "acknowledge")
    page = Browser(core, "ana").get("/incidents/1001").text
    assert "Ben Okafor by Slack" in page
    assert "sent" in page
    assert "Acknowledged by Ana Ruiz" in page
    assert "Ana Ruiz is reminded" in page


@pytest.mark.parametrize(
    ("who", "verb", "form", "told"),
    [
        pytest.param("ana", "acknowledge", {}, "#1001 is yours now", id="acknowledge"),
        pytest.param("ana", "resolve", {"outcome": "action_taken"}, "#1001 is resolved now", id="resolve"),
        pytest.param("ana", "resolve", {"outcome": "referred"}, "enter where it was referred to", id="no reference"),
        pytest.param("ana", "false_alarm", {}, "#1001 is resolved now", id="false alarm"),
        pytest.param("ana", "snooze", {"minutes": 15}, "#1001 is yours now", id="snooze"),
        pytest.param("ana", "escalate_now", {}, "#1001 is unacknowledged now", id="escalate"),
        pytest.param("ana", "release", {}, "is not possible while", id="release what nobody has"),
        pytest.param("vic", "acknowledge", {}, "your role does not allow this", id="a viewer"),
    ],
)
def test_a_verb_is_done_and_its_outcome_told(core, who, verb, form, told):
    assert told in pressed(core, who, verb, **form).text


def test_somebody_hands_over_and_another_takes_over(core):
    pressed(core, "ana", "acknowledge")
    assert "unacknowledged" in pressed(core, "ana", "hand_over", to="ben").text
    pressed(core, "ben", "acknowledge")
    assert "#1001 is yours now" in pressed(core, "dana", "take_over").text


def test_a_press_on_an_old_page_is_answered_in_words_and_changes_nothing(core):
    old = seen(core)
    go_on(core, seconds=20)
    said = Browser(core, "ana").post("/incidents/1001/escalate_now", old, follow_redirects=True)
    assert "that message was out of date" in said.text


def test_a_form_that_lacks_what_it_must_have_is_refused(core):
    browser = Browser(core, "ana")
    forms = [
        ("acknowledge", {}),
        ("acknowledge", {"round": "x", "fence": "1"}),
        ("resolve", {"round": 1, "fence": 1, "outcome": "nonsense"}),
        ("note", {"round": 1, "fence": 1, "note": "  "}),
    ]
    assert {browser.post(f"/incidents/1001/{path}", form).status_code for path, form in forms} == {400}


@pytest.mark.parametrize(
    ("who", "offered"),
    [
        pytest.param("vic", set(), id="a viewer looks on"),
        pytest.param("aud", set(), id="an auditor looks on"),
        pytest.param(
            "ana",
            {"acknowledge", "resolve", "false_alarm", "snooze", "escalate_now", "note"},
            id="a moderator while nobody has it",
        ),
    ],
)
def test_only_what_would_count_is_offered(core, who, offered):
    page = Browser(core, who).get("/incidents/1001").text
    verbs = "acknowledge resolve false_alarm snooze escalate_now note release hand_over take_over still_on_it reopen"
    assert {verb for verb in verbs.split() if f'data-verb="{verb}"' in page} == offered


def test_resolve_is_not_offered_until_two_have_answered(cores):
    core = cores(TWO_NEEDED)
    alert(core)
    pressed(core, "ana", "acknowledge")
    page = Browser(core, "ana").get("/incidents/1001").text
    assert "1 of 2 acknowledgements: Ana Ruiz; one more person is needed" in page
    assert 'data-verb="resolve"' not in page
    assert 'data-verb="acknowledge"' not in page


def test_a_note_is_read_by_moderators_only(core):
    pressed(core, "ana", "note", note="called <b>her</b> parents")
    assert "called &lt;b&gt;her&lt;/b&gt; parents" in Browser(core, "ben").get("/incidents/1001").text
    assert "parents" not in Browser(core, "vic").get("/incidents/1001").text


@pytest.mark.parametrize(
    ("change", "who", "is_read"),
    [
        pytest.param(None, "vic", False, id="hidden: not by a viewer"),
        pytest.param(None, "ana", True, id="hidden: by a moderator"),
        pytest.param(NAMED, "ana", True, id="withheld: by who is named"),
        pytest.param(NAMING_NOBODY, "eli", False, id="withheld from all: not even by an admin"),
    ],
)
def test_who_may_read_what(cores, change, who, is_read):
    core = cores(*[change] if change else [])
    alert(core)
    before = Browser(core, who).get("/incidents/1001").text
    assert not any(word in before for word in HIDDEN)
    assert ('id="line-1"' in before) is is_read
    after = revealed(core, who).text
    assert all(word in after for word in HIDDEN) is is_read
    assert [row.actor_key for row in recorded(core)] == ([who] if is_read else [])


def test_what_is_shown_to_moderators_is_hidden_from_who_only_looks_on(cores):
    core = cores(SHOWN)
    alert(core)
    assert HIDDEN[0] in Browser(core, "ana").get("/incidents/1001").text
    assert HIDDEN[0] not in Browser(core, "vic").get("/incidents/1001").text
    assert HIDDEN[0] not in revealed(core, "vic").text


def test_a_revealed_line_is_recorded_by_its_number_not_cached_and_gone_on_the_next_look(core):
    answer = revealed(core, "ana")
    (row,) = recorded(core)
    assert (row.after, row.via) == ('{"line": "1", "of": "1"}', "dashboard")
    assert answer.headers["Cache-Control"] == "no-store"
    assert HIDDEN[0] not in Browser(core, "ana").get("/incidents/1001").text


def test_what_cannot_be_recorded_is_not_shown(core, monkeypatch):
    def fail(*_args):
        raise RuntimeError("the disk is full")

    browser = Browser(core, "ana")
    monkeypatch.setattr("escalator.store.audit_log.insert", fail)
    answer = browser.post("/incidents/1001/reveal", {"line": 1})
    assert answer.status_code == 503
    assert HIDDEN[0] not in answer.text


def test_a_line_that_is_not_there_is_not_found_and_not_recorded(core):
    browser = Browser(core, "ana")
    answers = [browser.post("/incidents/1001/reveal", {"line": line}) for line in ("0", "2", "-1", "x", "", "9" * 99)]
    assert {answer.status_code for answer in answers} == {404}
    assert recorded(core) == []


def test_nothing_is_revealed_of_what_is_resolved(core):
    pressed(core, "ana", "resolve", outcome="action_taken")
    assert HIDDEN[0] not in revealed(core, "ana").text
    assert "Read the text in Stream, or reopen the incident" in Browser(core, "ana").get("/incidents/1001").text


def test_who_has_read_enough_is_asked_to_stop_and_may_insist(cores):
    core = cores(CARE)
    alert(core)
    revealed(core, "ana")
    assert HIDDEN[0] in revealed(core, "ana").text, "one that they have begun is read to its end"
    alert(core, "self_harm")
    page = Browser(core, "ana").get("/incidents/1002").text
    assert "You have read 1 distressing items today" in page
    assert "Show it anyway" in page
    form = {"line": 1}
    assert "last message" not in Browser(core, "ana").post("/incidents/1002/reveal", form).text
    assert "last message" in Browser(core, "ana").post("/incidents/1002/reveal", form | {"anyway": "1"}).text
    assert [row.reason for row in recorded(core)] == ["", "", "over_limit"]


def test_a_day_later_nobody_is_asked_to_stop(cores):
    core = cores(CARE)
    alert(core)
    revealed(core, "ana")
    core.clock.move(hours=10)
    alert(core, "self_harm")
    assert "Show it anyway" not in Browser(core, "ana").get("/incidents/1002").text
    assert "This week</dt><dd>1" in Browser(core, "ana").get("/care").text


def test_an_export_has_no_content_and_is_recorded(core):
    pressed(core, "ana", "note", note="a note about it")
    answer = Browser(core, "vic").get("/incidents/1001.json")
    assert answer.json["number"] == 1001
    assert answer.json["why"] == "category is Threat"
    assert {"incident.opened", "incident.noted"} <= {one["action"] for one in answer.json["records"]}
    assert {one["state"] for one in answer.json["notifications"]} == {"delivered"}
    assert not any(word in answer.text for word in (*HIDDEN, "user-42", "a note about it"))
    assert [row.actor_key for row in recorded(core, "audit.exported")] == ["vic"]


@pytest.mark.parametrize("number", [pytest.param(1001, id="restricted to others"), pytest.param(4040, id="none")])
def test_what_somebody_may_not_see_is_not_found_by_any_address(cores, number):
    core = cores(NAMED)
    alert(core)
    browser, path = Browser(core, "dana"), f"/incidents/{number}"
    form = {"line": 1, "round": 1, "fence": 1, "note": "x", "outcome": "action_taken", "to": "ana"}
    verbs = [verb.value for verb in Verb]
    answers = [browser.get(path), browser.get(f"{path}.json"), *(browser.post(f"{path}/{one}", form) for one in verbs)]
    assert {answer.status_code for answer in answers} == {404}
    assert not recorded(core)
    assert not recorded(core, "audit.exported")


def test_a_verb_that_is_none_is_not_found(core):
    assert Browser(core, "ana").post("/incidents/1001/explode", seen(core)).status_code == 404


def test_an_admin_holds_the_content_and_says_why(core):
    page = Browser(core, "eli").post("/incidents/1001/hold", {"reason": "Case 4711"}, follow_redirects=True)
    assert "is kept until the hold is lifted" in page.text
    assert "Case 4711" in page.text
    [record] = recorded(core, "incident.held")
    assert (record.actor_key, record.via) == ("eli", "dashboard")
    page = Browser(core, "eli").post("/incidents/1001/lift_hold", {"reason": "Closed"}, follow_redirects=True)
    assert "Hold the content" in page.text
    assert len(recorded(core, "incident.hold_lifted")) == 1


def test_nobody_else_is_offered_a_hold(core):
    assert "Hold the content" not in Browser(core, "dana").get("/incidents/1001").text
    assert Browser(core, "dana").post("/incidents/1001/hold", {"reason": "x"}).status_code == 403
    assert recorded(core, "incident.held") == []
