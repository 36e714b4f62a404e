"""Webhooks of Jira: verify them, identify repetitions, and read what was done. Pure.

Cloud signs what it sends since 2024: `X-Hub-Signature: METHOD=HEX`, an HMAC of the raw body by the webhook's secret
(developer.atlassian.com/cloud/jira/platform/webhooks, "Secure admin webhooks"). A Data Center that cannot sign sends a
long random token in the address of its webhook instead, as `?token=…`, which is one of the same secrets: so it is in
the logs of every proxy on the way, and should be the secret of nothing else.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from escalator.channels.jira.api import Category, account_id, category_of, is_issue_key
from escalator.errors import Unauthorized
from escalator.model.destination_kind import DestinationKind
from escalator.model.vendor_event import VendorActor, VendorActorKind, VendorEvent, VendorEventKind
from escalator.stream.text import storable_text

_SIGNATURE = "x-hub-signature"
_METHODS = frozenset({"sha256", "sha384", "sha512"})
_UPDATED = "jira:issue_updated"
_DELETED = "jira:issue_deleted"
_OUR_LABELS = "escalator-"
_MOST_LABELS = 8
_MOST_ID = 128
_MOST_EMAIL = 254

CategoryOf = Callable[[str], Category]
"""The id of a status -> its category."""


def verify(body: bytes, headers: Mapping[str, str], secrets: Iterable[str], token_in_url: str = "") -> None:
    """Raise Unauthorized unless one of these secrets signed it; without a secret nothing is accepted.

    When there is a signature, only the signature counts. No input raises anything else.
    """
    if not _is_jiras(body, headers, secrets, token_in_url):
        raise Unauthorized("jira signature")


def _is_jiras(body: bytes, headers: Mapping[str, str], secrets: Iterable[str], token_in_url: str) -> bool:
    keys = [_bytes(secret) for secret in secrets if secret.strip()]
    signature_header = next((value for name, value in headers.items() if name.lower() == _SIGNATURE), None)
    if signature_header is None:
        token = _bytes(token_in_url)
        return any(hmac.compare_digest(key, token) for key in keys)
    method, _, signature = signature_header.strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    given_digest = _bytes(signature.strip().lower())
    return any(hmac.compare_digest(_signed(key, body, method.lower()), given_digest) for key in keys)


def sign(body: bytes, secret: str) -> str:
    """Return the value of X-Hub-Signature, as Jira writes it."""
    return f"sha256={_signed(_bytes(secret), body, 'sha256').decode()}"


def event_id(body: bytes) -> str:
    """Return the id of an event, the same for all its deliveries, in 64 characters.

    It is a digest of the body: `X-Atlassian-Webhook-Identifier` is not signed, so a known body could be sent again
    under other ids. A repetition by Jira has the same body; two events differ in their timestamp.
    """
    return hashlib.sha256(body).hexdigest()


def parse(body: bytes, category_of_status: CategoryOf = lambda _id: Category.UNDEFINED) -> VendorEvent | None:
    """Return what was done to an issue, or None for events that do not matter here. Never raises.

    An issue that leaves done was reopened, whatever its new status. Jira sends name and id of the former status, not
    its category: `category_of_status` may know it. Where it does not, the status was done if the resolution was
    removed in the same change. The references are the issue's key, and after it its labels of ours.
    """
    event_body = _object(body)
    issue = _inner(event_body, "issue")
    key, event = issue.get("key"), event_body.get("webhookEvent")
    if not is_issue_key(key):
        return None
    if event == _DELETED:
        return _vendor_event(event_body, issue, VendorEventKind.NOTED, _DELETED)
    items = _inner(event_body, "changelog").get("items")
    changes = [change for change in items if isinstance(change, dict)] if isinstance(items, list) else []
    status_change = next((change for change in changes if change.get("field") == "status"), None)
    if event != _UPDATED or status_change is None:
        return None
    category = category_of(_inner(issue, "fields").get("status"))
    if category is Category.DONE:
        kind = VendorEventKind.RESOLVED
    elif _was_done(status_change, changes, category_of_status):
        kind = VendorEventKind.REOPENED
    else:
        kind = VendorEventKind.ACKNOWLEDGED if category is Category.INDETERMINATE else VendorEventKind.NOTED
    return _vendor_event(event_body, issue, kind, f"{_UPDATED} {category.value}")


def _was_done(status_change: Mapping[str, Any], changes: list[dict[str, Any]], category_of_status: CategoryOf) -> bool:
    before = category_of_status(storable_text(str(status_change.get("from") or ""))[:_MOST_ID])
    if before is Category.UNDEFINED:
        return any(_takes_resolution_away(change) for change in changes)
    return before is Category.DONE


def _takes_resolution_away(change: Mapping[str, Any]) -> bool:
    return change.get("field") == "resolution" and bool(change.get("from")) and not change.get("to")


def _vendor_event(
    event_body: Mapping[str, Any], issue: Mapping[str, Any], kind: VendorEventKind, word: str
) -> VendorEvent:
    refs = (str(issue["key"]), *_our_labels(_inner(issue, "fields").get("labels")))
    return VendorEvent(
        DestinationKind.JIRA, kind, word, _agent(event_body.get("user")), refs=refs, at=_at(event_body.get("timestamp"))
    )


def _our_labels(labels: object) -> tuple[str, ...]:
    """Return our labels, by which we find an issue whose key we do not know yet."""
    texts = (storable_text(label) for label in labels if isinstance(label, str)) if isinstance(labels, list) else ()
    ours = [label for label in texts if label.startswith(_OUR_LABELS) and len(label) <= _MOST_ID]
    return tuple(dict.fromkeys(ours))[:_MOST_LABELS]


def _agent(user: object) -> VendorActor:
    """Return who did it. An app is no person."""
    known = storable_text(account_id(user))[:_MOST_ID] if isinstance(user, dict) else ""
    if not isinstance(user, dict) or not known:
        return VendorActor(VendorActorKind.NOBODY)
    if user.get("accountType") == "app":
        return VendorActor(VendorActorKind.INTEGRATION, known)
    email = user.get("emailAddress")
    is_address = isinstance(email, str) and "@" in email and len(email) <= _MOST_EMAIL
    return VendorActor(VendorActorKind.PERSON, known, storable_text(str(email)) if is_address else "")


def _at(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _signed(key: bytes, body: bytes, method: str) -> bytes:
    return hmac.new(key, body, method).hexdigest().encode()


def _bytes(text: str) -> bytes:
    """Return any text as bytes, also invalid ones: the sender chooses the content of a header."""
    return text.encode("utf-8", "surrogatepass")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _inner(outer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = outer.get(name)
    return value if isinstance(value, dict) else {}
