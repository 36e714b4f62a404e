"""The list of the dashboard's pages."""

from flask import Blueprint

from escalator.model.levels import Role
from escalator.services.core.context import Core
from web.dashboard import (
    api_tokens,
    audit,
    incident,
    incidents,
    oncall,
    people,
    pictures,
    policy,
    reports,
    weekly_review,
)
from web.dashboard.layout import NavigationEntry, page_blueprint

_PAGES = (
    NavigationEntry("Now", "/"),
    NavigationEntry("On call", "/oncall"),
    NavigationEntry("Policy", "/policy"),
    NavigationEntry("Audit log", "/audit"),
    NavigationEntry("Reports", "/reports"),
)
_OWN_PAGES = (
    NavigationEntry("Exposure", "/care"),
    NavigationEntry("People", "/people", Role.ADMIN),
    NavigationEntry("API tokens", "/tokens", Role.ADMIN),
)


def blueprint(core: Core) -> Blueprint:
    """Return one application's blueprint of all pages."""
    adders = (
        incidents.register,
        incident.register,
        pictures.register,
        oncall.register,
        policy.register,
        audit.register,
        weekly_review.register,
        reports.register,
        people.register,
        api_tokens.register,
    )
    return page_blueprint(core, _PAGES, _OWN_PAGES, adders)
