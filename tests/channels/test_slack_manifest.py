"""The app that Slack is asked to create."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

from escalator.channels.slack.manifest import manifest, manifest_yaml, new_app_link

EXAMPLE = "https://escalator.example.com"
FILE = Path(__file__).parents[2] / "docs" / "slack-manifest.yml"


def test_the_file_in_the_docs_is_the_manifest():
    assert yaml.safe_load(FILE.read_text()) == manifest(EXAMPLE)


def test_clicks_come_to_this_installation():
    interactivity = manifest("https://alerts.example.org/")["settings"]["interactivity"]
    url = "https://alerts.example.org/slack/interactions"
    assert interactivity == {"is_enabled": True, "request_url": url, "message_menu_options_url": url}


def test_one_click_fills_in_slacks_form():
    parts = urlsplit(new_app_link(EXAMPLE))
    query = parse_qs(parts.query)
    assert (parts.netloc, parts.path, query["new_app"]) == ("api.slack.com", "/apps", ["1"])
    assert query["manifest_yaml"] == [manifest_yaml(EXAMPLE)]
    assert yaml.safe_load(query["manifest_yaml"][0]) == manifest(EXAMPLE)


def test_names_fit_slacks_limits():
    said = manifest(EXAMPLE)
    assert len(said["display_information"]["name"]) <= 35
    assert len(said["display_information"]["description"]) <= 140
    assert len(said["features"]["bot_user"]["display_name"]) <= 80
