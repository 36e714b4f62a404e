"""A vendor that is down is a trouble: after a minute if nobody was told of an alert, after three in any case."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from escalator.model.destination_kind import DestinationKind
from escalator.model.message import Failed, FailureReason
from escalator.services.core.process_liveness import SWEEPER, record_heartbeat
from escalator.services.delivery.claim_deliveries import claim_calls
from escalator.services.delivery.destination_health import FAILURE_SCOPES
from escalator.services.delivery.outcomes import record_outcomes
from escalator.services.intake import process
from escalator.services.maintenance.jobs import run_jobs
from escalator.services.monitoring.undelivered import check_undelivered
from escalator.services.outbound.call import CallOutcome
from escalator.store.tables import deliveries, endpoint_health, operator_alerts
from tests.doubles.everybody import Vendors, vendors
from tests.doubles.http import HttpDouble, Reply, Request
from tests.doubles.slack_state import Fault
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM, labelled

pytestmark = pytest.mark.long

HATE = labelled("HATE", "high", 75)
HOUSEKEEPING = 3
"""Of so many rounds one keeps house: what that does it does once a minute."""
NOWHERE = "http://127.0.0.1:1"
DOWN = {
    DestinationKind.SLACK: {"SLACK_API_URL": f"{NOWHERE}/"},
    DestinationKind.PAGERDUTY: {"PAGERDUTY_EVENTS_URL": NOWHERE},
    DestinationKind.EMAIL: {"SMTP_URL": "smtp+insecure://127.0.0.1:1"},
    DestinationKind.JIRA: {"JIRA_URL": NOWHERE},
    DestinationKind.WEBHOOK: {"WEBHOOK_URL": f"{NOWHERE}/hook"},
    DestinationKind.MATTERMOST: {"MATTERMOST_URL": f"{NOWHERE}/hooks/key"},
}
"""What an installation finds whose vendor of this kind is dead."""

POLICY = """\
version: 1
timezone: UTC
sources:
  chat: {platform: stream, api_key: "${STREAM_API_KEY}", api_secret: ["${STREAM_API_SECRET}"]}
people:
  ana: {name: Ana Ruiz, slack: U0ANA}
  eli: {name: Eli Stone, slack: U0ELI, email: eli@example.com, role: admin}
destinations:
  slack:     {slack: "#critical-alerts", fallback: rescue-mail}
  pagerduty: {pagerduty: "${ROUTING_KEY}", fallback: rescue-slack}
  email:     {email: desk@example.com, fallback: rescue-slack}
  jira:      {jira: {project: MODSAFE, issue_type: Incident}, fallback: rescue-slack}
  mattermost: {mattermost: "${MATTERMOST_URL}", fallback: rescue-slack}
  webhook:   {webhook: "${WEBHOOK_URL}", secret: "${WEBHOOK_SECRET}", fallback: rescue-slack}
  rescue-slack: {slack: "#leads"}
  rescue-mail:  {email: rescue@example.com}
categories:
  hate: {title: Hate, labels: [HATE]}
routes:
  - {name: Hate, when: {category: hate}, path: only}
default: only
paths:
  only: [{notify: [KIND]}]
alarms: {notify: [KIND]}
heartbeat: {every: 60s, url: "BEAT"}
"""


class _Monitor(HttpDouble):
    """A dead-man's switch: it is content with whoever calls."""

    def answer(self, request: Request) -> Reply:
        return Reply(200)


@pytest.fixture
def everybody(bare: Harness) -> Iterator[Vendors]:
    with vendors(bare.clock) as found:
        yield found


@pytest.fixture
def monitor() -> Iterator[HttpDouble]:
    """What the heartbeat calls."""
    with _Monitor() as double:
        yield double


def start(h: Harness, everybody: Vendors, monitor: HttpDouble, kind: DestinationKind, **environment: str) -> Harness:
    text = POLICY.replace("KIND", kind.value).replace("BEAT", monitor.origin)
    return h.start(text, **everybody.environment | environment)


def degraded(h: Harness) -> list[str]:
    record_heartbeat(h.core, SWEEPER, h.clock.now())
    return h.app.test_client().get("/readyz").json["degraded"]


def pass_by(h: Harness, **span: float) -> None:
    """Let time pass for senders and for those who look after them, ten seconds at a time."""
    until = h.clock.now() + timedelta(**span)
    steps = 0
    while h.clock.now() < until:
        h.fast_forward(seconds=10)
        check_undelivered(h.core)
        steps += 1
        if steps % HOUSEKEEPING == 0 or h.clock.now() >= until:
            run_jobs(h.core)
    h.sweep()


def told(h: Harness, kind: str, state: str = "delivered") -> list[str]:
    """Return to which kinds of destination something of this kind was told."""
    with h.core.database.reading() as connection:
        asked = select(deliveries.c.channel).where(deliveries.c.kind == kind, deliveries.c.state == state)
        return sorted(connection.scalars(asked))


def is_open(h: Harness, key: str) -> bool:
    with h.core.database.reading() as connection:
        asked = select(operator_alerts.c.id).where(
            operator_alerts.c.key == key, operator_alerts.c.resolved_at.is_(None)
        )
        return connection.scalar(asked) is not None


@pytest.mark.parametrize("kind", DestinationKind)
def test_a_vendor_that_is_down_is_told_by_another_way_and_stands_everywhere_until_it_is_back(
    bare: Harness, everybody: Vendors, monitor: HttpDouble, kind: DestinationKind
) -> None:
    h = start(bare, everybody, monitor, kind, **DOWN[kind])
    h.post(SELF_HARM, **HATE)
    pass_by(h, seconds=50)
    assert degraded(h) == []
    pass_by(h, seconds=20)
    unreached = "unreached: nobody has been notified of #1001: no page was delivered within a minute"
    assert degraded(h) == [unreached]
    assert kind not in told(h, "alarm")
    assert len(told(h, "alarm")) >= 1
    beats = len(monitor.requests)

    pass_by(h, minutes=3)
    assert [one.partition(":")[0] for one in degraded(h)] == ["destination"]
    assert is_open(h, f"destination:{kind.value}")
    assert told(h, "page") == ["email" if kind is DestinationKind.SLACK else "slack"]
    assert len(monitor.requests) > beats, "somebody has been told: the heart beats again"
    alarms = len(told(h, "alarm"))
    pass_by(h, minutes=5)
    assert len(told(h, "alarm")) == alarms, "each trouble is told once"
    assert len(told(h, "page")) == 1, "and who stands in is told once"

    h = start(bare, everybody, monitor, kind)
    pass_by(h, minutes=2)
    assert degraded(h) == []
    assert kind in told(h, "page")
    h.forget_seen()


def test_while_nobody_is_told_the_heart_does_not_beat(bare: Harness, everybody: Vendors, monitor: HttpDouble) -> None:
    kind = DestinationKind.WEBHOOK
    h = start(bare, everybody, monitor, kind, **DOWN[kind])
    h.change_policy(", fallback: rescue-slack}\n  rescue", "}\n  rescue")
    h.post(SELF_HARM, **HATE)
    pass_by(h, seconds=70)
    beats = len(monitor.requests)
    assert beats
    pass_by(h, minutes=5)
    assert len(monitor.requests) == beats
    h.start("", **everybody.environment)
    pass_by(h, minutes=3)
    assert len(monitor.requests) > beats
    h.forget_seen()


def test_a_new_round_that_reaches_nobody_either_is_no_end_of_it(
    bare: Harness, everybody: Vendors, monitor: HttpDouble
) -> None:
    kind = DestinationKind.WEBHOOK
    h = start(bare, everybody, monitor, kind, **DOWN[kind])
    h.change_policy(", fallback: rescue-slack}\n  rescue", "}\n  rescue")
    h.change_policy("alarms:", "unanswered: {restart_after: 5m}\nalarms:")
    h.post(SELF_HARM, **HATE)
    pass_by(h, seconds=70)
    beats, rounds = len(monitor.requests), h.incident()["round"]
    for _ in range(40):
        pass_by(h, seconds=20)
        assert is_open(h, "unreached:1001")
    assert h.incident()["round"] > rounds
    assert len(monitor.requests) == beats, "a new round is no sign of life"
    assert [one for one in h.records("trouble.found", "trouble.ended") if "unreached" in one["reason"]][1:] == []
    h.start("", **everybody.environment)
    pass_by(h, minutes=7)
    assert not is_open(h, "unreached:1001")
    h.forget_seen()


@pytest.mark.parametrize(
    ("role", "restricted_to", "is_unreached"),
    [("viewer", "", True), ("moderator", ", restricted_to: [few]", True), ("moderator", "", False)],
)
def test_who_may_not_acknowledge_is_nobody_who_was_told(
    bare: Harness, everybody: Vendors, monitor: HttpDouble, role: str, restricted_to: str, is_unreached: bool
) -> None:
    h = start(bare, everybody, monitor, DestinationKind.WEBHOOK, **DOWN[DestinationKind.WEBHOOK])
    h.change_policy(", fallback: rescue-slack}\n  rescue", "}\n  rescue")
    h.change_policy("people:\n", f"people:\n  vera: {{name: Vera Lund, email: vera@example.com, role: {role}}}\n")
    h.change_policy("destinations:\n", "teams:\n  few: {members: [ana, eli]}\ndestinations:\n")
    h.change_policy("labels: [HATE]", f"labels: [HATE]{restricted_to}")
    h.change_policy("notify: [webhook]}]", "notify: [webhook, person:vera]}]")
    h.post(SELF_HARM, **HATE)
    pass_by(h, seconds=80)
    assert is_open(h, "unreached:1001") is is_unreached
    h.forget_seen()


def test_an_answer_ends_that_nobody_was_told(bare: Harness, everybody: Vendors, monitor: HttpDouble) -> None:
    kind = DestinationKind.JIRA
    h = start(bare, everybody, monitor, kind, **DOWN[kind])
    h.post(SELF_HARM, **HATE)
    pass_by(h, seconds=70)
    assert is_open(h, "unreached:1001")
    h.post("review_queue_item.updated__mark_reviewed")
    pass_by(h, seconds=10)
    assert not is_open(h, "unreached:1001")
    h.forget_seen()


def test_many_alerts_that_reach_nobody_are_told_at_once(bare: Harness, everybody: Vendors, monitor: HttpDouble) -> None:
    kind = DestinationKind.PAGERDUTY
    h = start(bare, everybody, monitor, kind, **DOWN[kind])
    for item in range(1, 14):
        h.post(SELF_HARM, item=item, **HATE)
    pass_by(h, seconds=70)
    [said] = [one for one in degraded(h) if one.startswith("unreached")]
    assert said.startswith("unreached: nobody has been notified of #1001, #1002")
    assert "#1010 and " in said
    with h.core.database.reading() as connection:
        alarms = select(deliveries.c.operator_alert_id).where(deliveries.c.kind == "alarm").distinct()
        assert len(connection.execute(alarms).all()) == 1
    h.forget_seen()


def test_an_incident_of_which_one_page_got_through_is_not_unreached(
    bare: Harness, everybody: Vendors, monitor: HttpDouble
) -> None:
    h = start(bare, everybody, monitor, DestinationKind.WEBHOOK, **DOWN[DestinationKind.WEBHOOK])
    h.change_policy("notify: [webhook]}]", "notify: [webhook, rescue-slack]}]")
    h.post(SELF_HARM, **HATE)
    pass_by(h, seconds=80)
    assert degraded(h) == []
    pass_by(h, minutes=2)
    assert [one.partition(" ")[0] for one in degraded(h)] == ["destination:webhook:"]
    h.forget_seen()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=503), id="5xx"),
        pytest.param(Fault(drop=True), id="unreachable"),
        pytest.param(Fault(status=429, retry_after="20"), id="rate limit"),
        pytest.param(Fault(html=True), id="no answer of Slack's"),
    ],
)
def test_whatever_the_class_a_destination_that_fails_for_minutes_is_a_trouble(h: Harness, fault: Fault) -> None:
    h.slack.next_fault = lambda method: fault if method == "chat.postMessage" else None
    h.post(SELF_HARM)
    pass_by(h, minutes=2, seconds=50)
    assert not is_open(h, "destination:critical-alerts")
    pass_by(h, seconds=20)
    assert is_open(h, "destination:critical-alerts")
    assert is_open(h, "destination:person:ana:slack")
    del h.slack.next_fault
    pass_by(h, minutes=2)
    assert [one for one in degraded(h) if one.startswith("destination")] == []
    h.forget_seen()


def test_a_destination_that_failed_once_and_has_nothing_to_send_is_no_trouble(h: Harness) -> None:
    with h.slack_down():
        h.post(SELF_HARM)
    h.post("review_queue_item.updated__mark_reviewed")
    h.post(SELF_HARM, item=2, review_queue_item={"status": "reviewed"})
    h.forget_seen()
    with h.core.database.writing() as connection:
        connection.execute(deliveries.update().values(state="suppressed"))
    pass_by(h, minutes=10)
    assert [one for one in degraded(h) if one.startswith("destination")] == []
    h.forget_seen()


@pytest.mark.parametrize("reason", FailureReason)
def test_every_reason_for_which_a_page_fails_for_good_is_told_once(h: Harness, reason: FailureReason) -> None:
    h.send(h.sample(SELF_HARM, **HATE), is_working=False)
    while process.process_events(h.core):
        pass
    [page] = claim_calls(h.core, 8).calls
    record_outcomes(h.core, [CallOutcome(page, Failed(reason, "word"))])
    assert is_open(h, "destination:hate-room") is not reason.is_retryable
    if not reason.is_retryable:
        assert [row["reason"] for row in h.records("trouble.found")] == ["destination:hate-room"]
        assert any("messages to hate-room fail" in one for one in degraded(h))
    h.forget_seen()


def test_every_reason_has_its_place() -> None:
    assert set(FAILURE_SCOPES) == set(FailureReason)


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_what_another_process_deals_with_at_the_moment_gets_no_second_fallback(h: Harness) -> None:
    h.send(h.sample(SELF_HARM, **HATE), is_working=False)
    process.process_events(h.core)
    h.clock.move(minutes=4)
    began = {"failing_since": h.clock.now() - timedelta(minutes=4), "last_failed_at": h.clock.now()}
    why = {"failing_channel": "slack", "failing_reason": "http_503"}
    with h.core.database.writing() as connection:
        connection.execute(endpoint_health.insert().values(name="hate-room", **began, **why))
    with h.core.database.writing() as other:
        assert len(other.execute(select(deliveries).with_for_update()).all()) == 1
        check_undelivered(h.core)
    assert h.count(deliveries, kind="page") == 1
    h.clock.move(seconds=10)
    check_undelivered(h.core)
    check_undelivered(h.core)
    assert h.count(deliveries, kind="page") == 2
    h.forget_seen()
