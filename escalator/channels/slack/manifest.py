"""The Slack app that the product needs, as a manifest, and the link that creates it in one click."""

from urllib.parse import quote

import yaml

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.slash_commands import ESCALATE, ONCALL, SILENCE

INTERACTIONS_PATH = "/slack/interactions"
COMMANDS_PATH = "/slack/commands"
SIGN_IN_PATH = "/sign-in/slack/callback"
SCOPES = ("chat:write", "chat:write.public", "im:write", "commands", "users:read", "users:read.email")
"""What the token must be allowed: to post and update, to post where nobody invited us, to write to a person, to have
commands, and to see who clicks, with their e-mail address.
"""

SIGN_IN_SCOPES = ("openid", "profile", "email")
"""What somebody who signs in with Slack lets us know: who they are."""

_NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_yaml="


def manifest(base_url: str) -> Json:
    """Return the app for an installation that Slack reaches at this address."""
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
    """Return the manifest as the text that Slack's form takes."""
    return yaml.safe_dump(manifest(base_url), sort_keys=False)


def new_app_link(base_url: str) -> str:
    """Return the address that opens Slack's form with everything filled in."""
    return f"{_NEW_APP}{quote(manifest_yaml(base_url), safe='')}"
