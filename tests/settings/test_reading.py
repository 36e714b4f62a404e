"""The environment: every setting is checked, everything wrong is told at once, and no secret is ever repeated."""

from urllib.parse import quote

import psycopg
import pytest
import redis
from kombu import Connection
from redis.connection import parse_url
from sqlalchemy import make_url

from escalator.channels.email.server import server
from escalator.errors import ConfigurationError
from escalator.model.levels import Mode
from escalator.settings import read_settings
from escalator.settings.connections import LIBPQ_CHOICES
from escalator.settings.table import SETTINGS

GOOD = {"SECRET_KEY": "a-secret-key"}


def problems_of(**env: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as raised:
        read_settings(GOOD | env)
    return raised.value.problems


def test_what_is_not_set_has_its_default():
    settings = read_settings(GOOD)
    assert (settings.mode, settings.port, settings.host, settings.slack_pace) == (Mode.SANDBOX, 8000, "127.0.0.1", 1)
    assert (settings.base_url, settings.slack_api_url) == ("http://127.0.0.1:8000", "https://slack.com/api/")
    assert settings.pagerduty_events_url == "https://events.pagerduty.com"
    assert (settings.smtp_url, settings.jira_url, settings.slack_bot_token) == ("", "", "")


def test_everything_that_is_wrong_is_told_at_once_each_on_its_line():
    told = problems_of(PORT="web", ESCALATOR_MODE="live", SMTP_URL="mx", ESCALATOR_BASE_URL="host", MAIL_FROM="me")
    assert [line.partition(":")[0] for line in told] == [
        "ESCALATOR_MODE",
        "ESCALATOR_BASE_URL",
        "PORT",
        "SMTP_URL",
        "MAIL_FROM",
    ]
    assert all("\n" not in line and "; " in line for line in told)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_what_surrounds_a_value_by_accident_is_left_out(setting, tmp_path):
    example = {"ESCALATOR_MODE": "divert", "DYNO": "web.1"}.get(setting.name, setting.example)
    base = GOOD | {"DATABASE_URL": "postgresql://host/db", "REDIS_URL": "redis://host"}
    plain = read_settings(base | {setting.name: example})
    for written in (f" {example}", f"{example}\r", f"\t{example} \r\n", f"\ufeff{example}"):
        accepted = read_settings(base | {setting.name: written})
        assert {**accepted.environment, setting.name: ""} == {**plain.environment, setting.name: ""}
        assert accepted.environment[setting.name] == example


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
@pytest.mark.parametrize("quote", "\"'")
def test_quotes_that_are_part_of_the_value_are_refused(setting, quote):
    (told,) = problems_of(**{setting.name: f"{quote}{setting.example}{quote}"})
    assert told.startswith(f"{setting.name}: ")
    assert "quotes" in told
    assert setting.example not in told or not setting.is_secret


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_line_break_within_a_value_is_refused(setting):
    (told,) = problems_of(**{setting.name: f"{setting.example}\n{setting.example}"})
    assert told.startswith(f"{setting.name}: ")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("escalator.example.com", "has no scheme"),
        ("ftp://escalator.example.com", "begins with"),
        (
            "https://host/app",
            "'https://host/app' has a path; escalator must be served at the root of a host: write https://host",
        ),
        ("https://user:hunter2@host", "a user or a password"),
        ("https://host?a=hunter2", "a query"),
        ("https://host#hunter2", "a fragment"),
        ("https://ho st", "space"),
        ("https://", "names no host"),
        ("https://-host", "invalid host name"),
        ("https://host:99999", "port"),
        ("https://host:hunter2", "port"),
        ("https://[::1", "not a valid URL"),
    ],
)
def test_an_address_at_which_nobody_reaches_us_is_refused(written, told):
    (line,) = problems_of(ESCALATOR_BASE_URL=written)
    assert line.startswith("ESCALATOR_BASE_URL: ")
    assert told in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("https://Host.example.com/", "https://host.example.com"),
        ("HTTPS://host:8443", "https://host:8443"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://10.0.0.1", "http://10.0.0.1"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://web_1:8000", "http://web_1:8000"),
    ],
)
def test_the_address_is_kept_as_a_browser_writes_it(written, understood):
    assert read_settings(GOOD | {"ESCALATOR_BASE_URL": written}).base_url == understood


def test_an_ipv6_host_is_written_as_in_a_url():
    assert read_settings(GOOD | {"HOST": "::1", "PORT": "9000"}).base_url == "http://[::1]:9000"
    assert read_settings(GOOD | {"HOST": "::"}).base_url == "http://127.0.0.1:8000"


PASSWORD = "hunter2"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("DATABASE_URL", "postgresql://me:p@hunter2@host/db"),
        ("DATABASE_URL", "postgresql://me:p:hunter2@host:hunter2/db"),
        ("DATABASE_URL", "postgresql://host:99999/db"),
        ("DATABASE_URL", "postgresql://me:p@ss/hunter2@host/db"),
        ("DATABASE_URL", "postgresql://me:hunter2@h1,h2/db"),
        ("DATABASE_URL", "postgresql://me:hunter2@h1:5432,h2:5433/db"),
        ("DATABASE_URL", "postgresql://me:hunter2@[host/db"),
        ("DATABASE_URL", "postgresql://me:hunter2@host/db?sslmodus=require"),
        ("DATABASE_URL", "postgresql://me@host/db?sslmode=hunter2"),
        ("DATABASE_URL", "postgresql://host/db?target_session_attrs=standby"),
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_URL", "mysql://me:hunter2@host/db"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite://hunter2/db"),
        ("REDIS_URL", "redis://:p/hunter2@host"),
        ("REDIS_URL", "redis://:p#hunter2@host"),
        ("REDIS_URL", "redis://:hunter2@host:port/0"),
        ("REDIS_URL", "redis://:hunter2@host/first"),
        ("REDIS_URL", "hunter2"),
        ("REDIS_URL", "http://:hunter2@host"),
        ("REDIS_URL", "rediss://:hunter2@host?ssl_cert_reqs=never"),
        ("REDIS_URL", "redis://:hunter2@"),
        ("SMTP_URL", "smtp://me:p/hunter2@mx"),
        ("SMTP_URL", "smtp://me:p#hunter2@mx"),
        ("SMTP_URL", "smtp://hunter2@mx"),
        ("SMTP_URL", "hunter2"),
        ("JIRA_URL", "https://me:hunter2@jira.example.com"),
        ("JIRA_URL", "jira.example.com"),
        ("SLACK_API_URL", "https://slack.com/api/?token=hunter2"),
        ("PAGERDUTY_API_URL", "https://me:hunter2@api.pagerduty.com"),
        ("PAGERDUTY_EVENTS_URL", "events.pagerduty.com"),
    ],
)
def test_a_connection_that_cannot_be_made_is_refused_without_a_piece_of_its_secret(name, written):
    (told,) = problems_of(**{name: written})
    assert told.startswith(f"{name}: ")
    assert PASSWORD not in told


PASSWORD_OF = {
    "DATABASE_URL": ("postgresql", lambda settings: make_url(settings.database_url).password),
    "REDIS_URL": ("redis", lambda settings: parse_url(settings.redis_client_url)["password"]),
    "SMTP_URL": ("smtp", lambda settings: server(settings.smtp_url).password),
}


@pytest.mark.parametrize("name", PASSWORD_OF)
@pytest.mark.parametrize("character", "@:/#?[]%& ")
def test_a_special_character_in_a_password_is_understood_or_told_how_to_be_written(name, character):
    scheme, password_of = PASSWORD_OF[name]
    try:
        settings = read_settings(GOOD | {name: f"{scheme}://me:hun{character}ter2@host:1234"})
    except ConfigurationError as error:
        told = error.problems
    else:
        assert password_of(settings) == f"hun{character}ter2"
        return
    assert len(told) == 1
    assert "percent-encoded" in told[0]
    assert "hun" not in told[0]
    assert "ter2" not in told[0]


@pytest.mark.parametrize("name", PASSWORD_OF)
def test_a_password_that_is_percent_encoded_is_understood(name):
    scheme, password_of = PASSWORD_OF[name]
    secret = "h@u:n/t#e?r[2]% &"
    settings = read_settings(GOOD | {name: f"{scheme}://me:{quote(secret, safe='')}@host:1234"})
    assert password_of(settings) == secret


def test_what_the_broker_is_given_both_of_its_clients_understand():
    for url in (
        "redis://host",
        "redis://:p%40ss@host:6380/3",
        "rediss://me:secret@host/1",
        "rediss://host?ssl_cert_reqs=CERT_OPTIONAL",
        "rediss://host?ssl_cert_reqs=none",
        "unix:///run/redis.sock",
        "redis+socket:///run/redis.sock?virtual_host=2",
        "REDIS://host",
        "Rediss://host",
        "UNIX:///run/Redis.sock?db=2",
        "Redis+Socket:///run/redis.sock",
    ):
        settings = read_settings(GOOD | {"REDIS_URL": url})
        Connection(settings.redis_url).as_uri()
        redis.ConnectionPool.from_url(settings.redis_client_url)


@pytest.mark.parametrize("scheme", ["postgres", "POSTGRESQL", "Postgres", "SQLITE"])
def test_a_database_is_found_however_its_scheme_is_written(scheme):
    url = read_settings(GOOD | {"DATABASE_URL": f"{scheme}:///Name"}).database_url
    assert url == ("sqlite:///Name" if scheme == "SQLITE" else "postgresql+psycopg:///Name")


@pytest.mark.parametrize(
    ("name", "value"), [(name, one) for name, values in LIBPQ_CHOICES.items() for one in sorted(values)]
)
def test_what_postgresql_lets_choose_among_is_known_as_its_library_knows_it(name, value):
    url = make_url(read_settings(GOOD | {"DATABASE_URL": f"postgresql://host/db?{name}={value}"}).database_url)
    assert url.query == {name: value}
    for written, is_known in ((value, True), ("nonsense", False)):
        with pytest.raises(psycopg.OperationalError) as raised:
            psycopg.connect(host="/nowhere", **{name: written})
        assert (f"invalid {name} value" in str(raised.value)) is not is_known


@pytest.mark.parametrize("scheme", ["rediss", "REDISS"])
def test_whether_the_brokers_certificate_is_verified_is_said_by_0_or_1_alone(scheme):
    url = {"REDIS_URL": f"{scheme}://host"}
    assert "CERT_NONE" in read_settings(GOOD | url | {"REDIS_TLS_VERIFY": "0"}).redis_url
    assert "CERT_REQUIRED" in read_settings(GOOD | url | {"REDIS_TLS_VERIFY": "1"}).redis_url
    (told,) = problems_of(**url, REDIS_TLS_VERIFY="false")
    assert told.startswith("REDIS_TLS_VERIFY: ")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("PORT", "²"),
        ("PORT", "8" * 5000),
        ("PORT", "-1"),
        ("WEB_CONCURRENCY", "two"),
        ("WEB_CONCURRENCY", "0"),
        ("SLACK_PACE", "nan"),
        ("SLACK_PACE", "inf"),
        ("SLACK_PACE", "1e400"),
        ("HOST", "0.0.0.0:8000"),
        ("HOST", "http://0.0.0.0"),
        ("WEBHOOK_ALLOW_PRIVATE", "10.0.0.0/33"),
        ("WEBHOOK_ALLOW_PRIVATE", "http://bi.internal"),
        ("SLACK_BOT_TOKEN", "xoxb 1"),
        ("SLACK_SIGNING_SECRET", "“abc”"),
        ("STREAM_API_SECRET", "a b"),
        ("MAIL_FROM", "Escalator alerts@example.com"),
        ("MAIL_FROM", "jörg@example.com"),
        ("JIRA_EMAIL", "nobody"),
        ("ESCALATOR_MODE", "Production!"),
    ],
)
def test_an_odd_value_is_refused_by_name(name, written):
    (told,) = problems_of(**{name: written})
    assert told.startswith(f"{name}: ")
    assert len(told) < 300


def test_the_embedded_parts_are_refused_on_a_dyno_all_at_once():
    told = problems_of(DYNO="web.1")
    assert [line.partition(":")[0] for line in told] == ["DATABASE_URL", "REDIS_URL"]


def test_production_without_its_key_is_refused_beside_whatever_else_is_wrong():
    with pytest.raises(ConfigurationError) as raised:
        read_settings({"ESCALATOR_MODE": "production", "PORT": "no"})
    assert [line.partition(":")[0] for line in raised.value.problems] == ["PORT", "SECRET_KEY"]


def test_nothing_is_made_for_what_is_refused(tmp_path):
    with pytest.raises(ConfigurationError):
        read_settings({"ESCALATOR_VAR": str(tmp_path / "var"), "PORT": "no"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("hosts", ["h1,h2", "h1:5432,h2:5433", "[::1],h2"])
def test_several_database_hosts_are_refused_with_the_way_that_works(hosts):
    (told,) = problems_of(DATABASE_URL=f"postgresql://me:a,secret@{hosts}/db")
    _, _, right = told.partition("; write ")
    assert told.startswith("DATABASE_URL: names several hosts")
    url = make_url(read_settings(GOOD | {"DATABASE_URL": right}).database_url)
    _, options = url.get_dialect()().create_connect_args(url)
    assert (options["host"], options["port"], options["dbname"]) == ("h1,h2", "5432,5432", "name")
    assert options["target_session_attrs"] == "read-write"


@pytest.mark.parametrize("name", ["CONTENT_KEY", "PAGERDUTY_WEBHOOK_SECRET", "WEBHOOK_ALLOW_PRIVATE"])
@pytest.mark.parametrize("written", [",", ",,", " , ,"])
def test_a_list_of_nothing_but_commas_is_refused(name, written):
    assert problems_of(**{name: written}) == (f"{name}: holds nothing but commas; write a value, or leave it unset",)
