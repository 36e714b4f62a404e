"""Every setting: its variable, how it is read and checked, and what it is when it is not set."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from escalator.settings import connections, kinds, urls
from escalator.settings.values import Secret

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One variable. `read` raises Unfit; `example` is one that it takes; of a secret nothing is ever repeated."""

    name: str
    read: Callable[[str], T]
    example: str
    default: str = ""
    is_secret: bool = False


def _secret(name: str, example: str) -> Setting[Secret]:
    return Setting(name, kinds.token, example, is_secret=True)


def _secrets(name: str, example: str) -> Setting[tuple[Secret, ...]]:
    return Setting(name, kinds.tokens, example, is_secret=True)


MODE = Setting("ESCALATOR_MODE", kinds.mode, "production", default="sandbox")
POLICY = Setting("ESCALATOR_POLICY", kinds.path, "escalation.yml", default="escalation.yml")
VAR = Setting("ESCALATOR_VAR", kinds.path, "var", default="var")
BASE_URL = Setting("ESCALATOR_BASE_URL", urls.origin, "https://escalator.example.com")
RUN = Setting("ESCALATOR_RUN", kinds.switch, "1", default="0")
HOST = Setting("HOST", kinds.host, "0.0.0.0")  # noqa: S104  # an example
PORT = Setting("PORT", kinds.port, "8000", default="8000")
WEB_CONCURRENCY = Setting("WEB_CONCURRENCY", kinds.workers, "1", default="1")
DYNO = Setting("DYNO", kinds.path, "web.1")
DATABASE_URL = Setting("DATABASE_URL", connections.database, "postgresql://me:secret@host/db", is_secret=True)
REDIS_URL = Setting("REDIS_URL", connections.broker, "redis://:secret@host:6379/0", is_secret=True)
REDIS_TLS_VERIFY = Setting("REDIS_TLS_VERIFY", kinds.switch, "0", default="1")
SECRET_KEY = Setting("SECRET_KEY", kinds.key, "a long random text", is_secret=True)
CONTENT_KEY = Setting("CONTENT_KEY", kinds.keys, "newer,older", is_secret=True)
STREAM_API_KEY = _secret("STREAM_API_KEY", "abcdefgh")
STREAM_API_SECRET = _secret("STREAM_API_SECRET", "abcdefghijkl")
SLACK_BOT_TOKEN = _secret("SLACK_BOT_TOKEN", "xoxb-1-2-abc")
SLACK_SIGNING_SECRET = _secret("SLACK_SIGNING_SECRET", "0123456789abcdef")
SLACK_CLIENT_ID = Setting("SLACK_CLIENT_ID", kinds.word, "123.456")
SLACK_CLIENT_SECRET = _secret("SLACK_CLIENT_SECRET", "0123456789abcdef")
SLACK_API_URL = Setting("SLACK_API_URL", urls.web_url, "https://slack.com/api/", default="https://slack.com/api/")
SLACK_PACE = Setting("SLACK_PACE", kinds.pace, "1", default="1")
PAGERDUTY_EVENTS_URL = Setting(
    "PAGERDUTY_EVENTS_URL",
    urls.web_url,
    "https://events.eu.pagerduty.com",
    default="https://events.pagerduty.com",
)
PAGERDUTY_API_URL = Setting(
    "PAGERDUTY_API_URL", urls.web_url, "https://api.eu.pagerduty.com", default="https://api.pagerduty.com"
)
PAGERDUTY_API_TOKEN = _secret("PAGERDUTY_API_TOKEN", "u+abcdefghij")
PAGERDUTY_WEBHOOK_SECRET = _secrets("PAGERDUTY_WEBHOOK_SECRET", "newer,older")
SMTP_URL = Setting("SMTP_URL", connections.mail_server, "smtp://me:secret@mx.example.com:587", is_secret=True)
MAIL_FROM = Setting("MAIL_FROM", kinds.mail_sender, "Escalator <alerts@example.com>")
JIRA_URL = Setting("JIRA_URL", urls.web_url, "https://yours.atlassian.net")
JIRA_EMAIL = Setting("JIRA_EMAIL", kinds.mail_address, "alerts@example.com")
JIRA_TOKEN = _secret("JIRA_TOKEN", "ATATT3xFf")
JIRA_WEBHOOK_SECRET = _secrets("JIRA_WEBHOOK_SECRET", "newer,older")
WEBHOOK_ALLOW_PRIVATE = Setting("WEBHOOK_ALLOW_PRIVATE", kinds.hosts, "bi.internal,10.0.0.0/8")

SETTINGS: tuple[Setting[Any], ...] = tuple(found for found in globals().values() if isinstance(found, Setting))
"""All of them, in the order above, in which problems are told."""

NAMES = frozenset(setting.name for setting in SETTINGS)
