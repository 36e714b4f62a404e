"""PagerDuty, for the contract that every way out keeps (tests/channels/test_contract.py)."""

from escalator.channels.pagerduty import events
from escalator.channels.pagerduty.channel import PagerDutyChannel
from escalator.channels.pagerduty.events import PagerDutyEvents
from escalator.model.destination_kind import DestinationKind
from tests.doubles.http import Fault
from tests.doubles.pagerduty import ENQUEUE, PagerDutyDouble

KIND = DestinationKind.PAGERDUTY
LONGEST_S = events.LIMITS.total_s

_FAULTS = {
    "http_503_html": Fault(status=503, html=True),
    "proxy_401": Fault(status=401, html=True),
    "proxy_403": Fault(status=403, html=True),
    "proxy_404": Fault(status=404, html=True),
    "proxy_403_oversized": Fault(status=403, oversized=400_000),
    "html": Fault(status=202, html=True),
    "no_json": Fault(status=202, body="]"),
    "json_of_another_form": Fault(status=202, body=["success"]),
    "json_deeply_nested": Fault(status=202, body="[" * 90_000),
    "json_of_huge_numbers": Fault(status=202, body=f'{{"dedup_key": {"9" * 5_000}}}'),
    "oversized": Fault(status=202, oversized=400_000),
    "dropped": Fault(drop=True),
    "lost": Fault(drop=True, is_done=True),
    "silence": Fault(delay=30),
    "dripping_head": Fault(drip_headers=True),
    "dripping_body": Fault(drip=True),
}


def double():
    return PagerDutyDouble()


def make(double, limits):
    return PagerDutyChannel(PagerDutyEvents(double.origin, limits or events.LIMITS))


def address(double):
    return double.routing_key


def options(double):
    return {}


def inject(double, fault):
    double.inject(_fault(double, fault), path=ENQUEUE)


def _fault(double, name):
    known, _, retry_after = name.partition(" ")
    if known.startswith("redirect_"):
        return Fault(status=int(known.removeprefix("redirect_")), html=True, location=double.origin + ENQUEUE)
    if known in _FAULTS:
        return _FAULTS[known]
    return Fault(status=int(known.removeprefix("http_")), body="{}", retry_after=retry_after or None)


def effects(double):
    return len(double.alerts)


def sent(double):
    return [request.json for request in double.requests]


def secrets(double):
    return (double.routing_key, double.token, double.origin)
