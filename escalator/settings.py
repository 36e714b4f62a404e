"""The environment, typed. Nothing else of the product reads environment variables."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from escalator.errors import ConfigurationError
from escalator.model.ranks import Mode
from escalator.sealing import derived

DEFAULT_SLACK_API_URL = "https://slack.com/api/"
DEFAULT_PAGERDUTY_EVENTS_URL = "https://events.pagerduty.com"
DEFAULT_PAGERDUTY_API_URL = "https://api.pagerduty.com"


_FASTEST_PACE = 100


class Secret(str):
    """A text that shows itself to nobody by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('…')" if self else "Secret('')"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment says. Empty texts mean: not configured."""

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
        return plain.replace("=CERT_REQUIRED", "=required").replace("=CERT_NONE", "=none")

    @property
    def sandbox_signing_secret(self) -> Secret:
        """The secret of what the sandbox itself says in a vendor's stead, accepted only for sandbox incidents."""
        return Secret(derived(self.secret_key, "sandbox clicks"))

    @property
    def has_slack_sign_in(self) -> bool:
        """Whether people can sign in with Slack."""
        return bool(self.slack_client_id and self.slack_client_secret)

    @property
    def csrf_secret(self) -> Secret:
        """The secret that proves of a form which session it was made for."""
        return Secret(derived(self.secret_key, "forms"))

    @property
    def cookie_secret(self) -> Secret:
        """The secret that signs what a browser keeps for us while somebody signs in."""
        return Secret(derived(self.secret_key, "cookies"))

    @property
    def answer_link_secret(self) -> Secret:
        """The secret that signs the links under which the readers of mails answer."""
        return Secret(derived(self.secret_key, "answer links"))


def environment() -> dict[str, str]:
    """Return the variables of this process, those of an `.env` file in its folder and of `NAME_FILE`s included."""
    written = {name: value for name, value in dotenv_values(Path(".env")).items() if value is not None}
    return _with_files({**written, **os.environ})


def from_environment() -> Settings:
    """Return the settings of this process."""
    return read_settings(environment())


def policy_file(values: Mapping[str, str]) -> Path:
    """Return where the policy is said to be."""
    return Path(values.get("ESCALATOR_POLICY") or "escalation.yml")


def database_url(values: Mapping[str, str]) -> str:
    """Return where the database is, for SQLAlchemy; raises ConfigurationError for one that is not supported."""
    embedded = f"sqlite:///{(_var(values) / 'escalator.db').absolute()}"
    return _database_url(values.get("DATABASE_URL") or embedded)


def _var(values: Mapping[str, str]) -> Path:
    return Path(values.get("ESCALATOR_VAR") or "var")


def base_url(values: Mapping[str, str]) -> str:
    """Return the address at which people reach this installation, without a slash at its end."""
    host = values.get("HOST") or _HOST
    here = _HOST if host in _EVERYWHERE else host
    return (values.get("ESCALATOR_BASE_URL") or f"http://{here}:{_port(values)}").rstrip("/")


_HOST = "127.0.0.1"
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # where it listens, not where it is reached


def read_settings(env: Mapping[str, str]) -> Settings:
    """Return the settings that these variables make; raises ConfigurationError naming variable and remedy."""
    values = _with_files(env)
    mode = chosen_mode(values)
    var = _var(values)
    is_on_dyno = bool(values.get("DYNO"))
    secret_key = _secret_key(values, var, mode, may_make=not is_on_dyno)
    settings = Settings(
        environment=values,
        database_url=database_url(values),
        redis_url=_redis_url(values, var),
        policy_file=policy_file(values),
        mode=mode,
        var=var,
        base_url=base_url(values),
        host=values.get("HOST") or _HOST,
        port=_port(values),
        secret_key=secret_key,
        # What was sealed before CONTENT_KEY was set is sealed with SECRET_KEY, which goes on opening it.
        content_keys=(*_secrets(values.get("CONTENT_KEY", "")), secret_key),
        slack_bot_token=Secret(values.get("SLACK_BOT_TOKEN", "")),
        slack_signing_secret=Secret(values.get("SLACK_SIGNING_SECRET", "")),
        slack_client_id=values.get("SLACK_CLIENT_ID", ""),
        slack_client_secret=Secret(values.get("SLACK_CLIENT_SECRET", "")),
        slack_api_url=_slashed(values.get("SLACK_API_URL") or DEFAULT_SLACK_API_URL),
        slack_pace=_pace(values.get("SLACK_PACE") or "1"),
        pagerduty_events_url=(values.get("PAGERDUTY_EVENTS_URL") or DEFAULT_PAGERDUTY_EVENTS_URL).rstrip("/"),
        pagerduty_api_url=(values.get("PAGERDUTY_API_URL") or DEFAULT_PAGERDUTY_API_URL).rstrip("/"),
        pagerduty_api_token=Secret(values.get("PAGERDUTY_API_TOKEN", "")),
        pagerduty_webhook_secrets=_secrets(values.get("PAGERDUTY_WEBHOOK_SECRET", "")),
        smtp_url=Secret(values.get("SMTP_URL", "")),
        mail_from=values.get("MAIL_FROM", ""),
        jira_url=values.get("JIRA_URL", "").rstrip("/"),
        jira_email=values.get("JIRA_EMAIL", ""),
        jira_token=Secret(values.get("JIRA_TOKEN", "")),
        jira_webhook_secrets=_secrets(values.get("JIRA_WEBHOOK_SECRET", "")),
        webhook_allowed=_listed(values.get("WEBHOOK_ALLOW_PRIVATE", "")),
        is_on_dyno=is_on_dyno,
        can_kill_worker=values.get("ESCALATOR_RUN") == "1",
    )
    _refuse_embedded_on_dyno(settings)
    return settings


def _with_files(env: Mapping[str, str]) -> dict[str, str]:
    """Read `NAME_FILE` for every NAME that is not itself set."""
    values = dict(env)
    for name, path in env.items():
        plain_name = name.removesuffix("_FILE")
        if plain_name in {name, ""} or not path or plain_name in env:
            continue
        try:
            values[plain_name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            if plain_name not in _SECRETS:
                continue
            raise ConfigurationError(f"{name}: cannot read {path}; a file that holds only the secret") from error
    return values


_SECRETS = frozenset(
    {
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "CONTENT_KEY",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_CLIENT_SECRET",
        "STREAM_API_KEY",
        "STREAM_API_SECRET",
        "PAGERDUTY_WEBHOOK_SECRET",
        "PAGERDUTY_API_TOKEN",
        "SMTP_URL",
        "JIRA_TOKEN",
        "JIRA_WEBHOOK_SECRET",
    }
)


def chosen_mode(values: Mapping[str, str]) -> Mode:
    """Return what is sent to real people: sandbox unless something else is chosen; raises ConfigurationError."""
    said = values.get("ESCALATOR_MODE") or Mode.SANDBOX
    try:
        return Mode(said)
    except ValueError:
        raise ConfigurationError(f"ESCALATOR_MODE: {said!r} is no mode; sandbox, divert or production") from None


def _port(values: Mapping[str, str]) -> int:
    said = values.get("PORT") or "8000"
    if not said.isdigit() or not 0 <= int(said) < 65536:
        raise ConfigurationError(f"PORT: {said!r} is no port; a number from 0 to 65535")
    return int(said)


def _pace(said: str) -> float:
    try:
        pace = float(said)
    except ValueError:
        pace = -1.0
    if not 0 <= pace <= _FASTEST_PACE:
        right = f"how many messages a second one channel takes, at most {_FASTEST_PACE}; 0 for a server without a limit"
        raise ConfigurationError(f"SLACK_PACE: {said!r} is no pace; {right}")
    return pace


def _database_url(url: str) -> str:
    """Return the URL for SQLAlchemy: Heroku's postgres:// means psycopg 3 as well."""
    scheme, _, rest = url.partition("://")
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg://{rest}"
    if scheme in {"sqlite", "postgresql+psycopg"}:
        return url
    raise ConfigurationError(f"DATABASE_URL: {scheme!r} is not supported; postgresql://… or sqlite:///…")


def _redis_url(values: Mapping[str, str], var: Path) -> str:
    """Return the broker's URL for Celery; without one, the embedded Valkey's socket under `var`."""
    url = values.get("REDIS_URL", "")
    if not url:
        return f"redis+socket://{socket_path(var)}?virtual_host=0"
    if urlsplit(url).scheme not in {"redis", "rediss", "unix", "redis+socket"}:
        raise ConfigurationError("REDIS_URL: must begin with redis:// or rediss://")
    if url.startswith("rediss://") and "ssl_cert_reqs" not in url:
        verify = "CERT_NONE" if values.get("REDIS_TLS_VERIFY") == "0" else "CERT_REQUIRED"
        return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs={verify}"
    if url.startswith("unix://"):
        return "redis+socket://" + url.removeprefix("unix://")
    return url


def socket_path(var: Path) -> Path:
    """Return where the embedded broker listens."""
    return var.absolute() / "valkey.sock"


def _secret_key(values: Mapping[str, str], var: Path, mode: Mode, *, may_make: bool) -> Secret:
    if values.get("SECRET_KEY"):
        return Secret(values["SECRET_KEY"])
    if mode is Mode.PRODUCTION or not may_make:
        raise ConfigurationError("SECRET_KEY: is not set; a long random text, e.g. from `openssl rand -hex 32`")
    return _made_secret(var / "secret_key")


def _made_secret(path: Path) -> Secret:
    """Return the secret kept beside the embedded database, made on first use; the first of two makers wins."""
    try:
        return Secret(_kept(path))
    except OSError as error:
        right = "name a folder that can be written, or set SECRET_KEY"
        raise ConfigurationError(f"ESCALATOR_VAR: cannot keep {path} ({error.strerror}); {right}") from error


def _kept(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(os.urandom(32).hex())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


def _refuse_embedded_on_dyno(settings: Settings) -> None:
    if not settings.is_on_dyno:
        return
    if settings.is_sqlite:
        raise ConfigurationError("DATABASE_URL: is not set; a dyno forgets its disk: add Heroku Postgres")
    if not settings.environment.get("REDIS_URL"):
        raise ConfigurationError("REDIS_URL: is not set; a dyno forgets its disk: add Heroku Data for Redis")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _secrets(text: str) -> tuple[Secret, ...]:
    """Return several secrets, the newest first, while one takes the other's place."""
    return tuple(Secret(part) for part in _listed(text))


def _slashed(url: str) -> str:
    return url if url.endswith("/") else url + "/"
