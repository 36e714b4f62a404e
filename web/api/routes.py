"""Which resources the API has."""

from flask import Flask

from escalator.services.core.context import Core
from web.api import actions, audit, explain, incidents, oncall, overrides, policy, silences
from web.api.blueprint import register as register_door

_ADDERS = (incidents.add, actions.add, explain.add, oncall.add, overrides.add, policy.add, audit.add, silences.add)


def register(app: Flask, core: Core) -> None:
    """Add the API to the application."""
    register_door(app, core, _ADDERS)
