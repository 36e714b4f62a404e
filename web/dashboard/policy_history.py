"""Which policies have run, what each said as it was written, and how two of them differ."""

from flask import Blueprint, abort, render_template, request
from sqlalchemy import Connection

from escalator.services.core.context import Core
from escalator.services.policies.versions import SHORT, Named, before, differences, named, text_of, text_of_file
from escalator.store import policies
from escalator.store.policies import PolicyVersion

_MOST = 200
_FILE = "file"
"""Stands for the policy's file, where a version can be named."""


def add(door: Blueprint, core: Core) -> None:
    """Add the pages."""

    @door.get("/policy/history")
    def policy_history() -> str:
        with core.database.reading() as connection:
            active = policies.active_id(connection)
            offers = policies.history(connection, _MOST)
        newest = next((one for one in offers if one.version and one.version.id == active), None)
        return render_template("dashboard/policy_history.html", offers=offers, active=newest, short=SHORT)

    @door.get("/policy/versions/<sha256>")
    def policy_version(sha256: str) -> str:
        with core.database.reading() as connection:
            version = _version(connection, sha256)
            is_active = version.id == policies.active_id(connection)
            name, text = text_of(connection, version)
            earlier = before(connection, version.id)
        return render_template(
            "dashboard/policy_version.html",
            version=version,
            name=name,
            lines=text.splitlines(),
            is_active=is_active,
            earlier=earlier,
        )

    @door.get("/policy/diff")
    def policy_diff() -> str:
        with core.database.reading() as connection:
            old = _text(core, connection, request.args.get("old", ""))
            new = _text(core, connection, request.args.get("new", ""))
        lines = list(differences(old, new))[2:]
        return render_template("dashboard/policy_diff.html", old=old[0], new=new[0], lines=lines)


def _version(connection: Connection, sha256: str) -> PolicyVersion:
    found = named(connection, sha256)
    if len(found) != 1:
        abort(404)
    return found[0]


def _text(core: Core, connection: Connection, wanted: str) -> Named:
    """Return a version, or the file as it lies there. Aborts with 404 for what is neither."""
    if wanted != _FILE:
        return text_of(connection, _version(connection, wanted))
    try:
        return text_of_file(core)
    except OSError:
        abort(404)
