"""Webhooks v3: whose they are, which event they bring, and what of it was heard."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.channels.pagerduty.events import PagerDutyEvents
from escalator.channels.pagerduty.webhooks import event_id, parse, sign, verify
from escalator.errors import InvalidEvent, Unauthorized
from escalator.model.destination_kind import DestinationKind
from escalator.model.message import MessageContext
from escalator.model.vendor_event import VendorActor, VendorActorKind, VendorEvent, VendorEventKind
from tests.channels.pagerduty_event import EVENT
from tests.doubles import pagerduty_webhooks as webhooks
from tests.doubles.pagerduty import INTEGRATION, PagerDutyDouble

BODY = webhooks.ping()
HEADER = "X-PagerDuty-Signature"
CHEN = VendorActor(VendorActorKind.PERSON, "PCHEN01")
NOBODY = VendorActor(VendorActorKind.NOBODY)


@pytest.fixture
def pagerduty():
    with PagerDutyDouble(now=lambda: webhooks.AT) as double:
        for key in ("escalator-1", "escalator-2"):
            event = {**EVENT, "dedup_key": key}
            PagerDutyEvents(double.origin).send(MessageContext(None, None, "ts-pager"), double.routing_key, event)
        yield double


# Whose it is


def test_a_signature_is_the_hex_hmac_sha256_of_the_body():
    # As `openssl dgst -sha256 -hmac 'a secret'` has it.
    expected = "v1=d3130ef4d6f9a5c3259f42b94889dfb6fb842b50511b7c1f6f59586b328c652b"
    assert sign(b'{"event":{"id":"1"}}', "a secret") == expected


def test_what_pagerduty_signs_is_accepted(pagerduty):
    verify(*pagerduty.acknowledge(pagerduty.alerts[0], "PCHEN01"), pagerduty.secrets)


@pytest.mark.parametrize(
    ("signed_with", "held"),
    [
        pytest.param(("new", "old"), ("new",), id="they sign with two while they rotate"),
        pytest.param(("old", "new"), ("new",), id="in either order"),
        pytest.param(("old",), ("new", "old"), id="we hold two"),
        pytest.param(("a", "b"), ("c", "b"), id="both hold two, one fits"),
        pytest.param(("ключ",), ("ключ",), id="not ASCII"),
    ],
)
def test_any_signature_that_fits_any_secret_will_do(signed_with, held):
    verify(*webhooks.signed(BODY, *signed_with), held)


def test_the_header_is_found_in_any_case_and_with_any_spaces():
    signature = sign(BODY, "secret")
    verify(BODY, {HEADER.lower(): f" v1=00 ,\t{signature} "}, ["secret"])
    verify(BODY, {HEADER.upper(): signature}, ["secret"])


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(sign(BODY, "other"), id="another secret"),
        pytest.param(sign(BODY + b" ", "secret"), id="another body"),
        pytest.param(sign(BODY, "secret").removeprefix("v1="), id="no scheme"),
        pytest.param(sign(BODY, "secret").replace("v1=", "v2="), id="another scheme"),
        pytest.param(sign(BODY, "secret").upper(), id="upper case"),
        pytest.param(sign(BODY, "secret")[:-1], id="cut short"),
        pytest.param(sign(BODY, ""), id="signed with nothing"),
        pytest.param("v1=", id="empty"),
        pytest.param(",,,", id="commas"),
        pytest.param("v1=ü\ud800\x00", id="no text that can be encoded"),
        pytest.param("v1=0," * 100_000 + sign(BODY, "secret"), id="one among too many"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_does_not_fit_is_refused(header):
    with pytest.raises(Unauthorized):
        verify(BODY, {HEADER: header}, ["secret"])


def test_without_the_header_it_is_refused():
    with pytest.raises(Unauthorized):
        verify(BODY, {"X-Webhook-Id": "1"}, ["secret"])


@pytest.mark.parametrize("secrets", [(), ("",), ("  ", "")])
def test_without_a_secret_nothing_is_accepted(secrets):
    with pytest.raises(Unauthorized):
        verify(*webhooks.signed(BODY, ""), secrets)


@given(st.binary(), st.text(), st.lists(st.text()))
def test_no_header_and_no_secret_crashes_it(body, header, secrets):
    with pytest.raises(Unauthorized):
        verify(body, {HEADER: header}, secrets)


# Which event it is


def test_an_event_is_known_by_the_id_within_it(pagerduty):
    first, _ = pagerduty.acknowledge(pagerduty.alerts[0], "PCHEN01")
    second, _ = pagerduty.unacknowledge(pagerduty.alerts[0])
    assert event_id(first) == json.loads(first)["event"]["id"] != event_id(second)
    assert event_id(BODY)


HOSTILE = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"\xff\xfe{", id="no text"),
    pytest.param(b"<html>", id="HTML"),
    pytest.param(b"[" * 200_000, id="deeply nested"),
    pytest.param(b'{"event": ' + b'{"x": ' * 90_000, id="deeply nested objects"),
    pytest.param(b'{"event": {"id": ' + b"9" * 5_000 + b"}}", id="a huge number"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"{}", id="no event"),
    pytest.param(b'{"event": null}', id="a null event"),
    pytest.param(b'{"event": []}', id="an event that is a list"),
]


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("read", [event_id, parse])
def test_what_is_no_event_is_refused_and_crashes_nothing(body, read):
    with pytest.raises(InvalidEvent):
        read(body)


@pytest.mark.parametrize("id_", [None, 5, "", ["x"], "x" * 129])
def test_an_event_without_a_proper_id_is_refused(id_):
    with pytest.raises(InvalidEvent):
        event_id(json.dumps({"event": {"id": id_}}).encode())


# What was heard


def heard(sent):
    return parse(sent[0])


@pytest.mark.parametrize(
    ("act", "kind", "agent"),
    [
        pytest.param(
            lambda one, at: one.acknowledge(at, "PCHEN01"), VendorEventKind.ACKNOWLEDGED, CHEN, id="a person takes"
        ),
        pytest.param(
            lambda one, at: one.acknowledge(at, INTEGRATION),
            VendorEventKind.ACKNOWLEDGED,
            VendorActor(VendorActorKind.INTEGRATION, "PXMQRWJ"),
            id="our own echo, or another system",
        ),
        pytest.param(lambda one, at: one.unacknowledge(at), VendorEventKind.UNACKNOWLEDGED, NOBODY, id="a time-out"),
        pytest.param(
            lambda one, at: one.resolve(at, "PCHEN01"), VendorEventKind.RESOLVED, CHEN, id="a person resolves"
        ),
        pytest.param(lambda one, at: one.resolve(at, None), VendorEventKind.RESOLVED, NOBODY, id="resolved by itself"),
        pytest.param(lambda one, at: one.reopen(at, "PCHEN01"), VendorEventKind.REOPENED, CHEN, id="reopened"),
        pytest.param(
            lambda one, at: one.reassign(at, "PANA01", "PCHEN01"), VendorEventKind.NOTED, CHEN, id="reassigned"
        ),
        pytest.param(lambda one, at: one.escalate(at), VendorEventKind.NOTED, NOBODY, id="escalated"),
    ],
)
def test_what_happens_there_is_heard(pagerduty, act, kind, agent):
    said = heard(act(pagerduty, pagerduty.alerts[0]))
    assert said == VendorEvent(
        vendor=DestinationKind.PAGERDUTY,
        kind=kind,
        word=said.word,
        agent=agent,
        vendor_incident_id="Q0000000000001",
        title="CRITICAL",
        at=webhooks.AT,
    )
    assert said.word.startswith("incident.")


def test_a_merge_is_no_resolution_whoever_merged(pagerduty):
    gone, stays = pagerduty.alerts
    said = heard(pagerduty.merge(gone, stays, "PCHEN01"))
    assert (said.kind, said.vendor_incident_id, said.merged_into) == (
        VendorEventKind.MERGED,
        "Q0000000000001",
        "Q0000000000002",
    )
    assert (said.agent, said.word) == (CHEN, "incident.resolved")


def test_what_our_own_events_do_comes_back_as_an_integrations(pagerduty):
    events = PagerDutyEvents(pagerduty.origin)
    pagerduty.outbox.clear()
    for action in ("acknowledge", "resolve"):
        event = {"event_action": action, "dedup_key": "escalator-1"}
        events.send(MessageContext(None, None, "ts-pager"), pagerduty.routing_key, event)
    echoes = [heard(one) for one in pagerduty.outbox]
    assert [echo.kind for echo in echoes] == [VendorEventKind.ACKNOWLEDGED, VendorEventKind.RESOLVED]
    assert {echo.agent.kind for echo in echoes} == {VendorActorKind.INTEGRATION}


def test_a_note_is_heard_of_without_its_words(pagerduty):
    said = heard(pagerduty.annotate(pagerduty.alerts[0], "PCHEN01", "the user's name is Jess"))
    assert (said.kind, said.vendor_incident_id, said.title) == (VendorEventKind.NOTED, "Q0000000000001", "CRITICAL")
    assert "Jess" not in repr(said)


def of(event_type, **data):
    """Something heard of an incident, with what differs from the ordinary."""
    incident = webhooks.incident("Q1", 1, "a title", "triggered")
    return parse(webhooks.body(event_type, {**incident, **data}, "PCHEN01"))


def test_an_incident_key_is_a_reference_of_ours_where_there_is_one():
    assert of("incident.acknowledged").refs == ()
    assert of("incident.acknowledged", incident_key="escalator-1").refs == ("escalator-1",)


@pytest.mark.parametrize(
    "word",
    [
        "incident.triggered",
        "incident.delegated",
        "incident.priority_updated",
        "incident.responder.added",
        "incident.responder.replied",
        "incident.status_update_published",
    ],
)
def test_what_else_is_done_there_is_noted(word):
    assert (of(word).kind, of(word).word) == (VendorEventKind.NOTED, word)


@pytest.mark.parametrize(
    "word", ["pagey.ping", "service.updated", "incident.workflow.started", "incident", "", "x" * 9999]
)
def test_a_ping_and_what_means_nothing_are_no_news(word):
    assert parse(webhooks.body(word, {"message": "Hello from your friend Pagey!"}, None)) is None


@pytest.mark.parametrize("word", [None, 5, ["incident.resolved"], {"a": 1}])
def test_an_event_whose_type_is_no_text_means_nothing(word):
    assert parse(json.dumps({"event": {"id": "1", "event_type": word}}).encode()) is None


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ({"type": "user_reference", "id": "P1"}, VendorActorKind.PERSON),
        ({"type": "inbound_integration_reference", "id": "P1"}, VendorActorKind.INTEGRATION),
        ({"type": "bot_user_reference", "id": "P1"}, VendorActorKind.INTEGRATION),
        ({"type": None, "id": "P1"}, VendorActorKind.INTEGRATION),
        ({"id": "P1", "summary": None}, VendorActorKind.INTEGRATION),
        (None, VendorActorKind.NOBODY),
    ],
)
def test_only_a_user_is_a_person(agent, kind):
    said = parse(webhooks.body("incident.resolved", webhooks.incident("Q1", 1, "t", "resolved"), agent))
    assert (said.agent.kind, said.agent.id) == (kind, "P1" if agent else "")


@pytest.mark.parametrize("data", [None, 5, [], {"id": 5}, {"id": {}}, {"resolve_reason": []}, {"incident": "Q1"}])
def test_a_known_type_of_another_form_is_refused(data):
    event = {"id": "1", "event_type": "incident.resolved", "agent": None, "data": data}
    with pytest.raises(InvalidEvent):
        parse(json.dumps({"event": event}).encode())


def test_what_is_missing_is_left_empty_and_what_is_new_is_not_read():
    event = {"event_type": "incident.resolved", "data": {"id": "Q1", "title": None, "brand_new": [1]}, "more": {}}
    said = parse(json.dumps({"event": event, "and": "more"}).encode())
    assert said == VendorEvent(
        DestinationKind.PAGERDUTY, VendorEventKind.RESOLVED, "incident.resolved", NOBODY, vendor_incident_id="Q1"
    )


@pytest.mark.parametrize("at", [None, "", "yesterday", 5, [], "9999-99-99T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_time_that_is_none_is_left_out(at):
    event = {"event_type": "incident.resolved", "occurred_at": at, "data": {"id": "Q1"}}
    assert parse(json.dumps({"event": event}).encode()).at is None


def test_a_merge_into_nothing_is_still_none_of_ours_resolved():
    said = of("incident.resolved", resolve_reason={"type": "merge_resolve_reason", "incident": None})
    assert (said.kind, said.merged_into) == (VendorEventKind.MERGED, "")


def test_what_is_heard_can_be_stored():
    said = of("incident.resolved", id="Q" * 999, title="a\x00\ud800" + "b" * 9999, incident_key="k" * 999)
    assert (len(said.vendor_incident_id), len(said.title), len(said.refs[0])) == (255, 1024, 255)
    assert said.title.startswith("a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(["id", "title", "incident_key", "incident", "resolve_reason", "type", "summary"])


@given(_JSON, st.dictionaries(_NAMES, _JSON), st.sampled_from(["incident.resolved", "incident.annotated"]))
def test_whatever_stands_in_it_is_heard_or_refused(agent, data, word):
    body = json.dumps({"event": {"id": "1", "event_type": word, "agent": agent, "data": data}}).encode()
    try:
        assert isinstance(parse(body), VendorEvent)
    except InvalidEvent:
        assert event_id(body) == "1"
