"""What the words of the language mean, one small policy at a time."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from escalator.model.levels import Role, Severity
from escalator.model.policy import Policy, SeverityScale, UnansweredRule
from escalator.policy.parse import load, load_accepted, parse
from escalator.stream.events import NAMED
from tests.policy.files import minimal


def with_(*changes: tuple[str, str], more: str = "") -> Policy:
    return load(minimal(*changes, more=more), {})


def test_absent_sections_mean_what_the_rules_say() -> None:
    policy = with_()
    assert policy.timezone == ZoneInfo("UTC")
    assert policy.severity == SeverityScale()
    assert policy.unanswered == UnansweredRule(timedelta(minutes=30), ())
    assert policy.acknowledged is None
    assert policy.alarms == ()
    assert policy.reopen_after_reports == 5
    assert policy.retain_content == timedelta(days=30)


@pytest.mark.parametrize("key", ["NO", "18:00", "2026-01-05", "0x10", "1_000", "null", "~", "1e3"])
def test_every_scalar_is_the_text_it_looks_like(key: str) -> None:
    assert with_(("ana: {name: Ana,", f"ana: {{name: {key},")).people["ana"].name == key


@pytest.mark.parametrize("spelling", ['"team:mods"', "team:mods", "team: mods", "{team: mods}"])
def test_a_team_in_a_list_may_have_a_space_after_its_colon(spelling: str) -> None:
    assert with_(('"team:mods"', spelling)).paths["urgent"][1].notify == ("team:mods",)


@pytest.mark.parametrize("spelling", ["mods", '"team:mods"', "{team: mods}"])
def test_a_team_is_assigned_by_its_name(spelling: str) -> None:
    assert with_(("assign: mods", f"assign: {spelling}")).routes[0].assign == "mods"


def test_people_at_the_end_of_a_path_may_be_named_without_prefix() -> None:
    policy = with_(more="unanswered: {tell: [eli, alerts, team: mods]}\n")
    assert policy.unanswered.tell == ("person:eli", "alerts", "team:mods")


def test_hours_and_schedules_are_in_the_zone_of_the_policy_unless_they_name_their_own() -> None:
    more = """\
timezone: Europe/Madrid
hours:
  office: {from: 09:00, to: 18:00}
  abroad: {from: 09:00, to: 18:00, timezone: America/Chicago}
schedules:
  rota: {people: [ana]}
  away: {people: [ana], timezone: America/Chicago}
"""
    policy = with_(more=more)
    madrid, chicago = ZoneInfo("Europe/Madrid"), ZoneInfo("America/Chicago")
    assert [hours.timezone for hours in policy.hours.values()] == [madrid, chicago]
    assert [schedule.timezone for schedule in policy.schedules.values()] == [madrid, chicago]


@pytest.mark.parametrize("spelling", ["mods", "team:mods"])
def test_a_category_is_restricted_to_a_team_by_its_name(spelling: str) -> None:
    policy = with_(("at_least: critical}", f'at_least: critical, restricted_to: ["{spelling}"]}}'))
    assert policy.categories["csam"].restricted_to == ("mods",)


def test_a_contact_that_is_not_supported_yet_keeps_a_policy_from_production() -> None:
    text = minimal(("ana: {name: Ana,", "ana: {name: Ana, contact: [slack, pagerduty], pagerduty: P1,"))
    found = [one for one in parse(text, {}).problems if "not supported yet" in one.what]
    assert [(one.is_warning, one.blocks_production) for one in found] == [(True, True)]


def test_a_list_in_place_of_one_value_is_called_a_list() -> None:
    (problem,) = parse(minimal(("default: urgent", "default: [urgent]")), {}).errors
    assert problem.what == "is a list, not one value"


def test_keys_that_begin_with_x_are_nobodys_business() -> None:
    text = minimal(("{notify: [alerts]}", "*first"), ("version: 1", "x-steps: [&first {notify: [alerts]}]\nversion: 1"))
    assert load(text, {}) == with_()


def test_merge_keys_fill_in_what_is_not_written() -> None:
    more = "x-person: &moderator {role: senior, timezone: Europe/Madrid}\n"
    people = with_(
        ("version: 1\n", f"version: 1\n{more}"), ("ana: {name: Ana,", "ana: {<<: *moderator, role: viewer, name: Ana,")
    ).people
    assert people["ana"].timezone == ZoneInfo("Europe/Madrid")
    assert people["ana"].role is Role.VIEWER


def test_of_several_merged_mappings_the_first_wins() -> None:
    anchors = "x-all: [&one {role: senior}, &two {role: admin, stream: two}]\n"
    ana = with_(
        ("version: 1\n", f"version: 1\n{anchors}"),
        ("{name: Ana, slack: U0ANA, stream: ana}", "{<<: [*one, *two], name: A}"),
    ).people["ana"]
    assert (ana.role, ana.stream) == (Role.SENIOR, "two")


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("4h", timedelta(hours=4)),
        ("30d", timedelta(days=30)),
    ],
)
def test_durations(text: str, means: timedelta) -> None:
    assert with_(("after: 5m", f"after: {text}")).paths["urgent"][1].after == means


@pytest.mark.parametrize("text", ["5", "5 m", "5M", "m", "-5m", "1h30m", "1.5h", "9999999d", "5m ago", "٥m"])
def test_what_is_no_duration(text: str) -> None:
    (problem,) = parse(minimal(("after: 5m", f"after: {text}")), {}).errors
    assert (problem.path, problem.line) == ("paths.urgent[1].after", 19)


def test_confidence_may_be_a_percentage() -> None:
    policy = with_(more="severity: {confidence: {high: 80%, critical: 0.95}}\n")
    assert policy.severity.confidence == {Severity.HIGH: 0.8, Severity.CRITICAL: 0.95}


@pytest.mark.parametrize(
    ("team_role", "own_role", "means"),
    [
        pytest.param("", "", Role.MODERATOR, id="a team that states none leaves a moderator a moderator"),
        pytest.param("", ", role: auditor", Role.AUDITOR, id="a team that states none does not raise an auditor"),
        pytest.param(", role: senior", "", Role.SENIOR, id="a team raises its members"),
        pytest.param(", role: senior", ", role: admin", Role.ADMIN, id="a team lowers nobody"),
    ],
)
def test_the_role_of_a_team_is_the_least_its_members_have(team_role: str, own_role: str, means: Role) -> None:
    policy = with_(("[ana]}", f"[ana]{team_role}}}"), ("stream: ana}", f"stream: ana{own_role}}}"))
    assert policy.people["ana"].role is means


def test_conditions_may_ask_for_one_or_several_or_anything() -> None:
    when = '{category: "*", severity: [high, unknown], custom.tier: gold, min_reports: 3}'
    assert with_(("{category: csam}", when)).routes[0].when.tests == {
        "category": ("*",),
        "severity": ("high", "unknown"),
        "custom.tier": ("gold",),
        "min_reports": ("3",),
    }


def test_empty_secrets_are_skipped() -> None:
    assert with_(("api_secret: secret", 'api_secret: [one, "", two]')).sources["app"].api_secrets == ("one", "two")


def test_a_source_without_a_key_is_off_and_nothing_is_said() -> None:
    text = minimal(("people:\n", '  off: {api_key: "${OFF:-}", api_secret: ""}\npeople:\n'))
    assert parse(text, {}).problems == ()
    assert load(text, {}).sources["off"].api_key == "${OFF:-}"


@pytest.mark.parametrize(
    "way",
    ["sqs: https://sqs.eu-west-1.amazonaws.com/1/a", 'sns_topic: "arn:aws:sns:eu-west-1:123456789012:a"'],
)
def test_a_source_whose_events_come_another_way_needs_no_secret(way: str) -> None:
    text = minimal(("api_secret: secret", f'api_secret: "", {way}'))
    assert parse(text, {}).problems == ()


def test_two_names_with_one_value_are_a_warning_of_this_environment_only() -> None:
    text = minimal(("U0ANA", '"${ANA}"'), ("U0ELI", '"${ELI}"'))
    (warning,) = parse(text, {"ANA": "U1", "ELI": "U1"}).problems
    assert warning.is_warning
    assert warning.what == 'is, in this environment, also the Slack user of "ana"'
    assert parse(text, {"ANA": "U1", "ELI": "U2"}).problems == ()


def test_a_mistake_in_an_address_does_not_repeat_it() -> None:
    addresses = ("hooks.example.com/secret-token", "ftp://hooks.example.com/secret-token")
    text = minimal(
        ("categories:", f"  a: {{webhook: {addresses[0]}}}\n  b: {{slack: {addresses[1]}}}\ncategories:"),
    )
    told = "".join(problem.as_line("f") for problem in parse(text, {}).problems)
    assert "destinations.a.webhook" in told
    assert "destinations.b.slack" in told
    assert "secret-token" not in told


def test_a_name_that_is_not_set_is_told_where_it_stands_first() -> None:
    text = minimal(("api_key: key", 'api_key: "${KEY}"'), ("api_secret: secret", 'api_secret: "${KEY}"'))
    assert [problem.path for problem in parse(text, {}).problems] == ["sources.app.api_key"]


@pytest.mark.parametrize("event", [*NAMED, "call.moderation_of_tomorrow", "appeal.of_tomorrow", "*"])
def test_every_event_that_is_acted_on_may_be_named_in_a_condition(event: str) -> None:
    assert parse(minimal(("{category: csam}", f'{{category: csam, event: "{event}"}}')), {}).problems == ()


@pytest.mark.parametrize("event", ["Message.Flagged", "MODERATION.CUSTOM_ACTION"])
def test_an_event_may_be_named_in_capitals_as_it_is_compared(event: str) -> None:
    assert parse(minimal(("{category: csam}", f"{{category: csam, event: {event}}}")), {}).problems == ()


@pytest.mark.parametrize("restricted_to", ["mods", "team:mods", "[readers, team:mods]"])
def test_a_silence_may_be_said_by_whoever_is_in_a_team_of_its_category(restricted_to: str) -> None:
    silence = "{category: csam, from: 2026-01-05T09:00, to: 2026-01-05T10:00, by: eli, reason: Test, critical: true}"
    text = minimal(
        ("members: [ana]}", "members: [ana, eli]}\n  readers: {members: [ana]}"),
        ("at_least: critical", f"at_least: critical, restricted_to: {restricted_to}"),
        more=f"silences:\n  - {silence}\n",
    )
    assert parse(text, {}).errors == ()


@pytest.mark.parametrize("event", ["message.new", "message.flaged", "call.ended", "appeals"])
def test_an_event_that_nobody_acts_on_is_a_warning_in_a_condition(event: str) -> None:
    (problem,) = parse(minimal(("{category: csam}", f"{{category: csam, event: {event}}}")), {}).problems
    assert problem.is_warning
    assert problem.what == f'"{event}" opens or changes no incident'


@pytest.mark.parametrize(
    "reached",
    [
        pytest.param("email: ana@example.com, contact: [email]", id="by e-mail only"),
        pytest.param("email: ana@example.com", id="by e-mail, for want of Slack"),
        pytest.param("slack: U0ANA, contact: [slack]", id="in Slack only"),
        pytest.param('email: "${ANA_MAIL}", contact: [email]', id="at an address of the environment"),
    ],
)
def test_whoever_has_one_contact_that_works_can_be_told(reached: str) -> None:
    parsed = parse(minimal(("slack: U0ANA", reached)), {"ANA_MAIL": "ana@example.com"})
    assert not [one.as_line("") for one in parsed.problems if "no contact" in one.as_line("")]


@pytest.mark.parametrize(
    ("condition", "right"),
    [
        pytest.param("reporter: Moderator", "write moderator", id="case"),
        pytest.param("reporter: velocity-filter", "write velocity_filter", id="a hyphen"),
        pytest.param("action: Bounce-Remove", "write bounce_remove", id="an action"),
        pytest.param("entity_type: Message", "write message", id="an entity type"),
        pytest.param("reporter: robot", "known: automod", id="a reporter that there is not"),
        pytest.param("kind: pictures", "known: text", id="a kind that there is not"),
    ],
)
def test_a_word_that_stream_never_says_is_a_warning_in_a_condition(condition: str, right: str) -> None:
    (problem,) = parse(minimal(("{category: csam}", f"{{category: csam, {condition}}}")), {}).problems
    assert problem.is_warning
    assert problem.path.startswith(f"routes[0].when.{condition.partition(':')[0]}")
    assert right in problem.right


@pytest.mark.parametrize(
    "condition",
    ["reporter: velocity_filter", "kind: Image", "action: page_on-call", "entity_type: acme:post", 'reporter: "*"',
     "escalation_priority: [high, medium]", 'escalation_priority: "*"', "custom.Tier-1: Gold"],
)  # fmt: skip
def test_what_stream_or_a_customer_says_is_none(condition: str) -> None:
    assert parse(minimal(("{category: csam}", f"{{category: csam, {condition}}}")), {}).problems == ()


def test_a_priority_that_stream_does_not_have_is_refused() -> None:
    problems = parse(minimal(("{category: csam}", "{category: csam, escalation_priority: urgent}")), {}).problems
    assert [(one.path, one.is_warning) for one in problems] == [("routes[0].when.escalation_priority", False)]
    assert "known: low, medium, high" in problems[0].right


@pytest.mark.parametrize(
    ("written", "expected"),
    [("", timedelta(minutes=1)), (", reconcile: 30s", timedelta(seconds=30)), (", reconcile: off", None)],
)
def test_how_often_streams_queue_is_compared(written: str, expected: timedelta | None) -> None:
    assert with_(("api_secret: secret", f"api_secret: secret{written}")).sources["app"].reconcile == expected


def test_two_sources_may_differ_in_a_hyphen() -> None:
    one = "  app: {api_key: key, api_secret: secret}\n"
    two = "  a-pp: {api_key: key-2, api_secret: secret}\n"
    assert parse(minimal((one, one + two)), {}).problems == ()


def test_a_version_that_was_accepted_with_a_duration_for_records_is_still_read() -> None:
    text = minimal(more="retention: {content: 7d, records: 730d}\n")
    assert parse(text, {}).policy is None
    assert load_accepted(text).retain_content == timedelta(days=7)


CATEGORY_POLICY = """
version: 1
sources:
  app: {api_key: key, api_secret: secret}
people:
  ana: {name: Ana, slack: U0ANA}
  eli: {name: Eli, slack: U0ELI, role: admin}
teams:
  mods: {members: [ana]}
destinations:
  alerts: {slack: "#alerts", urgent: true}
  machine: {webhook: "${HOOK}", secret: hidden}
categories:
  self_harm: {title: Self-harm, labels: [SELF_HARM]}
routes:
  - {name: Self-harm, when: {category: self_harm}, assign: mods, path: urgent}
feeds:
  - {to: machine, when: {category: self_harm}}
default: urgent
paths:
  urgent:
    - {notify: [alerts]}
"""


@pytest.mark.parametrize("spelling", ["Self-Harm", "SELF HARM", "selfharm", "self_harm"])
@pytest.mark.parametrize("listed", [False, True], ids=["alone", "in a list"])
def test_a_category_may_be_spelled_loosely_in_a_condition(spelling: str, listed: bool) -> None:
    text = CATEGORY_POLICY.replace(
        "category: self_harm", f"category: [{spelling}]" if listed else f"category: {spelling}"
    )
    parsed = parse(text, {})
    assert parsed.errors == ()
    assert parsed.policy is not None
    assert parsed.policy == load(CATEGORY_POLICY, {}) == load_accepted(text)
    assert parsed.policy.routes[0].when.tests["category"] == ("self_harm",)


def test_a_category_that_no_spelling_makes_one_is_still_unknown() -> None:
    (error, *_) = parse(CATEGORY_POLICY.replace("category: self_harm", "category: Self-Harmed"), {}).errors
    assert 'unknown category "Self-Harmed"' in error.what


@pytest.mark.parametrize(
    ("value", "is_fit"),
    [
        ("https://hooks.example.com/a", True),
        ("http://10.0.0.7:8080", True),
        ("https://", False),
        ("https://[10.0.0.7", False),
        ("https://hooks.example.com:99999/a", False),
        ("https://:443/a", False),
        ("webcal://hooks.example.com", False),
        ("hooks.example.com", False),
    ],
)
def test_an_address_is_judged_alike_where_it_is_written_and_where_the_environment_gives_it(
    value: str, is_fit: bool
) -> None:
    written = parse(CATEGORY_POLICY.replace("${HOOK}", value), {})
    given = parse(CATEGORY_POLICY, {"HOOK": value})
    assert (written.errors == ()) is is_fit
    assert any("whose value is not valid" in one.what for one in given.warnings) is not is_fit
    assert all(value not in one.what for one in (*written.errors, *given.warnings))
