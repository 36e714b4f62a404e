"""The settings, typed, and the secrets derived from them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from escalator.encryption import derive_key
from escalator.model.levels import Mode


class Secret(str):
    """A text that is never shown by accident: its repr hides it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('…')" if self else "Secret('')"


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """The address on which web listens, and its number of processes."""

    host: str
    port: int
    workers: int

    @property
    def bind(self) -> str:
        """Return the address in gunicorn's form: IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Empty texts mean: not configured."""

    environment: Mapping[str, str] = field(repr=False)
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    policy_file: Path
    mode: Mode
    var: Path
    base_url: str
    host: str
    port: int
    secret_key: Secret
    content_keys: tuple[Secret, ...]
    stream_api_url: str
    slack_bot_token: Secret
    slack_signing_secret: Secret
    slack_client_id: str
    slack_client_secret: Secret
    slack_api_url: str
    slack_pace: float
    pagerduty_events_url: str
    pagerduty_api_url: str
    pagerduty_api_token: Secret
    pagerduty_webhook_secrets: tuple[Secret, ...]
    smtp_url: Secret
    mail_from: str
    jira_url: str
    jira_email: str
    jira_token: Secret
    jira_webhook_secrets: tuple[Secret, ...]
    webhook_allowed: tuple[str, ...]
    is_on_dyno: bool
    can_kill_worker: bool

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.database_url.startswith("sqlite")

    @property
    def redis_client_url(self) -> str:
        """The broker's address as Redis' own client reads it; `redis_url` is as Celery does."""
        plain = self.redis_url.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
        for theirs, ours in (("REQUIRED", "required"), ("OPTIONAL", "optional"), ("NONE", "none")):
            plain = plain.replace(f"=CERT_{theirs}", f"={ours}")
        return plain

    @property
    def sandbox_signing_secret(self) -> Secret:
        """The secret for requests that the sandbox signs like a vendor, accepted only for sandbox incidents."""
        return Secret(derive_key(self.secret_key, "sandbox clicks"))

    @property
    def has_slack_sign_in(self) -> bool:
        """Whether people can sign in with Slack."""
        return bool(self.slack_client_id and self.slack_client_secret)

    @property
    def csrf_secret(self) -> Secret:
        """The secret that binds a form to the session it was created for."""
        return Secret(derive_key(self.secret_key, "forms"))

    @property
    def cookie_secret(self) -> Secret:
        """The secret that signs cookies during a sign-in."""
        return Secret(derive_key(self.secret_key, "cookies"))

    @property
    def cookie_suffix(self) -> str:
        """The suffix of our cookies' names: browsers keep cookies by host, and several installations may share one."""
        return hashlib.sha256(derive_key(self.secret_key, f"cookie names of {self.base_url}").encode()).hexdigest()[:8]

    @property
    def answer_link_secret(self) -> Secret:
        """The secret that signs the answer links in emails."""
        return Secret(derive_key(self.secret_key, "answer links"))
