"""The double of Jira refuses what Jira refuses: a test that passes against it says something."""

import http.client
import json

import pytest

from tests.doubles.jira import ISSUE_TYPE, PROJECT, JiraDouble

GOOD = {
    "project": {"key": PROJECT},
    "issuetype": {"name": ISSUE_TYPE},
    "summary": "CRITICAL",
    "labels": ["escalator-1"],
}


@pytest.fixture
def jira():
    with JiraDouble() as jira:
        yield jira


def ask(jira, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(jira.origin.removeprefix("http://"), timeout=5)
    sent = {"Authorization": jira._authorization(), "Content-Type": "application/json", **headers}
    try:
        connection.request(method, f"/rest/api/3{path}", None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if said.startswith(b"{") else said
    finally:
        connection.close()


def test_a_good_issue_is_made_and_found(jira):
    assert ask(jira, "POST", "/issue", {"fields": GOOD})[0] == 201
    asked = {"jql": 'labels = "escalator-1" ORDER BY created ASC', "maxResults": 5}
    status, found = ask(jira, "POST", "/search/jql", asked)
    assert (status, [one["key"] for one in found["issues"]]) == (200, [f"{PROJECT}-1"])


def test_a_new_issue_may_be_missing_in_the_search(jira):
    jira.is_indexing = False
    ask(jira, "POST", "/issue", {"fields": GOOD})
    asked = {"jql": 'labels = "escalator-1" ORDER BY created ASC', "maxResults": 5}
    assert ask(jira, "POST", "/search/jql", asked)[1]["issues"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("summary", "two\nlines", id="a summary of two lines"),
        pytest.param("summary", "x" * 256, id="a summary that is too long"),
        pytest.param("summary", " ", id="an empty summary"),
        pytest.param("labels", ["two words"], id="a label with a space"),
        pytest.param("labels", ["x" * 256], id="a label that is too long"),
        pytest.param("labels", "escalator", id="labels that are no list"),
        pytest.param("description", "wiki text", id="wiki text in Cloud"),
        pytest.param("priority", {"name": "Highest"}, id="a field on no screen"),
        pytest.param("project", {"key": "NOWHERE"}, id="an unknown project"),
        pytest.param("issuetype", {"name": "Epic"}, id="an unknown type"),
    ],
)
def test_a_field_that_jira_would_refuse_is_refused_by_name(jira, field, value):
    status, said = ask(jira, "POST", "/issue", {"fields": GOOD | {field: value}})
    assert (status, list(said["errors"])) == (400, [field])
    assert jira.issues == {}


def test_wiki_text_has_its_limit():
    with JiraDouble(is_cloud=False) as jira:
        body = {"fields": GOOD | {"description": "x" * 32_768}}
        connection = http.client.HTTPConnection(jira.origin.removeprefix("http://"), timeout=5)
        headers = {"Authorization": f"Bearer {jira.token}", "Content-Type": "application/json"}
        connection.request("POST", "/rest/api/2/issue", json.dumps(body), headers)
        assert connection.getresponse().status == 400
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        pytest.param("GET", "/myself", None, {"Authorization": "Bearer x"}, 401, id="another token"),
        pytest.param("POST", "/issue", {"fields": GOOD}, {"Content-Type": "text/plain"}, 415, id="no JSON"),
        pytest.param("POST", "/search", {"jql": "x"}, {}, 410, id="the search that Cloud has left"),
        pytest.param("POST", "/search/jql", {"jql": "labels = x"}, {}, 400, id="a query of another form"),
        pytest.param("GET", "/issue/X-1?fields=summary", None, {}, 404, id="an issue that is not there"),
        pytest.param("GET", "/elsewhere", None, {}, 404, id="a path that is not there"),
    ],
)
def test_a_request_that_jira_would_refuse_is_refused(jira, method, path, body, headers, status):
    assert ask(jira, method, path, body, **headers)[0] == status


@pytest.mark.parametrize("body", [{"body": "wiki text"}, {"body": {"type": "doc"}}, {}])
def test_a_comment_that_jira_would_refuse_is_refused(jira, body):
    ask(jira, "POST", "/issue", {"fields": GOOD})
    assert ask(jira, "POST", f"/issue/{PROJECT}-1/comment", body)[0] == 400


def test_a_transition_must_be_one_that_is_offered(jira):
    ask(jira, "POST", "/issue", {"fields": GOOD})
    for way, status in (("11", 400), ("31", 204), ("31", 400)):
        assert ask(jira, "POST", f"/issue/{PROJECT}-1/transitions", {"transition": {"id": way}})[0] == status
