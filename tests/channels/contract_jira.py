"""Jira Cloud, for the contract that every way out keeps (tests/channels/test_contract.py)."""

from escalator.channels.jira.channel import JiraChannel
from escalator.channels.jira.rest import CONVERSATION_S, JiraRest
from escalator.channels.jira.site import PATIENT
from escalator.model.destination_kind import DestinationKind
from tests.doubles.http import Fault
from tests.doubles.jira import ISSUE_TYPE, PROJECT, JiraDouble

KIND = DestinationKind.JIRA
LONGEST_S = CONVERSATION_S

_FAULTS = {
    "http_503_html": Fault(status=503, html=True),
    "proxy_401": Fault(status=401, html=True),
    "proxy_403": Fault(status=403, html=True),
    "proxy_404": Fault(status=404, html=True),
    "proxy_403_oversized": Fault(status=403, oversized=400_000),
    "html": Fault(status=201, html=True),
    "no_json": Fault(status=201, body="]"),
    "json_of_another_form": Fault(status=201, body=["MODSAFE-1"]),
    "json_deeply_nested": Fault(status=201, body="[" * 90_000),
    "json_of_huge_numbers": Fault(status=201, body=f'{{"key": {"9" * 5_000}}}'),
    "oversized": Fault(status=201, oversized=400_000),
    "dropped": Fault(drop=True),
    "lost": Fault(drop=True, is_done=True),
    "silence": Fault(delay=30),
    "dripping_head": Fault(drip_headers=True),
    "dripping_body": Fault(drip=True),
}


def double():
    return JiraDouble()


def make(double, limits):
    return JiraChannel(JiraRest(double.origin, double.email, double.token, limits=limits or PATIENT))


def address(double):
    return PROJECT


def options(double):
    return {"issue_type": ISSUE_TYPE}


def inject(double, fault):
    for ending in ("/issue", "/comment"):
        double.inject_at("POST", ending, _fault(double, fault))


def _fault(double, name):
    known, _, retry_after = name.partition(" ")
    if known.startswith("redirect_"):
        return Fault(status=int(known.removeprefix("redirect_")), html=True, location=double.origin)
    if known in _FAULTS:
        return _FAULTS[known]
    return Fault(status=int(known.removeprefix("http_")), body="{}", retry_after=retry_after or None)


def effects(double):
    return sum(1 + len(issue.comments) for issue in double.issues.values())


def sent(double):
    return [(request.method, request.path, request.body) for request in double.requests]


def secrets(double):
    return (double.token, double.email, double.origin)
