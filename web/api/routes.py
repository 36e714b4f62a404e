"""The API's list of resources."""

from flask import Flask

from escalator.services.core.context import Core
from web.api import actions, audit, explain, incidents, oncall, overrides, policy, silences
from web.api.blueprint import register as register_blueprint

_REGISTER = (
    incidents.register,
    actions.register,
    explain.register,
    oncall.register,
    overrides.register,
    policy.register,
    audit.register,
    silences.register,
)


def register(app: Flask, core: Core) -> None:
    """Add the API to the application."""
    register_blueprint(app, core, _REGISTER)
