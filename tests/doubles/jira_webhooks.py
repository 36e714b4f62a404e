"""What Jira sends when something is done to an issue: the body of its webhook, and how it is signed."""

import hashlib
import hmac
import json

SECRET = "jira-webhook-secret-of-the-double"


def person(key="u-ana", email=None, *, is_cloud=True, account_type="atlassian"):
    """Return a user as a webhook has them."""
    if not is_cloud:
        return {"name": key, "key": f"JIRAUSER{key}", "emailAddress": email or f"{key}@example.com", "active": True}
    known = {"accountId": key, "accountType": account_type, "displayName": "Somebody", "active": True}
    return known | ({"emailAddress": email} if email else {})


def issue_event(issue, event, user, at_ms, items=()):
    """Return the body of an event about an issue; `items` are the changes of its change log."""
    said = {
        "timestamp": at_ms,
        "webhookEvent": event,
        "issue_event_type_name": "issue_generic",
        "issue": issue,
    }
    if user is not None:
        said["user"] = user
    if items:
        said["changelog"] = {"id": str(at_ms), "items": list(items)}
    return json.dumps(said).encode()


def change(field, before, after):
    """Return one change; `before` and `after` are (id, name), or None."""
    was, now = before or (None, None), after or (None, None)
    return {
        "field": field,
        "fieldtype": "jira",
        "fieldId": field,
        "from": was[0],
        "fromString": was[1],
        "to": now[0],
        "toString": now[1],
    }


def signed(body, secret=SECRET, method="sha256"):
    """Return the headers with which Jira sends a body."""
    digest = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return {
        "Content-Type": "application/json; charset=UTF-8",
        "X-Atlassian-Webhook-Identifier": "b1e6b0b6-0000-4000-8000-000000000001",
        "X-Hub-Signature": f"{method}={digest}",
    }
