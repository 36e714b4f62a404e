"""What every way out promises (escalator/channels/contract.py), held against each vendor's double.

A vendor plugs in by a module `tests/channels/contract_VENDOR.py`, its adapter, which has:

    KIND                    its DestinationKind
    LONGEST_S               how long one call of its channel may last at worst, in seconds, with the limits that
                            production uses (the sum over the requests that one call may make)
    double()                a new double of the vendor, a context manager
    make(double, limits)    its Channel, speaking to the double, each request within `limits` (channels.wire.Limits),
                            or within production's when `limits` is None
    address(double)         Notification.address, as the policy's destination would have it, expanded
    options(double)         Notification.options, likewise
    inject(double, fault)   let the next request that a call makes go wrong (see FAULTS); False where the vendor knows
                            no such thing: then that row says nothing about it. What may go wrong at any of several
                            requests goes wrong at the one that has the effect. Of `lost` the vendor has done what it
                            was asked and only its answer is lost
    effects(double)         how many things a human sees at the vendor by now: messages, alerts, issues and comments,
                            mails. What the vendor itself recognises as a repetition counts once
    sent(double)            all that has been sent so far, in order, as values that can be compared: bodies without
                            what differs between two attempts by its nature (the time of a signature)
    secrets(double)         texts that must stand in no failure and no log line: tokens, keys, addresses

and may have:

    EXPECTED                {fault: FailureReason, or DELIVERED}: where this vendor means something else by it
    REPEATED_EFFECTS        what a human sees when the same key is told twice: 1, unless the vendor cannot tell (Slack)
    SHOWS_TIME              whether its face says how long is left, so that it changes by itself

`limits` are not for SMTP and HTTP alone: whatever a channel speaks is bounded by them. Faults without a status are
named by what happens, so that each adapter finds its own for them.
"""

import importlib
import logging
import time
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import structlog

from escalator.channels.contract import CALL_ENDS_S, Notification
from escalator.channels.deadline_socket import Limits
from escalator.channels.rate_limits import LONGEST_RETRY_AFTER
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Outcome, State
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext, Occasion
from escalator.rendering.card import alarm, card, standing
from tests.rendering.builders import INCIDENT_ID, NOW, OPENED, SECRETS, TAKEN, a_view

pytestmark = pytest.mark.long

DELIVERED = "delivered"
SHORT = Limits(socket_s=0.5, total_s=0.5)
LONG_AGO_S = 8.0
"""A call with short limits that lasts longer than this hangs."""

VENDORS = tuple(kind.value for kind in DestinationKind)
_PLACE = "0198c7a0-0000-7000-8000-0000000000aa"
_KEYS = {"first": "0198c7a0-0000-7000-8000-0000000000b1", "again": "0198c7a0-0000-7000-8000-0000000000b2"}
CALLS = ("send", "send again", "update")

FAULTS = {
    "http_400": FailureReason.BAD_MESSAGE,
    "http_401": FailureReason.BAD_CREDENTIALS,
    "http_403": FailureReason.BAD_CREDENTIALS,
    "http_404": FailureReason.BAD_TARGET,
    "http_402": FailureReason.NOT_SUPPORTED,
    "http_405": FailureReason.BAD_TARGET,
    "http_407": FailureReason.BAD_CREDENTIALS,
    "http_410": FailureReason.BAD_TARGET,
    "http_413": FailureReason.BAD_MESSAGE,
    "http_418": FailureReason.BAD_MESSAGE,
    "http_421": FailureReason.VENDOR_ERROR,
    "http_426": FailureReason.BAD_TARGET,
    "http_431": FailureReason.BAD_MESSAGE,
    "http_451": FailureReason.BAD_TARGET,
    "http_511": FailureReason.VENDOR_ERROR,
    "proxy_401": FailureReason.BAD_CREDENTIALS,
    "proxy_403": FailureReason.BAD_CREDENTIALS,
    "proxy_404": FailureReason.BAD_TARGET,
    "proxy_403_oversized": FailureReason.BAD_CREDENTIALS,
    "http_408": FailureReason.TIMEOUT,
    "http_429": FailureReason.RATE_LIMITED,
    "http_500": FailureReason.VENDOR_ERROR,
    "http_502": FailureReason.VENDOR_ERROR,
    "http_503": FailureReason.VENDOR_ERROR,
    "http_504": FailureReason.VENDOR_ERROR,
    "http_503_html": FailureReason.VENDOR_ERROR,
    "redirect_301": FailureReason.BAD_TARGET,
    "redirect_302": FailureReason.BAD_TARGET,
    "redirect_307": FailureReason.BAD_TARGET,
    "html": FailureReason.BAD_ANSWER,
    "no_json": FailureReason.BAD_ANSWER,
    "json_of_another_form": FailureReason.BAD_ANSWER,
    "json_deeply_nested": FailureReason.BAD_ANSWER,
    "json_of_huge_numbers": FailureReason.BAD_ANSWER,
    "oversized": FailureReason.BAD_ANSWER,
    "dropped": FailureReason.UNREACHABLE,
    "lost": FailureReason.UNREACHABLE,
    "silence": FailureReason.TIMEOUT,
    "dripping_head": FailureReason.TIMEOUT,
    "dripping_body": FailureReason.TIMEOUT,
}
"""What goes wrong -> what it means, unless the adapter says otherwise. A redirect leads to another double. `proxy_…` is
a page that a proxy on the way answers with that status; the page of a portal, with 200, is `html`."""

ENDLESS = ("silence", "dripping_head", "dripping_body")
"""What never ends by itself, or not within the limits."""


@dataclass(frozen=True)
class _Vendor:
    """One adapter, with what it leaves out filled in."""

    module: object

    def __getattr__(self, name):
        return getattr(self.module, name)

    def means(self, fault):
        return getattr(self.module, "EXPECTED", {}).get(fault, FAULTS[fault])

    @property
    def repeated_effects(self):
        return getattr(self.module, "REPEATED_EFFECTS", 1)

    @property
    def shows_time(self):
        return getattr(self.module, "SHOWS_TIME", False)


ADAPTERS = {name: _Vendor(importlib.import_module(f"tests.channels.contract_{name}")) for name in VENDORS}


@pytest.fixture(params=ADAPTERS)
def vendor(request):
    return ADAPTERS[request.param]


@pytest.fixture
def double(vendor):
    with vendor.double() as double:
        yield double


@pytest.fixture
def log(caplog):
    """Everything that anybody logs, as one text."""
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as lines:
        yield lambda: caplog.text + repr(lines)


def say(vendor, double, *, key="first", ref=None, now=NOW, occasion=Occasion.STEP, **incident):
    """A notification about `an_incident`, as the services would make it for this vendor."""
    view = a_view(channel=vendor.KIND, occasion=occasion, now=now, **incident)
    return Notification(
        context=MessageContext(INCIDENT_ID, 1042, "somewhere"),
        address=vendor.address(double),
        card=card(view),
        occasion=occasion,
        key=_KEYS[key],
        place=_PLACE,
        at=now,
        standing=standing(view),
        ref=ref,
        options=vendor.options(double),
    )


def provoke(vendor, double, fault):
    """Let the next request go wrong; a vendor that knows no such thing has nothing to say about it."""
    if vendor.inject(double, fault) is False:
        pytest.skip(f"{vendor.KIND.value} knows no {fault}")


def notice(vendor, double):
    """A notification about the product's own trouble."""
    said = alarm("Escalator needs attention: destination", ("ts-pager cannot be told: bad_credentials",))
    return replace(say(vendor, double, occasion=Occasion.ALARM), card=said, standing=None, context=_NOBODY)


_NOBODY = MessageContext(None, None, "somewhere")


def prepare(vendor, double, call):
    """Return what makes this call, given a channel; what it needs to stand at the vendor stands there."""
    if call == "send":
        return lambda channel: channel.send(say(vendor, double))
    stands = vendor.make(double, None).send(say(vendor, double))
    assert isinstance(stands, Delivered), stands
    if call == "send again":
        return lambda channel: channel.send(say(vendor, double, key="again", ref=stands.ref, step=1))
    return lambda channel: channel.update(say(vendor, double, ref=stands.ref, **TAKEN))


@pytest.mark.parametrize("call", CALLS)
def test_what_gets_through_is_delivered(vendor, double, call):
    done = prepare(vendor, double, call)(vendor.make(double, None))
    assert isinstance(done, Delivered), done
    assert len(done.ref) <= 256


def test_what_stands_has_a_reference(vendor, double):
    assert vendor.make(double, None).send(say(vendor, double)).ref
    assert vendor.effects(double) == 1


@pytest.mark.parametrize(
    ("state", "how"),
    [
        ("resolved", {"state": State.RESOLVED, "outcome": Outcome.NO_VIOLATION, "closed_by": "ana", "closed_at": NOW}),
        ("released", {"state": State.TRIGGERED, "waiting_since": NOW, "round": 2}),
        ("merged", {"state": State.MERGED, "closed_at": NOW, "merged_into": None}),
        ("snoozed", {**TAKEN, "state": State.SNOOZED}),
        ("grouped", {"state": State.GROUPED}),
    ],
)
def test_every_state_can_be_shown(vendor, double, state, how):
    channel = vendor.make(double, None)
    ref = channel.send(say(vendor, double)).ref
    assert isinstance(channel.update(say(vendor, double, ref=ref, **TAKEN)), Delivered)
    shown = channel.update(say(vendor, double, ref=ref, **{"due_kind": None, "due_at": None} | how))
    assert isinstance(shown, Delivered), (state, shown)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", [one for one in FAULTS if one not in ENDLESS])
def test_every_failure_has_its_reason_and_says_nothing_else(vendor, double, log, fault, call):
    attempt = prepare(vendor, double, call)
    provoke(vendor, double, fault)
    done = attempt(vendor.make(double, None))
    expected = vendor.means(fault)
    assert (done.reason if isinstance(done, Failed) else DELIVERED) == expected, done
    _is_silent(vendor, double, repr(done), log())


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", ENDLESS)
def test_a_call_that_would_never_end_is_ended(vendor, double, log, fault, call):
    attempt = prepare(vendor, double, call)
    provoke(vendor, double, fault)
    began = time.monotonic()
    done = attempt(vendor.make(double, SHORT))
    assert time.monotonic() - began < LONG_AGO_S
    assert (done.reason if isinstance(done, Failed) else DELIVERED) == vendor.means(fault), done
    _is_silent(vendor, double, repr(done), log())


def _is_silent(vendor, double, *texts):
    """Hold that nothing there says a secret, an address or what a user wrote."""
    for secret in (*vendor.secrets(double), *SECRETS, "127.0.0.1", "://", "sleepy"):
        for text in texts:
            assert secret not in text


def test_no_call_outlasts_its_lease(vendor):
    assert vendor.LONGEST_S <= CALL_ENDS_S


def test_nobody_there_is_unreachable(vendor):
    with vendor.double() as gone:
        one = say(vendor, gone)
        channel = vendor.make(gone, None)
    assert channel.send(one).reason is FailureReason.UNREACHABLE


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        pytest.param("17", timedelta(seconds=17), id="in seconds"),
        pytest.param("999999", LONGEST_RETRY_AFTER, id="too long"),
        pytest.param("soon", None, id="in words"),
        pytest.param("-1", None, id="in the past"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(), id="until an instant that is over"),
        pytest.param("Fri, 21 Oct 2199 07:28:00 GMT", LONGEST_RETRY_AFTER, id="until an instant too far away"),
    ],
)
def test_a_vendor_says_how_long_to_wait(vendor, double, said, understood):
    provoke(vendor, double, f"http_429 {said}")
    failed = vendor.make(double, None).send(say(vendor, double))
    assert (failed.reason, failed.retry_after) == (FailureReason.RATE_LIMITED, understood)


@pytest.mark.parametrize("is_lost", [False, True], ids=["answered", "answer lost"])
def test_the_same_key_twice_is_one_effect(vendor, double, is_lost):
    channel = vendor.make(double, None)
    if is_lost:
        provoke(vendor, double, "lost")
    first = channel.send(say(vendor, double))
    assert isinstance(first, Failed if is_lost else Delivered)
    assert isinstance(channel.send(say(vendor, double, now=NOW + timedelta(minutes=1))), Delivered)
    assert vendor.effects(double) == vendor.repeated_effects


def test_ringing_again_twice_with_the_same_key_is_one_effect(vendor, double):
    channel = vendor.make(double, None)
    ref = channel.send(say(vendor, double)).ref
    before = vendor.effects(double)
    rings = [channel.send(say(vendor, double, key="again", ref=ref, step=1)) for _ in range(2)]
    assert all(isinstance(one, Delivered) for one in rings), rings
    assert vendor.effects(double) - before <= vendor.repeated_effects


def test_showing_the_same_twice_is_one_effect(vendor, double):
    channel = vendor.make(double, None)
    ref = channel.send(say(vendor, double)).ref
    channel.update(say(vendor, double, ref=ref, **TAKEN))
    before = vendor.effects(double)
    assert isinstance(channel.update(say(vendor, double, ref=ref, now=NOW + timedelta(minutes=1), **TAKEN)), Delivered)
    assert vendor.effects(double) == before


def test_the_products_own_trouble_is_told(vendor, double):
    assert isinstance(vendor.make(double, None).send(notice(vendor, double)), Delivered)
    assert vendor.effects(double) == 1


def test_equal_notifications_are_equal_bytes(vendor):
    rendered = []
    for _ in range(2):
        with vendor.double() as double:
            channel = vendor.make(double, None)
            ref = channel.send(say(vendor, double)).ref
            channel.update(replace(say(vendor, double, **TAKEN), ref=ref))
            rendered.append(vendor.sent(double))
    assert rendered[0] == rendered[1]
    assert rendered[0]


def test_a_face_changes_with_what_it_shows_and_not_with_time(vendor, double):
    channel = vendor.make(double, None)

    def face(**how):
        return channel.face(say(vendor, double, **how))

    faces = [
        face(),
        face(**TAKEN),
        face(
            **{**TAKEN, "state": State.RESOLVED, "outcome": Outcome.NO_VIOLATION, "closed_by": "ana", "closed_at": NOW}
        ),
    ]
    assert len(set(faces)) == len(faces)
    assert all(0 < len(one) <= 64 for one in faces)
    assert (face(now=NOW + timedelta(minutes=1)) == face()) is not vendor.shows_time
    assert face(**TAKEN, now=OPENED + timedelta(minutes=3)) == face(**TAKEN) or vendor.shows_time


def test_every_vendor_has_an_adapter_of_its_own():
    assert {name: found.KIND.value for name, found in ADAPTERS.items()} == {name: name for name in VENDORS}
