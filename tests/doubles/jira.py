"""A double of Jira over real HTTP, Cloud or Data Center, which refuses what Jira refuses.

    with JiraDouble() as jira:
        JiraRest(jira.origin, jira.email, jira.token)

`move` and `delete` are what people do in Jira: they return the webhook (body, headers) that Jira sends of it. What is
moved through the REST API is told of too, in `emitted`.
"""

import base64
import html
import itertools
import re
from dataclasses import dataclass, field

from tests.doubles.http import HttpDouble, Reply
from tests.doubles.jira_rules import create_fields, document_problem, edit_problems, issue_problems
from tests.doubles.jira_webhooks import SECRET, change, issue_event, person, signed

EMAIL = "escalator@example.com"
TOKEN = "jira-token-of-the-double"
ME = "u-escalator"
PROJECT = "MODSAFE"
ISSUE_TYPE = "Incident"
SCREEN = frozenset({"project", "issuetype", "summary", "description", "labels"})
PERMISSIONS = frozenset({"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES"})

NEW, INDETERMINATE, DONE = "new", "indeterminate", "done"
_RESOLUTION = ("10000", "Done")
_JQL = re.compile(r'labels = "([^"\s]+)" ORDER BY created ASC')
_STARTED_MS = 1_760_000_000_000


@dataclass(frozen=True)
class Status:
    """A status of the workflow."""

    id: str
    name: str
    category: str

    @property
    def json(self):
        """Return it as Jira says it."""
        return {"id": self.id, "name": self.name, "statusCategory": {"id": 2, "key": self.category}}


TO_DO, DOING, CLOSED = Status("10000", "To Do", NEW), Status("10001", "Doing", INDETERMINATE), Status("3", "Shut", DONE)


@dataclass(frozen=True)
class Way:
    """A transition. `asks_for` are the fields of its screen, without which it is refused."""

    id: str
    to: Status
    asks_for: tuple = ()


WAYS = (Way("11", TO_DO), Way("21", DOING), Way("31", CLOSED))


@dataclass
class Issue:
    """An issue as it stands."""

    id: str
    key: str
    fields: dict
    status: Status
    comments: list = field(default_factory=list)
    resolution: tuple | None = None

    @property
    def json(self):
        """Return it as Jira says it."""
        shown = {"summary": "", "description": None, "labels": [], **self.fields, "status": self.status.json}
        return {"id": self.id, "key": self.key, "fields": shown}


class Refused(Exception):
    """An answer of Jira's that means no."""

    def __init__(self, status, errors=None):
        super().__init__(status)
        self.reply = Reply(status, {"errorMessages": [] if errors else ["no"], "errors": errors or {}})


class JiraDouble(HttpDouble):
    """One Jira. `ways` are its workflow, `screen` the fields that may be set, `required` those of them that must be
    unless they are in `defaults`; with `is_indexing` False its search knows of no new issue, as Cloud's does for a
    while. `is_old` is a Data Center before 8.4; `page` is how much it says of a list at once.
    """

    def __init__(self, port=0, *, is_cloud=True, ways=WAYS, screen=SCREEN):
        super().__init__(port)
        self.is_cloud = is_cloud
        self.email, self.token, self.secret = (EMAIL if is_cloud else ""), TOKEN, SECRET
        self.projects = {PROJECT: {ISSUE_TYPE, "Task"}}
        self.permissions = PERMISSIONS
        self.ways, self.screen = ways, screen
        self.required, self.defaults, self.is_old, self.page = set(), set(), False, 50
        self.issues = {}
        self.emitted = []
        self.is_indexing = True
        self._indexed = set()
        self._numbers = itertools.count(1)
        self._ids = itertools.count(10_000)
        self._aimed = []

    @property
    def api(self):
        """Return the path below which its REST API is."""
        return f"/rest/api/{3 if self.is_cloud else 2}"

    def inject_at(self, method, ending, *faults):
        """Let the next requests by this method, to a path that ends so, go wrong, one fault each."""
        with self.lock:
            self._aimed += [(method, ending, fault) for fault in faults]

    def take(self, request):
        """Return what is answered to a request, and what goes wrong with it."""
        with self.lock:
            for one in self._aimed:
                method, ending, fault = one
                if request.method == method and request.path.endswith(ending):
                    self._aimed.remove(one)
                    self.inject(fault, path=request.path)
                    break
            return super().take(request)

    def comments(self, key):
        """Return what the comments of an issue say."""
        return [said(comment["body"]) for comment in self.issues[key].comments]

    def move(self, key, category, user=None):
        """Let a person move an issue to a status of that category; return the webhook of it."""
        way = next(one for one in self.ways if one.to.category == category)
        return self._moved(self.issues[key], way.to, user or person(is_cloud=self.is_cloud))

    def delete(self, key, user=None):
        """Let a person delete an issue; return the webhook of it."""
        issue = self.issues.pop(key)
        return self._told(issue, "jira:issue_deleted", user or person(is_cloud=self.is_cloud))

    def answer(self, request):
        """Answer as Jira does."""
        if request.headers.get("authorization") != self._authorization():
            return Reply(401, {"errorMessages": ["You are not authenticated."], "errors": {}})
        if request.method != "GET" and request.headers.get("content-type") != "application/json":
            return Reply(415, "<status>Unsupported Media Type</status>", content_type="application/xml")
        if not request.path.startswith(f"{self.api}/"):
            return Reply(404, "<html>dead link</html>", content_type="text/html")
        try:
            return self._route(request, request.path.removeprefix(f"{self.api}/").split("/"))
        except Refused as refused:
            return refused.reply

    def _authorization(self):
        if not self.is_cloud:
            return f"Bearer {self.token}"
        return "Basic " + base64.b64encode(f"{self.email}:{self.token}".encode()).decode()

    def _route(self, request, parts):
        routes = {
            ("GET", "myself"): self._myself,
            ("GET", "mypermissions"): self._permissions,
            ("GET", "project", "*"): self._project,
            ("GET", "issue", "createmeta", "*", "issuetypes"): self._types,
            ("GET", "issue", "createmeta", "*", "issuetypes", "*"): self._fields,
            ("GET", "issue", "createmeta"): self._all_in_one,
            ("GET", "status", "*"): self._status,
            ("POST", "search", "jql") if self.is_cloud else ("POST", "search"): self._search,
            ("POST", "issue"): self._create,
            ("GET", "issue", "*"): self._read,
            ("PUT", "issue", "*"): self._edit,
            ("GET", "issue", "*", "comment"): self._comments,
            ("POST", "issue", "*", "comment"): self._comment,
            ("GET", "issue", "*", "transitions"): self._transitions,
            ("POST", "issue", "*", "transitions"): self._transition,
        }
        for route, handler in routes.items():
            fits = all(wanted in ("*", had) for wanted, had in zip(route[1:], parts, strict=False))
            if route[0] == request.method and len(route) == len(parts) + 1 and fits:
                return handler(request, *(had for wanted, had in zip(route[1:], parts, strict=True) if wanted == "*"))
        raise Refused(410 if self.is_cloud and parts == ["search"] else 404)

    def _myself(self, _request):
        return Reply(200, person(ME, is_cloud=self.is_cloud))

    def _permissions(self, request):
        if request.query["projectKey"][0] not in self.projects:
            raise Refused(404)
        asked = request.query["permissions"][0].split(",")
        return Reply(
            200, {"permissions": {one: {"key": one, "havePermission": one in self.permissions} for one in asked}}
        )

    def _project(self, _request, key):
        if key not in self.projects:
            raise Refused(404)
        return Reply(200, {"key": key, "issueTypes": [{"name": one} for one in sorted(self.projects[key])]})

    def _types(self, request, key):
        self._has_create_meta(key)
        types = [{"id": str(10_100 + place), "name": name} for place, name in enumerate(sorted(self.projects[key]))]
        return self._page(request, "issueTypes", types)

    def _fields(self, request, key, type_id):
        self._has_create_meta(key)
        if int(type_id) - 10_100 not in range(len(self.projects[key])):
            raise Refused(404)
        return self._page(request, "fields", create_fields(self.screen, self.required, self.defaults))

    def _has_create_meta(self, key):
        """Say no as a Jira before 8.4 does, which has one address for all, and as any does of an unknown project."""
        if self.is_old or key not in self.projects or "CREATE_ISSUES" not in self.permissions:
            raise Refused(404)

    def _page(self, request, name, values):
        start, most = int(request.query["startAt"][0]), int(request.query["maxResults"][0])
        page = values[start : start + min(most, self.page)]
        how = {"startAt": start, "maxResults": min(most, self.page), "total": len(values)}
        if self.is_cloud:
            return Reply(200, {**how, name: page})
        return Reply(200, {**how, "isLast": start + len(page) >= len(values), "values": page})

    def _all_in_one(self, request):
        if not self.is_old:
            raise Refused(404)
        key, wanted = request.query["projectKeys"][0], request.query["issuetypeNames"][0]
        fields = {one.pop("fieldId"): one for one in create_fields(self.screen, self.required, self.defaults)}
        types = [{"name": one, "fields": fields} for one in self.projects.get(key, ()) if one == wanted]
        return Reply(200, {"expand": "projects", "projects": [{"key": key, "issuetypes": types}]})

    def _status(self, _request, status_id):
        found = next((way.to for way in self.ways if way.to.id == status_id), None)
        if found is None:
            raise Refused(404)
        return Reply(200, found.json)

    def _search(self, request):
        asked = request.json
        jql = _JQL.fullmatch(asked["jql"])
        if jql is None:
            raise Refused(400)
        found = [
            one for one in self.issues.values() if jql[1] in one.fields.get("labels", ()) and one.key in self._indexed
        ]
        return Reply(200, {"issues": [one.json for one in found][: asked["maxResults"]], "isLast": True})

    def _create(self, request):
        fields = request.json["fields"]
        self._may("CREATE_ISSUES")
        problems = issue_problems(fields, self.projects, self.screen, self.is_cloud, self.required - self.defaults)
        if problems:
            raise Refused(400, problems)
        issue = Issue(str(next(self._ids)), f"{fields['project']['key']}-{next(self._numbers)}", fields, TO_DO)
        self.issues[issue.key] = issue
        if self.is_indexing:
            self._indexed.add(issue.key)
        return Reply(201, {"id": issue.id, "key": issue.key, "self": f"{self.origin}{self.api}/issue/{issue.id}"})

    def _read(self, request, key):
        issue = self._issue(key)
        wanted = request.query["fields"][0].split(",")
        shown = {name: value for name, value in issue.json["fields"].items() if name in wanted}
        return Reply(200, issue.json | {"fields": shown})

    def _edit(self, request, key):
        issue, fields = self._issue(key), request.json["fields"]
        self._may("EDIT_ISSUES")
        problems = edit_problems(fields, self.screen, self.is_cloud)
        if problems:
            raise Refused(400, problems)
        issue.fields = issue.fields | fields
        return Reply(204)

    def _comments(self, request, key):
        if request.query["orderBy"] != ["-created"]:
            raise Refused(400)
        newest = self._issue(key).comments[::-1][: int(request.query["maxResults"][0])]
        return Reply(200, {"startAt": 0, "maxResults": 10, "total": len(newest), "comments": newest})

    def _comment(self, request, key):
        issue, body = self._issue(key), request.json.get("body")
        self._may("ADD_COMMENTS")
        problem = document_problem(body, self.is_cloud) or (None if body else "Comment body can not be empty!")
        if problem:
            raise Refused(400, {"comment": problem})
        made = {"id": str(next(self._ids)), "author": person(ME, is_cloud=self.is_cloud), "body": body}
        issue.comments.append(made)
        return Reply(201, made)

    def _transitions(self, _request, key):
        offered = [{"id": way.id, "name": way.to.name, "to": way.to.json} for way in self._ways(self._issue(key))]
        return Reply(200, {"expand": "transitions", "transitions": offered})

    def _transition(self, request, key):
        issue, wanted = self._issue(key), request.json["transition"]["id"]
        way = next((one for one in self._ways(issue) if one.id == wanted), None)
        if way is None:
            raise Refused(400, {"transition": "Transition is not valid for this issue."})
        if way.asks_for:
            raise Refused(400, {name: f"{name} is required." for name in way.asks_for})
        self._moved(issue, way.to, person(ME, is_cloud=self.is_cloud))
        return Reply(204)

    def _ways(self, issue):
        may = "TRANSITION_ISSUES" in self.permissions
        return [way for way in self.ways if way.to != issue.status] if may else []

    def _may(self, permission):
        if permission not in self.permissions:
            raise Refused(403)

    def _issue(self, key):
        if key not in self.issues:
            raise Refused(404)
        return self.issues[key]

    def _moved(self, issue, to, user):
        items = [change("status", (issue.status.id, issue.status.name), (to.id, to.name))]
        resolution = _RESOLUTION if to.category == DONE else None
        if resolution != issue.resolution:
            items.insert(0, change("resolution", issue.resolution, resolution))
        issue.status, issue.resolution = to, resolution
        return self._told(issue, "jira:issue_updated", user, items)

    def _told(self, issue, event, user, items=()):
        body = issue_event(issue.json, event, user, _STARTED_MS + next(self._ids), items)
        headers = signed(body, self.secret) if self.is_cloud else {"Content-Type": "application/json"}
        self.emitted.append((body, headers))
        return body, headers


def said(document):
    """Return what a description or comment shows, a line for each paragraph; wiki text without markup is expected."""
    if not isinstance(document, dict):
        return html.unescape(document.replace("\n\n", "\n"))
    return "\n".join("".join(node["text"] for node in block.get("content", ())) for block in document["content"])
