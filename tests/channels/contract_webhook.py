"""Outgoing webhooks, for the contract that every way out keeps (tests/channels/test_contract.py)."""

from escalator.channels.guarded_http import PATIENT
from escalator.channels.ssrf_guard import guard_of
from escalator.channels.webhook.channel import WebhookChannel
from escalator.channels.webhook.client import HttpWebhook
from escalator.clock import SystemClock
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import FailureReason
from tests.doubles.http import Fault
from tests.doubles.webhook import WebhookDouble

KIND = DestinationKind.WEBHOOK
LONGEST_S = PATIENT.total_s
EXPECTED = {
    "http_410": FailureReason.GONE,
    # A receiver's 2xx is a success whatever else it says: nothing of its answer is asked.
    "html": "delivered",
    "no_json": "delivered",
    "json_of_another_form": "delivered",
    "json_deeply_nested": "delivered",
    "json_of_huge_numbers": "delivered",
    "oversized": "delivered",
    "dripping_body": "delivered",
}

_FAULTS = {
    "http_503_html": Fault(status=503, html=True),
    "proxy_401": Fault(status=401, html=True),
    "proxy_403": Fault(status=403, html=True),
    "proxy_404": Fault(status=404, html=True),
    "proxy_403_oversized": Fault(status=403, oversized=400_000),
    "html": Fault(html=True, is_done=True),
    "no_json": Fault(status=200, body="]", is_done=True),
    "json_of_another_form": Fault(status=200, body=["ok"], is_done=True),
    "json_deeply_nested": Fault(status=200, body="[" * 90_000, is_done=True),
    "json_of_huge_numbers": Fault(status=200, body='{"ok": ' + "9" * 5_000 + "}", is_done=True),
    "oversized": Fault(status=200, oversized=400_000, is_done=True),
    "dropped": Fault(drop=True),
    "lost": Fault(drop=True, is_done=True),
    "silence": Fault(delay=30),
    "dripping_head": Fault(drip_headers=True),
    "dripping_body": Fault(status=200, body="x" * 9_000, drip=True, is_done=True),
}


def double():
    return WebhookDouble()


def make(double, limits):
    return WebhookChannel(HttpWebhook(guard_of(["127.0.0.1"]), limits or PATIENT), SystemClock())


def address(double):
    return double.url


def options(double):
    return {"secret": double.secret}


def inject(double, fault):
    known, _, retry_after = fault.partition(" ")
    if known.startswith("redirect_"):
        double.inject(Fault(status=int(known.removeprefix("redirect_")), location=f"{double.origin}/elsewhere"))
    elif known in _FAULTS:
        double.inject(_FAULTS[known])
    else:
        double.inject(Fault(status=int(known.removeprefix("http_")), retry_after=retry_after or None))


def effects(double):
    return len(double.received)


def sent(double):
    return [(request.path, request.headers["webhook-id"], request.body) for request in double.requests]


def secrets(double):
    return (double.secret, double.secret.removeprefix("whsec_"), "moderation-7f3a")
