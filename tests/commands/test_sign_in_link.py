"""`escalator sign-in-link`, what `run` prints for the first, and what the doctor says of the ways in."""

import json

import pytest

from escalator.bootstrap import build
from escalator.commands.run_banner import start_page
from escalator.commands.run_preflight import prepared
from escalator.commands.run_prepare import _first_link
from escalator.services.auth import magic_links, sessions
from escalator.settings import from_environment

BASE = "http://127.0.0.1:8000/sign-in/link/"


@pytest.mark.parametrize(
    ("arguments", "person"),
    [pytest.param((), "eli", id="the first admin"), pytest.param(("ana",), "ana", id="whoever is named")],
)
def test_a_link_signs_in(core, cli, arguments, person):
    result = cli("sign-in-link", *arguments)
    [url] = result.stdout.split()
    assert url.startswith(BASE)
    held = magic_links.redeem_link(core, url.removeprefix(BASE))
    viewer, _running = sessions.find_session(core, held)
    assert (viewer.person.key, viewer.is_sandbox) == (person, False)


def test_nobody_is_a_misuse(core, cli):
    result = cli("sign-in-link", "zoe")
    assert (result.exit_code, "one of ana, ben" in result.stderr) == (2, True)


@pytest.fixture
def real(core, monkeypatch):
    monkeypatch.setenv("ESCALATOR_MODE", "divert")
    return build(from_environment())


def test_the_first_start_shows_a_link_until_somebody_has_signed_in(real, cli):
    sessions.start_session(real, "eli", sessions.SANDBOX)
    link = _first_link(real)
    assert link in "\n".join(start_page(prepared(real.settings.environment), 8000, "", link))
    assert magic_links.redeem_link(real, link.removeprefix(BASE)) is not None
    assert _first_link(real) == ""


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"ESCALATOR_MODE": "sandbox"}, id="in a sandbox"),
        pytest.param({"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s"}, id="where Slack signs people in"),
    ],
)
def test_no_link_is_shown(real, monkeypatch, env):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert _first_link(build(from_environment())) == ""


@pytest.mark.parametrize(
    ("env", "status", "words"),
    [
        pytest.param({}, "ok", "in the sandbox everybody chooses a name", id="a sandbox"),
        pytest.param({"ESCALATOR_MODE": "divert"}, "warn", "no sign-in method is set up", id="nothing"),
        pytest.param(
            {"ESCALATOR_MODE": "divert", "SMTP_URL": "smtp+insecure://127.0.0.1:1", "MAIL_FROM": "a@example.com"},
            "ok",
            "by a link sent by email",
            id="mail",
        ),
        pytest.param(
            {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s"},
            "ok",
            "chooses a name, with Slack",
            id="two ways",
        ),
    ],
)
def test_the_doctor_says_how_people_sign_in(core, cli, monkeypatch, env, status, words):
    for asked in ("doctor_destinations.destinations", "stream_checks.sources"):
        monkeypatch.setattr(f"escalator.commands.{asked}", lambda *_: ())
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    found = [one for one in json.loads(cli("doctor", "--json").stdout) if one["what"] == "sign-in"]
    assert [(one["status"], words in one["found"]) for one in found] == [(status, True)]
