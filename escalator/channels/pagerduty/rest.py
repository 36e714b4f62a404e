"""Queries to PagerDuty's REST API: the alerts of an incident there, and the incident of an alert.

A webhook's `incident_key` is null for incidents that events have opened (api-schema, GET /incidents: "Incidents with
child alerts do not have an incident key"), so an action there is matched to our incident by its alerts. A read-only
token is enough.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import BROKEN, json_object
from escalator.channels.http_sessions import bounded
from escalator.channels.pagerduty.dedup_keys import notice_key
from escalator.channels.pagerduty.failures import failure, no_answer
from escalator.model.message import Failed, FailureReason

LIMITS = Limits(socket_s=3.0, total_s=4.5)
PAGE = 20
MOST_PAGES = 5
"""How many pages of how many alerts are read: each page is within the limit of an answer, all within that of a call."""

_ACCEPT = "application/vnd.pagerduty+json;version=2"
_ID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)


class PagerDutyRest:
    """The real REST API. `url` may be plain http. Without a token every query fails as NOT_CONFIGURED."""

    def __init__(self, url: str, token: str, limits: Limits = LIMITS) -> None:
        self._url = url
        self._token = token.strip()
        self._session = bounded(requests.Session(), limits)

    @property
    def is_configured(self) -> bool:
        """Whether there is a token."""
        return bool(self._token)

    def alert_keys(self, incident_id: str) -> tuple[str, ...] | Failed:
        """Return the keys of the alerts of an incident there, also of incidents merged into it."""
        if not _ID.fullmatch(incident_id):
            return Failed(FailureReason.BAD_TARGET, "incident_id")
        keys: list[str] = []
        for page in range(MOST_PAGES):
            answer = self._get(f"/incidents/{incident_id}/alerts", {"limit": PAGE, "offset": page * PAGE})
            if isinstance(answer, Failed):
                return answer
            keys += _texts(answer, "alerts", "alert_key")
            if answer.get("more") is not True:
                break
        return tuple(dict.fromkeys(keys))

    def find(self, dedup_key: str) -> str | None | Failed:
        """Return the id of the newest incident there that has an alert of this key; None when there is none."""
        query: dict[str, str | int] = {
            "incident_key": dedup_key,
            "date_range": "all",
            "sort_by": "created_at:desc",
            "limit": 1,
        }
        answer = self._get("/incidents", query)
        if isinstance(answer, Failed):
            return answer
        return next((id_ for id_ in _texts(answer, "incidents", "id") if _ID.fullmatch(id_)), None)

    def check(self) -> str | Failed:
        """Check the token by searching for an incident that does not exist: nobody is notified."""
        incident = self.find(notice_key("doctor"))
        return incident if isinstance(incident, Failed) else "reads incidents"

    def _get(self, path: str, query: Mapping[str, str | int]) -> dict[str, Any] | Failed:
        if not self.is_configured:
            return Failed(FailureReason.NOT_CONFIGURED, "no_token")
        headers = {"Accept": _ACCEPT, "Authorization": f"Token token={self._token}"}
        try:
            answer = self._session.get(self._url + path, params=query, headers=headers, allow_redirects=False)
            if answer.status_code != 200:
                return failure(answer.status_code, answer.headers)
            return json_object(answer.content)
        except BROKEN as error:
            return no_answer(error)


def _texts(answer: dict[str, Any], of: str, name: str) -> Iterator[str]:
    """Yield this text of each object of a list; other values are skipped."""
    items = answer.get(of)
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get(name), str):
            yield item[name]
