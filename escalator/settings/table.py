"""Every setting: its variable, how it is read and checked, and its default."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from escalator.settings import connections, parsers, urls
from escalator.settings.values import Secret

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One variable. `read` raises InvalidValue; `example` is a valid value; no part of a secret is ever repeated."""

    name: str
    read: Callable[[str], T]
    example: str
    default: str = ""
    is_secret: bool = False


def _secret(name: str, example: str) -> Setting[Secret]:
    return Setting(name, parsers.parse_token, example, is_secret=True)


def _secrets(name: str, example: str) -> Setting[tuple[Secret, ...]]:
    return Setting(name, parsers.parse_tokens, example, is_secret=True)


MODE = Setting("ESCALATOR_MODE", parsers.parse_mode, "production", default="sandbox")
POLICY = Setting("ESCALATOR_POLICY", parsers.parse_path, "escalation.yml", default="escalation.yml")
VAR = Setting("ESCALATOR_VAR", parsers.parse_path, "var", default="var")
BASE_URL = Setting("ESCALATOR_BASE_URL", urls.parse_origin, "https://escalator.example.com")
RUN = Setting("ESCALATOR_RUN", parsers.parse_switch, "1", default="0")
HOST = Setting("HOST", parsers.parse_host, "0.0.0.0")  # noqa: S104  # an example
PORT = Setting("PORT", parsers.parse_port, "8000", default="8000")
WEB_CONCURRENCY = Setting("WEB_CONCURRENCY", parsers.parse_process_count, "1", default="1")
DYNO = Setting("DYNO", parsers.parse_path, "web.1")
DATABASE_URL = Setting("DATABASE_URL", connections.parse_database_url, "postgresql://me:secret@host/db", is_secret=True)
REDIS_URL = Setting("REDIS_URL", connections.parse_broker_url, "redis://:secret@host:6379/0", is_secret=True)
REDIS_TLS_VERIFY = Setting("REDIS_TLS_VERIFY", parsers.parse_switch, "0", default="1")
SECRET_KEY = Setting("SECRET_KEY", parsers.parse_key, "a long random text", is_secret=True)
CONTENT_KEY = Setting("CONTENT_KEY", parsers.parse_keys, "newer,older", is_secret=True)
STREAM_API_KEY = _secret("STREAM_API_KEY", "abcdefgh")
STREAM_API_SECRET = _secret("STREAM_API_SECRET", "abcdefghijkl")
STREAM_API_URL = Setting(
    "STREAM_API_URL",
    urls.parse_web_url,
    "https://chat.stream-io-api.com",
    default="https://chat.stream-io-api.com",
)
SLACK_BOT_TOKEN = _secret("SLACK_BOT_TOKEN", "xoxb-1-2-abc")
SLACK_SIGNING_SECRET = _secret("SLACK_SIGNING_SECRET", "0123456789abcdef")
SLACK_CLIENT_ID = Setting("SLACK_CLIENT_ID", parsers.parse_word, "123.456")
SLACK_CLIENT_SECRET = _secret("SLACK_CLIENT_SECRET", "0123456789abcdef")
SLACK_API_URL = Setting("SLACK_API_URL", urls.parse_web_url, "https://slack.com/api/", default="https://slack.com/api/")
SLACK_PACE = Setting("SLACK_PACE", parsers.parse_rate, "1", default="1")
PAGERDUTY_EVENTS_URL = Setting(
    "PAGERDUTY_EVENTS_URL",
    urls.parse_web_url,
    "https://events.eu.pagerduty.com",
    default="https://events.pagerduty.com",
)
PAGERDUTY_API_URL = Setting(
    "PAGERDUTY_API_URL", urls.parse_web_url, "https://api.eu.pagerduty.com", default="https://api.pagerduty.com"
)
PAGERDUTY_API_TOKEN = _secret("PAGERDUTY_API_TOKEN", "u+abcdefghij")
PAGERDUTY_WEBHOOK_SECRET = _secrets("PAGERDUTY_WEBHOOK_SECRET", "newer,older")
SMTP_URL = Setting("SMTP_URL", connections.parse_mail_server, "smtp://me:secret@mx.example.com:587", is_secret=True)
MAIL_FROM = Setting("MAIL_FROM", parsers.parse_mail_sender, "Escalator <alerts@example.com>")
JIRA_URL = Setting("JIRA_URL", urls.parse_web_url, "https://yours.atlassian.net")
JIRA_EMAIL = Setting("JIRA_EMAIL", parsers.parse_mail_address, "alerts@example.com")
JIRA_TOKEN = _secret("JIRA_TOKEN", "ATATT3xFf")
JIRA_WEBHOOK_SECRET = _secrets("JIRA_WEBHOOK_SECRET", "newer,older")
WEBHOOK_ALLOW_PRIVATE = Setting("WEBHOOK_ALLOW_PRIVATE", parsers.parse_hosts, "bi.internal,10.0.0.0/8")

SETTINGS: tuple[Setting[Any], ...] = tuple(value for value in globals().values() if isinstance(value, Setting))
"""All settings, in the order above, in which problems are reported."""

NAMES = frozenset(setting.name for setting in SETTINGS)
