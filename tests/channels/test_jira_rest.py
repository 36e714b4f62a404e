"""Jira's REST API: who we are there, which Jira it is, and what its refusals mean."""

import base64
import logging

import pytest

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import Answer
from escalator.channels.jira.api import Category, Flavour
from escalator.channels.jira.failures import failure, refused_fields
from escalator.channels.jira.rest import NEEDED, Access, JiraRest
from escalator.channels.jira.site import flavour_of
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from tests.doubles.http import Fault, HttpDouble, Reply
from tests.doubles.jira import DOING, ISSUE_TYPE, ME, PROJECT, JiraDouble

NOBODY = MessageContext(None, None, "ts-board")
SECRET_WORDS = "i cannot do this any longer"


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def jira(request):
    with JiraDouble(is_cloud=request.param) as jira:
        yield jira


@pytest.fixture
def api(jira):
    return JiraRest(jira.origin, jira.email, jira.token)


@pytest.mark.parametrize(
    ("url", "email", "expected"),
    [
        pytest.param("https://acme.atlassian.net", "a@example.com", Flavour.CLOUD, id="Cloud"),
        pytest.param("https://jira.example.com", "a@example.com", Flavour.CLOUD, id="an address means Cloud"),
        pytest.param("https://ACME.atlassian.net", "", Flavour.CLOUD, id="Cloud by its host"),
        pytest.param("https://jira.example.com", "", Flavour.DATA_CENTER, id="a server of one's own"),
        pytest.param("https://atlassian.net.example.com", "", Flavour.DATA_CENTER, id="a host that looks like Cloud"),
        pytest.param("https://[::1", "", Flavour.DATA_CENTER, id="no address at all"),
    ],
)
def test_which_jira_it_is(url, email, expected):
    assert flavour_of(url, email) is expected
    assert JiraRest(url, email, "token").flavour is expected


def test_a_token_goes_where_its_jira_expects_it(jira, api):
    assert api.myself()
    expected = (
        "Basic " + base64.b64encode(f"{jira.email}:{jira.token}".encode()).decode()
        if jira.is_cloud
        else f"Bearer {jira.token}"
    )
    assert jira.requests[0].headers["authorization"] == expected
    assert jira.requests[0].path == ("/rest/api/3/myself" if jira.is_cloud else "/rest/api/2/myself")


def test_a_jira_may_live_below_a_path(jira):
    JiraRest(f"{jira.origin}/jira/", jira.email, jira.token).myself()
    assert jira.requests[0].path.startswith("/jira/rest/api/")


@pytest.mark.parametrize(
    ("url", "email", "token", "detail"),
    [
        pytest.param("", "a@example.com", "t", "no_url", id="no address"),
        pytest.param("file:///etc/passwd", "a@example.com", "t", "no_url", id="no address of the web"),
        pytest.param("https://acme.atlassian.net", "a@example.com", " ", "no_token", id="no token"),
        pytest.param("https://acme.atlassian.net", "", "t", "no_email", id="Cloud without an e-mail address"),
    ],
)
def test_what_is_not_configured_asks_nobody(url, email, token, detail):
    assert JiraRest(url, email, token).myself() == Failed(FailureReason.NOT_CONFIGURED, detail)


def test_a_wrong_token_is_told_as_such(jira):
    failed = JiraRest(jira.origin, jira.email, "wrong").myself()
    assert failed == Failed(FailureReason.BAD_CREDENTIALS, "http_401")


def test_we_know_ourselves_as_webhooks_name_us(jira, api):
    assert api.myself() == (ME if jira.is_cloud else f"JIRAUSER{ME}")


def test_a_check_finds_what_is_missing_and_changes_nothing(jira, api):
    found = api.check(PROJECT, ISSUE_TYPE.upper())
    assert (found.missing, found.has_issue_type) == ((), True)
    jira.permissions = jira.permissions - {"ADD_COMMENTS", "TRANSITION_ISSUES"}
    assert api.check(PROJECT, "Epic") == Access(("ADD_COMMENTS", "TRANSITION_ISSUES"), has_issue_type=False)
    assert {request.method for request in jira.requests} == {"GET"}


@pytest.mark.parametrize("page", [50, 2], ids=["one page", "many pages"])
@pytest.mark.parametrize("is_old", [False, True], ids=["8.4 and later", "before 8.4"])
def test_a_check_says_what_an_issue_needs(jira, api, is_old, page):
    jira.is_old, jira.page = is_old, page
    jira.screen = jira.screen | {"customfield_10042", "customfield_10050", "reporter"}
    jira.required, jira.defaults = {"customfield_10042", "reporter"}, {"reporter"}
    screen = api.check(PROJECT, ISSUE_TYPE).screen
    assert screen.required == {"project", "issuetype", "summary", "customfield_10042"}
    assert set(screen.names) == jira.screen
    assert screen.names["customfield_10042"] == "Team"


def test_where_jira_does_not_say_what_an_issue_needs_the_rest_is_checked(jira, api):
    jira.inject_at("GET", "/issuetypes", Fault(status=404))
    jira.inject_at("GET", "/createmeta", Fault(status=404))
    assert api.check(PROJECT, ISSUE_TYPE) == Access((), has_issue_type=True)


def test_a_check_of_a_project_that_is_not_there_says_so(api):
    assert api.check("NOWHERE", ISSUE_TYPE) == Failed(FailureReason.BAD_TARGET, "http_404")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, Failed(FailureReason.BAD_ANSWER, "no_permissions")),
        ({"permissions": {"ADD_COMMENTS": 1}}, Access(NEEDED, has_issue_type=True)),
    ],
)
def test_a_check_that_is_answered_oddly_grants_nothing(jira, api, body, expected):
    jira.inject_at("GET", "/mypermissions", Fault(body=body))
    assert api.check(PROJECT, ISSUE_TYPE) == expected


def test_a_status_has_its_meaning_by_its_id(api):
    assert api.category_of_status(DOING.id) is Category.INDETERMINATE
    assert api.category_of_status("777") == Failed(FailureReason.BAD_TARGET, "http_404")


def test_cloud_has_left_its_old_search(jira, api):
    assert api.conversation(NOBODY).find("escalator-1") == ""
    assert jira.requests[-1].path.endswith("/search/jql" if jira.is_cloud else "/search")


@pytest.mark.parametrize(
    ("status", "of_issue", "expected"),
    [
        pytest.param(400, True, Failed(FailureReason.BAD_MESSAGE, "http_400"), id="refused"),
        pytest.param(401, True, Failed(FailureReason.BAD_CREDENTIALS, "http_401"), id="no token"),
        pytest.param(403, True, Failed(FailureReason.BAD_CREDENTIALS, "http_403"), id="no permission"),
        pytest.param(404, True, Failed(FailureReason.BAD_TARGET, "http_404"), id="a page that a proxy has not"),
        pytest.param(404, False, Failed(FailureReason.BAD_TARGET, "http_404"), id="an address that is none"),
        pytest.param(408, True, Failed(FailureReason.TIMEOUT, "http_408"), id="too slow for Jira"),
        pytest.param(409, True, Failed(FailureReason.VENDOR_ERROR, "http_409"), id="changed by another meanwhile"),
        pytest.param(410, False, Failed(FailureReason.BAD_TARGET, "http_410"), id="no longer there"),
        pytest.param(413, True, Failed(FailureReason.BAD_MESSAGE, "http_413"), id="too long"),
        pytest.param(418, True, Failed(FailureReason.BAD_MESSAGE, "http_418"), id="never heard of"),
        pytest.param(422, True, Failed(FailureReason.BAD_MESSAGE, "http_422"), id="refused, said otherwise"),
        pytest.param(429, True, Failed(FailureReason.RATE_LIMITED, "http_429"), id="too many"),
        pytest.param(500, True, Failed(FailureReason.VENDOR_ERROR, "http_500"), id="Jira's fault"),
        pytest.param(503, True, Failed(FailureReason.VENDOR_ERROR, "http_503"), id="Jira is away"),
        pytest.param(302, True, Failed(FailureReason.BAD_TARGET, "http_302"), id="a redirect to a page to sign in"),
    ],
)
def test_a_refusal_has_its_reason(status, of_issue, expected):
    assert failure(Answer(status, {}, b"<html>"), of_issue=of_issue) == expected


def test_only_jira_itself_says_that_an_issue_is_gone():
    said = b'{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}'
    assert failure(Answer(404, {}, said), of_issue=True) == Failed(FailureReason.BAD_TARGET, "issue_not_found")
    assert failure(Answer(404, {}, said), of_issue=False) == Failed(FailureReason.BAD_TARGET, "http_404")


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        pytest.param('{"summary": "x"}', Failed(FailureReason.BAD_MESSAGE, "summary"), id="a field of ours"),
        pytest.param(
            '{"project": "x", "labels": "x"}', Failed(FailureReason.BAD_TARGET, "labels,project"), id="no project"
        ),
        pytest.param(
            '{"customfield_10010": "x"}', Failed(FailureReason.BAD_MESSAGE, "customfield_10010"), id="a custom one"
        ),
        pytest.param(f'{{"{SECRET_WORDS}": "x"}}', Failed(FailureReason.BAD_MESSAGE, "http_400"), id="no field at all"),
        pytest.param(f'["{SECRET_WORDS}"]', Failed(FailureReason.BAD_MESSAGE, "http_400"), id="another form"),
    ],
)
def test_of_a_refusal_only_names_of_fields_are_kept(errors, expected):
    body = f'{{"errorMessages": ["{SECRET_WORDS}"], "errors": {errors}}}'.encode()
    assert failure(Answer(400, {}, body), of_issue=False) == expected


def test_only_a_refused_message_names_refused_fields():
    assert refused_fields(Failed(FailureReason.BAD_MESSAGE, "description,labels")) == {"description", "labels"}
    assert refused_fields(Failed(FailureReason.BAD_MESSAGE, "http_400")) == frozenset()
    assert refused_fields(Failed(FailureReason.BAD_TARGET, "labels")) == frozenset()


class Odd(HttpDouble):
    """Answers everything with the same."""

    said: object = {}

    def answer(self, request):
        return Reply(200, self.said)


@pytest.mark.parametrize("said", [{}, {"key": "no key", "issues": 1, "comments": 1, "transitions": 1}, {"fields": []}])
def test_an_answer_without_what_it_promises_is_none(said):
    with Odd() as odd:
        odd.said = said
        talk = JiraRest(odd.origin, "a@example.com", "token").conversation(NOBODY)
        answers = [
            talk.find("escalator-1"),
            talk.create({}),
            talk.read("TS-1"),
            talk.comment_once("TS-1", "mark", "body"),
            talk.transitions("TS-1"),
        ]
    assert [one.reason for one in answers] == [FailureReason.BAD_ANSWER] * 5


def test_odd_things_in_a_good_answer_do_no_harm():
    with Odd() as odd:
        odd.said = {
            "id": "1",
            "key": "TS-1",
            "fields": {"summary": None, "description": 7, "status": {"statusCategory": "done"}},
            "issues": [1, {"key": "<script>"}, {"key": "TS-9"}],
            "comments": [1, {}, {"body": None}],
            "transitions": [1, {"id": 31, "to": {"statusCategory": {"key": ["done"]}}}],
        }
        talk = JiraRest(odd.origin, "a@example.com", "token").conversation(NOBODY)
        assert talk.find("escalator-1") == "TS-9"
        assert (talk.read("TS-1").summary, talk.read("TS-1").category) == ("", Category.UNDEFINED)
        assert talk.comment_once("TS-1", "mark", "body") == Delivered("TS-1")
        assert [one.id for one in talk.transitions("TS-1")] == ["31"]


def test_a_key_cannot_leave_its_path(jira, api):
    api.conversation(NOBODY).move("../../admin?x=", "31")
    assert jira.requests[-1].path.endswith("/issue/..%2F..%2Fadmin%3Fx%3D/transitions")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=400, body={"errorMessages": [SECRET_WORDS], "errors": {SECRET_WORDS: SECRET_WORDS}}),
        Fault(html=True),
        Fault(status=500, body=SECRET_WORDS),
        Fault(drop=True),
        Fault(delay=30),
    ],
)
def test_no_secret_no_address_and_no_content_is_in_any_failure_or_log(jira, caplog, fault):
    api = JiraRest(jira.origin, jira.email, jira.token, limits=Limits(0.4, 0.4))
    jira.inject(fault, fault)
    with caplog.at_level(logging.DEBUG):
        failed = repr([api.myself(), api.conversation(NOBODY).create({"summary": SECRET_WORDS})])
    for secret in (jira.token, jira.email or "@", "127.0.0.1", "http:", SECRET_WORDS, "sleepy"):
        assert secret not in failed
        assert secret not in caplog.text
