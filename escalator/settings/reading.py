"""Read settings from variables: every problem is found, and all are reported at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from escalator.errors import ConfigurationError
from escalator.model.levels import Mode
from escalator.settings import table
from escalator.settings.parsers import InvalidValue, require_well_formed
from escalator.settings.secret_file import stored_secret
from escalator.settings.sources import raw_environment, read_file_variables
from escalator.settings.table import Setting
from escalator.settings.values import ListenAddress, Secret, Settings

T = TypeVar("T")

_HOST = "127.0.0.1"
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # where it listens, not where it is reached
_ON_DYNO = "a dyno loses its disk at every restart: add Heroku"


class _Reading:
    """Reads settings from variables and collects problems; for an invalid value it returns the default."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.values, self._problems = read_file_variables(env, table.NAMES)

    def get(self, setting: Setting[T]) -> T:
        text = self.values.get(setting.name)
        if text:
            try:
                return setting.read(require_well_formed(text))
            except InvalidValue as invalid:
                self.refuse(f"{setting.name}: {invalid.what}; {invalid.right}")
        return setting.read(setting.default)

    def refuse(self, problem: str) -> None:
        if problem not in self._problems:
            self._problems.append(problem)

    def has_problem(self, setting: Setting[T]) -> bool:
        return any(line.startswith((f"{setting.name}:", f"{setting.name}_FILE:")) for line in self._problems)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return the problems, in the order of the table."""
        order = {setting.name: place for place, setting in enumerate(table.SETTINGS)}
        names = ((line.partition(":")[0], line) for line in self._problems)
        return tuple(
            line for _, line in sorted(names, key=lambda pair: order.get(pair[0].removesuffix("_FILE"), len(order)))
        )

    def checked(self, value: T) -> T:
        """Return the value; raises ConfigurationError with every problem found so far."""
        if self.problems:
            raise ConfigurationError(*self.problems)
        return value


def from_environment() -> Settings:
    """Return the settings of this process; raises ConfigurationError with every problem."""
    return read_settings(raw_environment())


def read_settings(env: Mapping[str, str]) -> Settings:
    """Return the settings of these variables; raises ConfigurationError with every problem."""
    settings, problems = settings_and_problems(env)
    if problems:
        raise ConfigurationError(*problems)
    return settings


def settings_and_problems(env: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings, with defaults for invalid values, and every problem: `NAME: what; what is right`."""
    reading = _Reading(env)
    for setting in table.SETTINGS:
        reading.get(setting)
    _refuse_embedded_on_dyno(reading)
    secret_key = _secret_key(reading)
    return _settings(reading, secret_key), reading.problems


def _settings(reading: _Reading, secret_key: Secret) -> Settings:
    get = reading.get
    listens = _listening(reading)
    return Settings(
        environment=reading.values,
        database_url=_database_url(reading),
        redis_url=_redis_url(reading),
        policy_file=Path(get(table.POLICY)),
        mode=get(table.MODE),
        var=Path(get(table.VAR)),
        base_url=_base_url(reading),
        host=listens.host,
        port=listens.port,
        secret_key=secret_key,
        # Content that was sealed before CONTENT_KEY was set is opened with SECRET_KEY.
        content_keys=(*get(table.CONTENT_KEY), secret_key),
        stream_api_url=get(table.STREAM_API_URL),
        slack_bot_token=get(table.SLACK_BOT_TOKEN),
        slack_signing_secret=get(table.SLACK_SIGNING_SECRET),
        slack_client_id=get(table.SLACK_CLIENT_ID),
        slack_client_secret=get(table.SLACK_CLIENT_SECRET),
        slack_api_url=get(table.SLACK_API_URL) + "/",
        slack_pace=get(table.SLACK_PACE),
        pagerduty_events_url=get(table.PAGERDUTY_EVENTS_URL),
        pagerduty_api_url=get(table.PAGERDUTY_API_URL),
        pagerduty_api_token=get(table.PAGERDUTY_API_TOKEN),
        pagerduty_webhook_secrets=get(table.PAGERDUTY_WEBHOOK_SECRET),
        smtp_url=Secret(reading.values.get(table.SMTP_URL.name, "") if get(table.SMTP_URL) else ""),
        mail_from=get(table.MAIL_FROM),
        jira_url=get(table.JIRA_URL),
        jira_email=get(table.JIRA_EMAIL),
        jira_token=get(table.JIRA_TOKEN),
        jira_webhook_secrets=get(table.JIRA_WEBHOOK_SECRET),
        webhook_allowed=get(table.WEBHOOK_ALLOW_PRIVATE),
        is_on_dyno=bool(get(table.DYNO)),
        can_kill_worker=get(table.RUN),
    )


def policy_file(values: Mapping[str, str]) -> Path:
    """Return the path of the policy; raises ConfigurationError."""
    reading = _Reading(values)
    return reading.checked(Path(reading.get(table.POLICY)))


def database_url(values: Mapping[str, str]) -> str:
    """Return the URL of the database for SQLAlchemy; raises ConfigurationError for one that is not supported."""
    reading = _Reading(values)
    return reading.checked(_database_url(reading))


def base_url(values: Mapping[str, str]) -> str:
    """Return the address at which people reach this installation, without a slash at its end."""
    reading = _Reading(values)
    return reading.checked(_base_url(reading))


def chosen_mode(values: Mapping[str, str]) -> Mode:
    """Return the mode, which is sandbox unless set otherwise; raises ConfigurationError."""
    reading = _Reading(values)
    return reading.checked(reading.get(table.MODE))


def listen_address(env: Mapping[str, str]) -> ListenAddress:
    """Return the address on which web listens; raises ConfigurationError."""
    reading = _Reading(env)
    return reading.checked(_listening(reading))


def socket_path(var: Path) -> Path:
    """Return the path of the embedded broker's socket."""
    return var.absolute() / "valkey.sock"


def _listening(reading: _Reading) -> ListenAddress:
    default = "0.0.0.0" if reading.get(table.DYNO) else _HOST  # noqa: S104  # on a dyno the router must come in
    host = reading.get(table.HOST) or default
    return ListenAddress(host, reading.get(table.PORT), reading.get(table.WEB_CONCURRENCY))


def _base_url(reading: _Reading) -> str:
    listens = _listening(reading)
    address = ListenAddress(_HOST, listens.port, 1) if listens.host in _EVERYWHERE else listens
    return reading.get(table.BASE_URL) or f"http://{address.bind}"


def _database_url(reading: _Reading) -> str:
    embedded = f"sqlite:///{(Path(reading.get(table.VAR)) / 'escalator.db').absolute()}"
    return reading.get(table.DATABASE_URL) or embedded


def _redis_url(reading: _Reading) -> str:
    """Return the broker's URL for Celery; without one, the embedded Valkey's socket."""
    url = reading.get(table.REDIS_URL)
    if not url:
        return f"redis+socket://{socket_path(Path(reading.get(table.VAR)))}?virtual_host=0"
    if url.startswith("rediss://") and "ssl_cert_reqs" not in url:
        verify = "CERT_REQUIRED" if reading.get(table.REDIS_TLS_VERIFY) else "CERT_NONE"
        return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs={verify}"
    return url


def _secret_key(reading: _Reading) -> Secret:
    """Return the key; where nothing else is wrong, an installation that may store its own key creates one."""
    key = reading.get(table.SECRET_KEY)
    if key:
        return key
    if reading.has_problem(table.SECRET_KEY):
        return Secret("-")
    if reading.get(table.MODE) is Mode.PRODUCTION or reading.get(table.DYNO):
        reading.refuse("SECRET_KEY: is not set; set a long random text, such as the output of `openssl rand -hex 32`")
    elif not reading.problems:
        try:
            return stored_secret(Path(reading.get(table.VAR)) / "secret_key")
        except ConfigurationError as error:
            reading.refuse(str(error))
    return Secret("-")


def _refuse_embedded_on_dyno(reading: _Reading) -> None:
    if not reading.get(table.DYNO):
        return
    if _database_url(reading).startswith("sqlite") and not reading.has_problem(table.DATABASE_URL):
        reading.refuse(f"DATABASE_URL: is not set; {_ON_DYNO} Postgres")
    if not reading.get(table.REDIS_URL) and not reading.has_problem(table.REDIS_URL):
        reading.refuse(f"REDIS_URL: is not set; {_ON_DYNO} Data for Redis")
