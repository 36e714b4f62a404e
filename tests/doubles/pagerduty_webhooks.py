"""Webhooks v3 as PagerDuty sends them (developer.pagerduty.com, "Webhooks overview"): body and signed headers."""

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime

SUBSCRIPTION = "PSUBSCR1"
AT = datetime(2026, 8, 20, 14, 5, 22, 169_000, UTC)
INTEGRATION = {
    "html_url": "https://acme.pagerduty.com/services/PF9KMXH/integrations/PXMQRWJ",
    "id": "PXMQRWJ",
    "self": "https://api.pagerduty.com/services/PF9KMXH/integrations/PXMQRWJ",
    "summary": "Events API V2",
    "type": "inbound_integration_reference",
}
"""Who acted when an event did: our own, or another system's."""


def reference(kind, id_, summary):
    """Return a reference to something there, as PagerDuty writes it."""
    plural = "escalation_policies" if kind == "escalation_policy" else f"{kind}s"
    return {
        "html_url": f"https://acme.pagerduty.com/{plural}/{id_}",
        "id": id_,
        "self": f"https://api.pagerduty.com/{plural}/{id_}",
        "summary": summary,
        "type": f"{kind}_reference",
    }


def agent(who):
    """Return who acted: a user by id, INTEGRATION, or nobody (a time-out, an automation) for None."""
    return reference("user", who, f"User {who}") if isinstance(who, str) else who


def incident(id_, number, title, status, *, resolve_reason=None, assignee="PTUXL6G"):
    """Return an incident that events have opened: it has no key of its own."""
    return {
        "id": id_,
        "type": "incident",
        "self": f"https://api.pagerduty.com/incidents/{id_}",
        "html_url": f"https://acme.pagerduty.com/incidents/{id_}",
        "number": number,
        "status": status,
        "incident_key": None,
        "created_at": "2026-08-20T14:03:00Z",
        "title": title,
        "service": reference("service", "PF9KMXH", "Trust & Safety"),
        "assignees": [reference("user", assignee, f"User {assignee}")],
        "escalation_policy": reference("escalation_policy", "PUS0KTE", "Default"),
        "teams": [reference("team", "PFCVPS0", "Moderation")],
        "priority": None,
        "urgency": "high",
        "conference_bridge": None,
        "resolve_reason": resolve_reason,
    }


def merged_into(id_, title):
    """Return the reason for which an incident is resolved that has become part of another."""
    return {"type": "merge_resolve_reason", "incident": reference("incident", id_, title)}


def note(incident_id, title, content):
    """Return what `incident.annotated` brings."""
    about = reference("incident", incident_id, title)
    return {"incident": about, "id": "P2LA89X", "content": content, "trimmed": False, "type": "incident_note"}


def body(event_type, data, who, at=AT):
    """Return the body of a webhook, with an event id of its own; `at` is when it happened."""
    event = {
        "id": f"01{uuid.uuid4().hex[:24].upper()}",
        "event_type": event_type,
        "resource_type": event_type.partition(".")[0],
        "occurred_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "agent": agent(who),
        "client": {"name": "PagerDuty"} if isinstance(who, str) else None,
        "data": data,
    }
    return json.dumps({"event": event}).encode()


def ping():
    """Return the body that a new subscription sends for a test."""
    return body("pagey.ping", {"message": "Hello from your friend Pagey!", "type": "ping"}, None)


def signed(payload, *secrets):
    """Return the request that brings this body, signed with each of the subscription's active secrets."""
    signatures = [f"v1={hmac.new(one.encode(), payload, hashlib.sha256).hexdigest()}" for one in secrets]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "PagerDuty-Webhook/V3.0",
        "X-PagerDuty-Signature": ",".join(signatures),
        "X-Webhook-Id": str(uuid.uuid4()),
        "X-Webhook-Subscription": SUBSCRIPTION,
    }
    return payload, headers
