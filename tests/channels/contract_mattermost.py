"""Mattermost, for the contract that every way out keeps (tests/channels/test_contract.py)."""

from escalator.channels.guarded_http import PATIENT
from escalator.channels.mattermost.channel import MattermostChannel
from escalator.channels.mattermost.client import MattermostWebhook
from escalator.channels.ssrf_guard import guard_of
from escalator.model.destination_kind import DestinationKind
from tests.doubles.http import Fault
from tests.doubles.mattermost import HOOK, MattermostDouble

KIND = DestinationKind.MATTERMOST
LONGEST_S = PATIENT.total_s
REPEATED_EFFECTS = 2
"""An incoming webhook posts whatever it is sent: nothing tells a repetition from a new page."""

_FAULTS = {
    "http_503_html": Fault(status=503, html=True),
    "proxy_401": Fault(status=401, html=True),
    "proxy_403": Fault(status=403, html=True),
    "proxy_404": Fault(status=404, html=True),
    "proxy_403_oversized": Fault(status=403, oversized=400_000),
    "html": Fault(html=True),
    "no_json": Fault(status=200, body="]"),
    "json_of_another_form": Fault(status=200, body=["ok"]),
    "json_deeply_nested": Fault(status=200, body="[" * 90_000),
    "json_of_huge_numbers": Fault(status=200, body='{"ok": ' + "9" * 5_000 + "}"),
    "oversized": Fault(status=200, oversized=400_000),
    "dropped": Fault(drop=True),
    "lost": Fault(drop=True, is_done=True),
    "silence": Fault(delay=30),
    "dripping_head": Fault(drip_headers=True),
    "dripping_body": Fault(status=200, body="x" * 9_000, drip=True),
}


def double():
    return MattermostDouble()


def make(double, limits):
    return MattermostChannel(MattermostWebhook(guard_of(["127.0.0.1"]), limits or PATIENT))


def address(double):
    return double.url


def options(double):
    return {}


def inject(double, fault):
    known, _, retry_after = fault.partition(" ")
    if known.startswith("redirect_"):
        double.inject(Fault(status=int(known.removeprefix("redirect_")), location=f"{double.origin}/elsewhere"))
    elif known in _FAULTS:
        double.inject(_FAULTS[known])
    else:
        double.inject(Fault(status=int(known.removeprefix("http_")), retry_after=retry_after or None))


def effects(double):
    return len(double.posts)


def sent(double):
    return [(request.path, request.body) for request in double.requests]


def secrets(double):
    return (HOOK,)
