"""The manifest of the Slack app, and the link that creates the app in one click."""

from urllib.parse import quote

import yaml

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.slash_commands import ESCALATE, ONCALL, SILENCE

INTERACTIONS_PATH = "/slack/interactions"
COMMANDS_PATH = "/slack/commands"
SIGN_IN_PATH = "/sign-in/slack/callback"
SCOPES = ("chat:write", "chat:write.public", "im:write", "commands", "users:read", "users:read.email")
"""Scopes of the token: to post and update, to post in channels without an invitation, to write to a person, to have
commands, and to see who clicks, with their email address.
"""

SIGN_IN_SCOPES = ("openid", "profile", "email")
"""Scopes for signing in with Slack: the identity."""

_NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_yaml="


def manifest(base_url: str) -> Json:
    """Return the manifest for an installation that Slack reaches at this URL."""
    interactions = f"{base_url.rstrip('/')}{INTERACTIONS_PATH}"
    commands = f"{base_url.rstrip('/')}{COMMANDS_PATH}"
    return {
        "display_information": {
            "name": "Escalator",
            "description": "Moderation alerts that escalate until somebody acknowledges them",
            "background_color": "#8b1a1a",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "Escalator", "always_online": True},
            "slash_commands": [
                {
                    "command": ESCALATE,
                    "description": "Open an incident by hand",
                    "url": commands,
                    "should_escape": False,
                },
                {
                    "command": ONCALL,
                    "description": "Who is on call now",
                    "usage_hint": "[team]",
                    "url": commands,
                    "should_escape": False,
                },
                {
                    "command": SILENCE,
                    "description": "Silence a category or a route for a while",
                    "usage_hint": "[list | end ID]",
                    "url": commands,
                    "should_escape": False,
                },
            ],
        },
        "oauth_config": {
            "redirect_urls": [f"{base_url.rstrip('/')}{SIGN_IN_PATH}"],
            "scopes": {"user": list(SIGN_IN_SCOPES), "bot": list(SCOPES)},
        },
        "settings": {
            "interactivity": {
                "is_enabled": True,
                "request_url": interactions,
                "message_menu_options_url": interactions,
            },
            "org_deploy_enabled": False,
            "socket_mode_enabled": False,
            "token_rotation_enabled": False,
        },
    }


def manifest_yaml(base_url: str) -> str:
    """Return the manifest as text for Slack's form."""
    return yaml.safe_dump(manifest(base_url), sort_keys=False)


def new_app_link(base_url: str) -> str:
    """Return the URL that opens Slack's form with everything filled in."""
    return f"{_NEW_APP}{quote(manifest_yaml(base_url), safe='')}"
