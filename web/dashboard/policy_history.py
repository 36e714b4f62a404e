"""Earlier and current policies: when they ran, their texts, and the differences of any two."""

from flask import Blueprint, abort, render_template, request
from sqlalchemy import Connection

from escalator.services.core.context import Core
from escalator.services.policies.versions import (
    SHORT,
    VersionName,
    diff_lines,
    previous_version,
    read_policy_file,
    version_text,
    versions_named,
)
from escalator.store import policies
from escalator.store.policies import PolicyVersion

_MOST = 200
_FILE = "file"
"""Means the policy's file where a version can be named."""


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the pages."""

    @blueprint.get("/policy/history")
    def policy_history() -> str:
        with core.database.reading() as connection:
            active = policies.active_id(connection)
            offers = policies.history(connection, _MOST)
        newest = next((offer for offer in offers if offer.version and offer.version.id == active), None)
        return render_template("dashboard/policy_history.html", offers=offers, active=newest, short=SHORT)

    @blueprint.get("/policy/versions/<sha256>")
    def policy_version(sha256: str) -> str:
        with core.database.reading() as connection:
            version = _version(connection, sha256)
            is_active = version.id == policies.active_id(connection)
            name, text = version_text(connection, version)
            earlier = previous_version(connection, version.id)
        return render_template(
            "dashboard/policy_version.html",
            version=version,
            name=name,
            lines=text.splitlines(),
            is_active=is_active,
            earlier=earlier,
        )

    @blueprint.get("/policy/diff")
    def policy_diff() -> str:
        with core.database.reading() as connection:
            old = _text(core, connection, request.args.get("old", ""))
            new = _text(core, connection, request.args.get("new", ""))
        lines = list(diff_lines(old, new))[2:]
        return render_template("dashboard/policy_diff.html", old=old[0], new=new[0], lines=lines)


def _version(connection: Connection, sha256: str) -> PolicyVersion:
    matches = versions_named(connection, sha256)
    if len(matches) != 1:
        abort(404)
    return matches[0]


def _text(core: Core, connection: Connection, name: str) -> VersionName:
    """Return a version, or the policy file now. Aborts with 404 for an unknown name."""
    if name != _FILE:
        return version_text(connection, _version(connection, name))
    try:
        return read_policy_file(core)
    except OSError:
        abort(404)
