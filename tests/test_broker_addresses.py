"""How the broker is reached: `rediss://` is checked unless that is said otherwise, and a dyno brings no broker."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import trustme
from celery import Celery
from kombu.exceptions import OperationalError

from escalator.errors import ConfigurationError
from escalator.settings import Settings, from_environment, read_settings
from escalator.task_publisher import BrokerConnection
from tests.doubles.broker import BrokerProxy
from tests.servers import RedisServer

ONCE = {"max_retries": 0, "interval_start": 0, "socket_timeout": 10, "socket_connect_timeout": 10}


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(redis_server: RedisServer, authority: trustme.CA) -> Iterator[BrokerProxy]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with BrokerProxy(redis_server.port, context) as broker:
        yield broker


def settings_of(broker: BrokerProxy, **more: str) -> Settings:
    return read_settings({"SECRET_KEY": "-", "REDIS_URL": broker.url, **more})


def publish(settings: Settings) -> None:
    """Publish a task as web and worker do."""
    application = Celery("secure", broker=settings.redis_url, set_as_current=False)
    application.conf.update(broker_transport_options=ONCE, task_publish_retry=False)
    BrokerConnection(application)("escalate", 0.0)


def test_a_broker_with_a_certificate_that_is_trusted_is_spoken_to(
    secure: BrokerProxy,
    redis_server: RedisServer,
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    settings = settings_of(secure)
    publish(settings)
    with redis_server.client() as client:
        assert client.llen("celery") == 1
    with redis.Redis.from_url(settings.redis_client_url) as client:
        assert client.ping()


def test_a_broker_whose_certificate_nobody_vouches_for_is_not(secure: BrokerProxy, redis_server: RedisServer) -> None:
    settings = settings_of(secure)
    with pytest.raises(OperationalError, match="certificate verify failed"):
        publish(settings)
    with redis_server.client() as client:
        assert client.llen("celery") == 0


def test_a_certificate_is_not_looked_at_where_that_is_said(secure: BrokerProxy, redis_server: RedisServer) -> None:
    settings = settings_of(secure, REDIS_TLS_VERIFY="0")
    publish(settings)
    with redis_server.client() as client:
        assert client.llen("celery") == 1
    with redis.Redis.from_url(settings.redis_client_url) as client:
        assert client.ping()


DYNO = {"DYNO": "web.1", "SECRET_KEY": "-", "DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://broker/0"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DATABASE_URL", "DATABASE_URL: is not set; a dyno loses its disk at every restart: add Heroku Postgres"),
        ("REDIS_URL", "REDIS_URL: is not set; a dyno loses its disk at every restart: add Heroku Data for Redis"),
        ("SECRET_KEY", "SECRET_KEY: is not set"),
    ],
)
def test_a_dyno_keeps_nothing_on_its_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable, value in DYNO.items():
        monkeypatch.setenv(variable, value)
    from_environment()
    monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match=words):
        from_environment()
    assert list(tmp_path.iterdir()) == []
