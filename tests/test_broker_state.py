"""What a process knows of the broker: said once when it fails, and once when it works again."""

import pytest
import redis
from kombu.exceptions import OperationalError
from structlog.testing import capture_logs

from escalator.broker_state import BrokerState

READ_ONLY = redis.exceptions.ReadOnlyError("You can't write against a read only replica.")


def _wrapped(error: Exception) -> Exception:
    wrapper = OperationalError(str(error))
    wrapper.__cause__ = error
    return wrapper


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (READ_ONLY, "ReadOnlyError"),
        (_wrapped(READ_ONLY), "ReadOnlyError"),
        (redis.exceptions.ResponseError("MISCONF Valkey is configured to save"), "ResponseError MISCONF"),
        (redis.exceptions.ResponseError("unknown command 'LPUSH', with args: 'secret'"), "ResponseError"),
        (TypeError("'int' object is not subscriptable"), "TypeError"),
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError"),
    ],
)
def test_a_failure_is_named_by_its_kind_and_code_and_quotes_nothing(error: Exception, words: str) -> None:
    state = BrokerState()
    state.note(error)
    assert state.failure() == words


def test_a_failure_is_logged_once_and_so_is_its_end() -> None:
    state = BrokerState(holds_s=0)
    with capture_logs() as logs:
        for _ in range(3):
            state.note(READ_ONLY)
        while state.failure():
            pass
        assert state.failure() == ""
    assert [entry["event"] for entry in logs] == ["broker_failed", "broker_works_again"]


def test_another_failure_is_logged_too() -> None:
    state = BrokerState()
    with capture_logs() as logs:
        state.note(READ_ONLY)
        state.note(ConnectionRefusedError())
    assert [entry["reason"] for entry in logs] == ["ReadOnlyError", "ConnectionRefusedError"]
    assert state.failure() == "ConnectionRefusedError"
