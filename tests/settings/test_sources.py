"""Where values stand: the environment, `.env`, and the file that `NAME_FILE` names."""

import os

import pytest

from escalator.errors import ConfigurationError
from escalator.settings import environment, from_environment, read_settings
from escalator.settings.table import SETTINGS

GOOD = {"SECRET_KEY": "key"}
SECRET = "hunter2"
BY_FILE = [setting for setting in SETTINGS if setting.is_secret or setting.name in {"MAIL_FROM", "PORT", "JIRA_URL"}]


def problems_of(env):
    with pytest.raises(ConfigurationError) as raised:
        read_settings(env)
    return raised.value.problems


@pytest.mark.parametrize("setting", BY_FILE, ids=lambda setting: setting.name)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("", "\n"), ("", "\r\n"), ("\ufeff", "\n"), ("  ", "  "), ("\n", "\n\n")]
)
def test_a_secret_may_stand_in_a_file_with_whatever_an_editor_puts_around_it(tmp_path, setting, before, after):
    file = tmp_path / "secret"
    file.write_bytes(f"{before}{setting.example}{after}".encode())
    in_file = read_settings(GOOD | {f"{setting.name}_FILE": str(file)}) if setting.name != "SECRET_KEY" else None
    in_file = in_file or read_settings({"SECRET_KEY_FILE": str(file)})
    plain = read_settings(GOOD | {setting.name: setting.example})
    assert in_file.environment[setting.name] == setting.example
    assert all(
        getattr(in_file, name) == getattr(plain, name) for name in plain.__slots__ if name not in {"environment"}
    )


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_file_that_gives_no_value_is_refused_by_its_name(tmp_path, setting):
    (tmp_path / "empty").write_bytes(b" \n")
    (tmp_path / "latin").write_bytes(b"p\xe4ss")
    (tmp_path / "large").write_bytes(b"a" * 70_000)
    (tmp_path / "folder").mkdir()
    for name, told in {
        "missing": "existing file",
        "empty": "empty",
        "latin": "not UTF-8",
        "large": "64 KiB",
        "folder": "folder",
        "nul\0": "file",
    }.items():
        env = {name: value for name, value in GOOD.items() if name != setting.name}
        problems = problems_of(env | {f"{setting.name}_FILE": str(tmp_path / name)})
        (line,) = [line for line in problems if line.startswith(f"{setting.name}_FILE: ")]
        assert told in line
        assert line.isprintable()


def test_a_secret_that_was_written_where_its_file_should_be_is_not_repeated():
    (line,) = problems_of(GOOD | {"SLACK_BOT_TOKEN_FILE": SECRET})
    assert SECRET not in line


def test_every_file_and_every_value_that_is_wrong_is_told_at_once():
    env = {"SLACK_BOT_TOKEN_FILE": "/nowhere", "SMTP_URL_FILE": "/nowhere", "PORT": "web"}
    assert [line.partition(":")[0] for line in problems_of(GOOD | env)] == [
        "PORT",
        "SLACK_BOT_TOKEN_FILE",
        "SMTP_URL_FILE",
    ]


def test_what_is_set_goes_before_the_file_and_what_is_empty_does_not(tmp_path):
    (tmp_path / "secret").write_text("of the file")
    file = {"SLACK_SIGNING_SECRET_FILE": str(tmp_path / "secret")}
    (tmp_path / "secret").write_text("of-the-file")
    assert read_settings(GOOD | file | {"SLACK_SIGNING_SECRET": "set"}).slack_signing_secret == "set"
    assert read_settings(GOOD | file | {"SLACK_SIGNING_SECRET": ""}).slack_signing_secret == "of-the-file"


def test_files_of_names_that_are_not_ours_are_read_where_they_can_be(tmp_path):
    (tmp_path / "channel").write_text("\ufeff#alerts\r\n")
    env = {"TEAM_CHANNEL_FILE": str(tmp_path / "channel"), "SSL_CERT_FILE": "/nowhere", "LESSHIST_FILE": str(tmp_path)}
    values = read_settings(GOOD | env).environment
    assert values["TEAM_CHANNEL"] == "#alerts"
    assert "SSL_CERT" not in values
    assert "LESSHIST" not in values


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_env_file_may_begin_with_a_bom_and_end_its_lines_in_carriage_returns(folder):
    (folder / ".env").write_bytes(
        "\ufeffSECRET_KEY=key\r\nSLACK_BOT_TOKEN=xoxb-1\r\nMAIL_FROM='a@example.com'\r\n".encode()
    )
    settings = from_environment()
    assert (settings.secret_key, settings.slack_bot_token, settings.mail_from) == ("key", "xoxb-1", "a@example.com")


def test_an_env_file_that_is_no_text_is_told(folder):
    (folder / ".env").write_bytes(b"SECRET_KEY=p\xe4ss")
    for read in (from_environment, environment):
        with pytest.raises(ConfigurationError, match=r"^\.env: cannot be read \(it is not UTF-8\)"):
            read()


def test_bytes_that_are_no_text_are_refused(folder, monkeypatch):
    monkeypatch.setitem(os.environb, b"SECRET_KEY", b"p\xe4ss")
    with pytest.raises(ConfigurationError) as raised:
        from_environment()
    assert [line.partition(":")[0] for line in raised.value.problems] == ["SECRET_KEY"]
