"""A double of PagerDuty over real HTTP: the Events API v2, the REST questions we ask, and the webhooks it sends.

    with PagerDutyDouble() as pagerduty:
        PagerDutyEvents(pagerduty.origin).send(context, pagerduty.routing_key, event)
        body, headers = pagerduty.acknowledge(pagerduty.alerts[0], "PCHEN01")

What people do there returns the webhook that tells of it, to be posted by the test; `outbox` has all of them in order,
those among them that our own events cause: PagerDuty sends us those too.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.doubles import pagerduty_rules as rules
from tests.doubles import pagerduty_webhooks as webhooks
from tests.doubles.http import HttpDouble, Reply
from tests.doubles.pagerduty_webhooks import INTEGRATION

ROUTING_KEY = "R0DOUBLE" + "0" * 24
TOKEN = "u+DoubleDoubleDouble"
SECRET = "pagerduty-webhook-secret"
ENQUEUE = "/v2/enqueue"

_ACCEPT = "application/vnd.pagerduty+json;version=2"
_ALERTS = re.compile(r"/incidents/([A-Z0-9]+)/alerts")
_SORTS = {f"{name}:{order}" for name in ("incident_number", "created_at", "resolved_at") for order in ("asc", "desc")}


def _now():
    return datetime.now(UTC)


@dataclass(eq=False)
class Incident:
    """What people see and answer there; it has the alerts that were merged into it too."""

    id: str
    number: int
    title: str
    status: str = "triggered"
    alerts: list = field(default_factory=list)
    merged_into: "Incident | None" = None

    @property
    def is_open(self):
        return self.status != "resolved"


@dataclass(eq=False)
class Alert:
    """What events of one key have opened. `events` are all that applied to it, without their routing key."""

    key: str
    service: str
    incident: Incident
    is_resolved: bool = False
    events: list = field(default_factory=list)

    @property
    def status(self):
        return "resolved" if self.is_resolved else self.incident.status

    @property
    def shown(self):
        """Return the newest trigger: what PagerDuty shows of it."""
        return next(event for event in reversed(self.events) if event["event_action"] == "trigger")

    @property
    def summary(self):
        return self.shown["payload"]["summary"]

    @property
    def severity(self):
        return self.shown["payload"]["severity"]


class PagerDutyDouble(HttpDouble):
    """An account. Every routing key in `routing_keys` is an integration of a service of its own.

    `events` are those that were accepted, `dropped` those among them that changed nothing, as PagerDuty drops without a
    word what acknowledges or resolves no open alert. `now` is its clock, by which things happen there.
    """

    def __init__(self, *, routing_keys=(ROUTING_KEY,), token=TOKEN, secrets=(SECRET,), tls=None, now=_now):
        super().__init__(tls=tls)
        self.now = now
        self.routing_keys = set(routing_keys)
        self.routing_key = routing_keys[0]
        self.token = token
        self.secrets = secrets
        self.events = []
        self.dropped = []
        self.alerts = []
        self.incidents = []
        self.outbox = []

    def answer(self, request):
        if request.path == ENQUEUE:
            return self._enqueue(request)
        if request.headers.get("authorization") != f"Token token={self.token}":
            return _error(401, 2006, "Authentication failed")
        if request.headers.get("accept") != _ACCEPT:
            return _error(406, 2001, "Unsupported version")
        return self._question(request)

    def alert(self, key):
        """Return the newest alert of this key."""
        return next(one for one in reversed(self.alerts) if one.key == key)

    # Events API v2

    def _enqueue(self, request):
        if request.method != "POST" or request.headers.get("content-type") != "application/json":
            return Reply(404, "Not found", content_type="text/plain")
        if len(request.body) > rules.MAX_BYTES:
            return Reply(413, "Payload too large", content_type="text/plain")
        try:
            event = request.json
        except ValueError:
            return _invalid(["Invalid JSON"])
        found = list(rules.problems(event))
        if found:
            return _invalid(found)
        if event["routing_key"] not in self.routing_keys:
            return Reply(400, "Invalid routing key", content_type="text/plain")
        return self._accept(event)

    def _accept(self, event):
        service = event["routing_key"]
        said = {name: value for name, value in event.items() if name != "routing_key"}
        said.setdefault("dedup_key", f"{len(self.events):032x}")
        self.events.append(said)
        match = (said["dedup_key"], service)
        alert = next((one for one in self.alerts if (one.key, one.service) == match and not one.is_resolved), None)
        if alert is None and said["event_action"] == "trigger":
            alert = self._open(said, service)
        if alert is None:
            self.dropped.append(said)
        else:
            alert.events.append(said)
            self._apply(alert, said["event_action"])
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": said["dedup_key"]})

    def _open(self, said, service):
        number = len(self.incidents) + 1
        incident = Incident(f"Q{number:013d}", number, said["payload"]["summary"])
        alert = Alert(said["dedup_key"], service, incident)
        incident.alerts.append(alert)
        self.incidents.append(incident)
        self.alerts.append(alert)
        self._emit("incident.triggered", incident, INTEGRATION)
        return alert

    def _apply(self, alert, action):
        incident = alert.incident
        if action == "acknowledge" and incident.status == "triggered":
            incident.status = "acknowledged"
            self._emit("incident.acknowledged", incident, INTEGRATION)
        elif action == "resolve":
            alert.is_resolved = True
            if all(one.is_resolved for one in incident.alerts):
                incident.status = "resolved"
                self._emit("incident.resolved", incident, INTEGRATION)

    # What people and automations do there. `who` is a user's id, INTEGRATION, or None for a time-out.

    def acknowledge(self, alert, who):
        return self._set(alert, "acknowledged", "incident.acknowledged", who)

    def unacknowledge(self, alert, who=None):
        """Let the acknowledgement time out, unless somebody is named."""
        return self._set(alert, "triggered", "incident.unacknowledged", who)

    def resolve(self, alert, who):
        with self.lock:
            for one in alert.incident.alerts:
                one.is_resolved = True
            return self._set(alert, "resolved", "incident.resolved", who)

    def reopen(self, alert, who):
        with self.lock:
            alert.is_resolved = False
            return self._set(alert, "triggered", "incident.reopened", who)

    def reassign(self, alert, to, who):
        with self.lock:
            return self._emit("incident.reassigned", alert.incident, who, assignee=to)

    def escalate(self, alert, who=None):
        with self.lock:
            return self._emit("incident.escalated", alert.incident, who)

    def annotate(self, alert, who, content):
        with self.lock:
            data = webhooks.note(alert.incident.id, alert.incident.title, content)
            return self._keep("incident.annotated", data, who)

    def merge(self, alert, into, who):
        """Make the incident of an alert part of another's; its alerts go on there."""
        with self.lock:
            gone, stays = alert.incident, into.incident
            gone.status, gone.merged_into = "resolved", stays
            for one in gone.alerts:
                one.incident = stays
            stays.alerts += gone.alerts
            gone.alerts = []
            reason = webhooks.merged_into(stays.id, stays.title)
            return self._emit("incident.resolved", gone, who, resolve_reason=reason)

    def ping(self):
        return webhooks.signed(webhooks.ping(), *self.secrets)

    def _set(self, alert, status, word, who):
        with self.lock:
            alert.incident.status = status
            return self._emit(word, alert.incident, who)

    def _emit(self, word, incident, who, **more):
        data = webhooks.incident(incident.id, incident.number, incident.title, incident.status, **more)
        return self._keep(word, data, who)

    def _keep(self, word, data, who):
        self.outbox.append(webhooks.signed(webhooks.body(word, data, who, self.now()), *self.secrets))
        return self.outbox[-1]

    # REST

    def _question(self, request):
        if request.method != "GET":
            return _error(403, 2010, "Access Denied")
        try:
            limit, offset = (
                int(request.query.get(name, [default])[0]) for name, default in (("limit", 25), ("offset", 0))
            )
        except ValueError:
            return _error(400, 2001, "Invalid Input Provided")
        if not 0 < limit <= 100 or request.query.get("sort_by", ["created_at:asc"])[0] not in _SORTS:
            return _error(400, 2001, "Invalid Input Provided")
        found = self._found(request)
        if found is None:
            return _error(404, 2100, "Not Found")
        name, all_of_them = found
        page = {name: all_of_them[offset : offset + limit], "more": len(all_of_them) > offset + limit}
        return Reply(200, {**page, "limit": limit, "offset": offset, "total": None})

    def _found(self, request):
        if request.path == "/incidents":
            return "incidents", self._incidents(request.query)
        asked = _ALERTS.fullmatch(request.path)
        incident = next((one for one in self.incidents if asked and one.id == asked[1]), None)
        if incident is None:
            return None
        return "alerts", [_alert(one) for one in incident.alerts]

    def _incidents(self, query):
        key = query.get("incident_key", [None])[0]
        found = [one for one in self.incidents if key is None or key in {alert.key for alert in one.alerts}]
        if query.get("sort_by", [""])[0].endswith(":desc"):
            found.reverse()
        return [webhooks.incident(one.id, one.number, one.title, one.status) for one in found]


def _alert(one):
    return {
        "id": f"A{id(one)}",
        "type": "alert",
        "summary": one.summary,
        "alert_key": one.key,
        "status": "resolved" if one.is_resolved else "triggered",
        "severity": one.severity,
        "suppressed": False,
        "incident": webhooks.reference("incident", one.incident.id, one.incident.title),
        "body": {"type": "alert_body", "details": one.shown["payload"].get("custom_details", {})},
    }


def _invalid(found):
    return Reply(400, {"status": "invalid event", "message": "Event object is invalid", "errors": found})


def _error(status, code, message):
    return Reply(status, {"error": {"message": message, "code": code, "errors": [message]}})
