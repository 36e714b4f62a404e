"""The environment as typed settings. No other code reads environment variables."""

from escalator.settings.reading import (
    base_url,
    chosen_mode,
    database_url,
    from_environment,
    listen_address,
    policy_file,
    read_settings,
    settings_and_problems,
    socket_path,
)
from escalator.settings.sources import environment, raw_environment
from escalator.settings.values import ListenAddress, Secret, Settings

__all__ = [
    "ListenAddress",
    "Secret",
    "Settings",
    "base_url",
    "chosen_mode",
    "database_url",
    "environment",
    "from_environment",
    "listen_address",
    "policy_file",
    "read_settings",
    "socket_path",
    "settings_and_problems",
    "raw_environment",
]
