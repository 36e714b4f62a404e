"""`escalator stream install-action`: one button of ours in Stream's dashboard, and no other button touched."""

import json

import pytest

from escalator.channels.stream.action_config import MESSAGE
from tests.doubles.http import Fault
from tests.doubles.stream_action_config import CONFIG

FOREIGN = {
    "id": "6f2f2c7e-9d0b-4a51-8f0c-1f2e3d4c5b6a",
    "action": "custom",
    "entity_type": MESSAGE,
    "description": "Send to legal",
    "order": 7,
    "custom": {"id": "legal"},
}
OURS = {"id": "escalator_page", "escalator": "page"}
DEFAULTS = "mark_reviewed, delete_message, ban"


@pytest.fixture
def stream(stream_app):
    stream_app.buttons = [dict(FOREIGN)]
    return stream_app


@pytest.fixture
def install(cli, stream):
    def run(*options, stdin=None):
        result = cli("stream", "install-action", *options, stdin=stdin)
        assert FOREIGN in stream.buttons
        return result.exit_code, result.output

    return run


def ours(stream):
    return [button for button in stream.buttons if button["id"] != FOREIGN["id"]]


def written(stream):
    return [request for request in stream.requests if request.method in {"POST", "DELETE"}]


def test_a_button_is_added_after_all_others_and_what_it_may_hide_is_said(stream, install):
    code, output = install("--yes")
    lines = output.splitlines()
    assert (code, lines[0]) == (0, f"app {MESSAGE}: buttons now: {DEFAULTS}, Send to legal")
    assert lines[1].startswith("Stream does not document whether a stored button hides its own default buttons")
    assert lines[2] == f"app {MESSAGE}: buttons after: {DEFAULTS}, Send to legal, Page on-call"
    [button] = ours(stream)
    assert (button["action"], button["description"], button["order"]) == ("custom", "Page on-call", 8)
    assert button["custom"] == OURS


def test_once_there_it_is_not_written_again(stream, install):
    install("--yes")
    assert install("--yes")[1].endswith("Page on-call is as it should be\n")
    assert len(written(stream)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"description": "Wake them"}, id="its label"),
        pytest.param({"custom": {"escalator": "page"}}, id="its options"),
        pytest.param({"custom": {}, "description": "x"}, id="all: it is known by its stored id"),
    ],
)
def test_one_that_somebody_has_changed_is_corrected_in_place(stream, install, changed):
    install("--yes")
    [before] = [dict(button) for button in ours(stream)]
    ours(stream)[0].update(changed)
    assert install("--yes")[0] == 0
    assert ours(stream) == [before]


def test_for_other_types_too(stream, install):
    assert install("--yes", "--entity-type", MESSAGE, "--entity-type", "stream:user")[0] == 0
    assert [button["entity_type"] for button in ours(stream)] == [MESSAGE, "stream:user"]


def test_removing_takes_ours_away_and_nothing_else(stream, install):
    install("--yes")
    code, output = install("--remove", "--yes")
    assert (code, ours(stream)) == (0, [])
    assert output.endswith(f"buttons after: {DEFAULTS}, Send to legal\n")
    assert install("--remove", "--yes")[1].endswith("there is no button Page on-call of ours\n")
    assert [request.method for request in written(stream)] == ["POST", "DELETE"]


def test_default_buttons_that_stream_no_longer_lists_are_named(stream, cli):
    stream.buttons, stream.hides_defaults = [], True
    result = cli("stream", "install-action", "--yes")
    assert result.exit_code == 1
    remedy = "; --remove takes ours away again"
    assert result.stderr == f"app {MESSAGE}: NOT AS PLANNED: Stream no longer lists {DEFAULTS}{remedy}\n"
    assert cli("stream", "install-action", "--remove", "--yes").exit_code == 0
    assert stream.buttons == []


@pytest.mark.parametrize(("answer", "code", "calls"), [("y\n", 0, 1), ("n\n", 1, 0)])
def test_it_asks_before_it_writes(stream, install, answer, code, calls):
    result = install(stdin=answer)
    assert "Add the button Page on-call? [y/N]" in result[1]
    assert (result[0], len(written(stream))) == (code, calls)


@pytest.mark.parametrize("options", [("--print",), ("--print", "--remove")])
def test_what_would_be_written_can_be_looked_at(stream, install, options):
    code, output = install(*options)
    assert (code, written(stream)) == (0, [])
    if "--remove" not in options:
        assert json.loads(output.split("\n", 1)[1])["custom"] == OURS


@pytest.mark.parametrize("is_done", [True, False])
def test_an_answer_that_is_lost_is_asked_for_again_and_adds_no_second_button(stream, install, is_done):
    stream.inject(Fault(), Fault(drop=True, is_done=is_done), path=CONFIG)
    code, output = install("--yes")
    assert (code, "Whether it was added is not known: run it again" in output) == (1, True)
    assert install("--yes")[0] == 0
    assert len(ours(stream)) == 1


def test_an_app_that_cannot_be_asked_is_told(stream, install, monkeypatch):
    monkeypatch.setenv("SECRET", "other")
    words = "reached, but the credentials were refused (bad_credentials: code_43)"
    assert install("--yes") == (1, f"app {MESSAGE}: {words}\n")
    assert written(stream) == []
