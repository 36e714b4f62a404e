"""Two installations on one host, whose cookies browsers keep by host alone: neither ends the other's session."""

import pytest

from escalator.services.auth import sessions
from escalator.settings import read_settings
from tests.sandboxes import a_core
from web.app import create_app
from web.session import cookie_name

KEY = {"SECRET_KEY": "one"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"SECRET_KEY": "one"}, {"SECRET_KEY": "other"}),
        (KEY | {"PORT": "8000"}, KEY | {"PORT": "8001"}),
        (KEY | {"ESCALATOR_BASE_URL": "https://host"}, KEY | {"ESCALATOR_BASE_URL": "https://host:8443"}),
    ],
)
def test_no_two_installations_have_a_cookie_of_one_name(one, other):
    assert read_settings(one).cookie_suffix != read_settings(other).cookie_suffix
    assert read_settings(one).cookie_suffix == read_settings(dict(one)).cookie_suffix


def test_a_browser_is_signed_in_at_both(sqlite_url, tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    cores = [a_core(sqlite_url, folder, SECRET_KEY=folder.name, STREAM_API_KEY="key") for folder in folders]
    jar = {cookie_name(core): sessions.start_session(core, "eli", "link") for core in cores}
    assert len(jar) == 2
    for core in cores:
        client = create_app(core).test_client()
        for name, token in jar.items():
            client.set_cookie(name, token)
        assert client.get("/").status_code == 200
        assert client.application.config["SESSION_COOKIE_NAME"] == f"escalator_signing_in-{core.settings.cookie_suffix}"
        core.database.close()
