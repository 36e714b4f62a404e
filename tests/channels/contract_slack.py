"""Slack, for the contract that every way out keeps (tests/channels/test_contract.py)."""

from escalator.channels.slack import transport
from escalator.channels.slack.channel import SlackChannel
from escalator.channels.slack.web_api import SlackWebApi
from escalator.model.destination_kind import DestinationKind
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_state import Fault

KIND = DestinationKind.SLACK
LONGEST_S = 2 * transport.PATIENT.total_s
REPEATED_EFFECTS = 2
SHOWS_TIME = True

_FAULTS = {
    "http_503_html": Fault(status=503, html=True),
    "proxy_401": Fault(status=401, html=True),
    "proxy_403": Fault(status=403, html=True),
    "proxy_404": Fault(status=404, html=True),
    "proxy_403_oversized": Fault(status=403, oversized=400_000),
    "html": Fault(html=True),
    "no_json": Fault(body="]"),
    "json_of_another_form": Fault(body='["ok"]'),
    "json_deeply_nested": Fault(body="[" * 90_000),
    "json_of_huge_numbers": Fault(body=f'{{"ok": {"9" * 5_000}}}'),
    "oversized": Fault(oversized=400_000),
    "dropped": Fault(drop=True),
    "lost": Fault(drop=True),
    "silence": Fault(delay=30),
    "dripping_head": Fault(drip_headers=True),
    "dripping_body": Fault(drip=True),
}


def double():
    return SlackDouble()


def make(double, limits):
    limits = limits or transport.PATIENT
    return SlackChannel(SlackWebApi(double.token, double.url, patient=limits))


def address(double):
    return "#critical-alerts"


def options(double):
    return {}


def inject(double, fault):
    for method in ("chat.postMessage", "chat.update"):
        double.inject(method, _fault(double, fault))


def _fault(double, name):
    known, _, retry_after = name.partition(" ")
    if known.startswith("redirect_"):
        return Fault(status=int(known.removeprefix("redirect_")), html=True, location=double.url)
    if known in _FAULTS:
        return _FAULTS[known]
    return Fault(status=int(known.removeprefix("http_")), body="{}", retry_after=retry_after or None)


def effects(double):
    return len(double.messages)


def sent(double):
    return [
        {name: value for name, value in call["arguments"].items() if name not in {"ts", "thread_ts"}}
        for call in double.calls
    ]


def secrets(double):
    return (double.token, "critical-alerts", "CCRITICALALERTS")
