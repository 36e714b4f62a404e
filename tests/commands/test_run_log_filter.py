"""What `run` shows of what its parts say."""

import pytest

from escalator.commands.run_log_filter import OutputFilter, is_loud

INFO = "[2026-11-22 14:35:03,477: INFO/MainProcess] celery@vm ready."
WARNING = "[2026-11-22 14:35:03,477: WARNING/MainProcess] consumer: Connection to broker lost."


@pytest.mark.parametrize(
    ("line", "loud"),
    [
        pytest.param('{"event": "policy_activated", "level": "info"}', False, id="ours, for the record"),
        pytest.param('{"event": "nudge_failed", "level": "warning"}', True, id="ours, a warning"),
        pytest.param('{"event": "sweep_stuck", "level": "critical"}', True, id="ours, the worst"),
        pytest.param(INFO, False, id="celery's"),
        pytest.param(WARNING, True, id="celery's warning"),
        pytest.param("[2026-11-22 14:35:02 +0000] [8417] [INFO] Booting worker", False, id="gunicorn's"),
        pytest.param("[2026-11-22 14:35:02 +0000] [8417] [ERROR] Worker was killed", True, id="gunicorn's error"),
        pytest.param("8407:M 22 Nov 2026 14:35:01.423 # WARNING Memory overcommit", False, id="the broker's"),
    ],
)
def test_only_warnings_are_shown_unasked(line, loud):
    assert [is_loud(line, otherwise=before) for before in (True, False)] == [loud, loud]


@pytest.mark.parametrize("before", [True, False])
def test_a_line_without_a_level_goes_with_the_one_before(before):
    assert is_loud("Traceback (most recent call last):", otherwise=before) is before


def test_everything_is_shown_when_asked_for():
    voice = OutputFilter("worker", is_verbose=True)
    assert voice.feed(f"{INFO}\n".encode()) == [f"worker | {INFO}"]


def test_a_line_is_shown_once_it_has_ended():
    voice = OutputFilter("web", is_verbose=False)
    assert voice.feed(b'{"level": "err') == []
    assert voice.feed(b'or"}\nmore') == ['web    | {"level": "error"}']


def test_a_part_that_fails_has_its_last_words_heard_once():
    voice = OutputFilter("web", is_verbose=False)
    voice.feed(f"{INFO}\nunfinished".encode())
    assert voice.flush(is_of_interest=True) == [f"web    | {INFO}", "web    | unfinished"]
    assert voice.flush(is_of_interest=True) == []


def test_a_part_that_was_killed_has_nothing_to_explain():
    voice = OutputFilter("web", is_verbose=False)
    voice.feed(f"{INFO}\n".encode())
    assert voice.flush(is_of_interest=False) == []


def test_bytes_that_are_no_text_and_lines_without_end_do_no_harm():
    voice = OutputFilter("web", is_verbose=True)
    assert voice.feed(b"\xff\n") == ["web    | \ufffd"]
    assert len(voice.feed(b"x" * 100_000)) == 1
