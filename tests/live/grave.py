"""An event that holds what must not leave, and whether something holds it."""

import base64
import json

from tests.live.installation import event

SECRETS = {
    "text": "MARKtext the words that nobody may see",
    "name": "MARKname Jo Author",
    "author": "MARKauthor-77",
    "image": "https://cdn.example.com/MARKimage.jpg",
}

MARK = b"MARK"


def grave(event_type: str = "review_queue_item.new", label: str = "CSAM") -> bytes:
    """Return an event that holds what must not leave, wherever an event can hold it."""
    payload = {"texts": [SECRETS["text"]], "images": [SECRETS["image"]], "videos": [], "custom": {"a": SECRETS["text"]}}
    author = {"id": SECRETS["author"], "name": SECRETS["name"]}
    message = {
        "id": "message-1",
        "type": "regular",
        "text": SECRETS["text"],
        "user": author,
        "attachments": [{"type": "image", "image_url": SECRETS["image"]}],
    }
    item = {
        "moderation_payload": payload,
        "message": message,
        "entity_creator": author,
        "entity_creator_id": author["id"],
        "severity": 95,
    }
    body = json.loads(event(label, "quick", **item))
    return json.dumps({**body, "type": event_type}).encode()


def has_mark(stored: bytes) -> bool:
    """Whether these bytes hold what must not leave, plainly, in hexadecimal, or in Base64 as Celery writes bodies."""
    shifted = (base64.b64encode(b"x" * shift + MARK)[(0, 2, 3)[shift] :] for shift in range(3))
    encoded = (part.rstrip(b"=")[: -1 if len(MARK) % 3 else None] for part in shifted)
    return any(form in stored for form in (MARK, MARK.hex().encode(), *encoded))
