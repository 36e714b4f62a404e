"""The first page: what is open, by urgency."""

from flask import Blueprint, render_template

from escalator.services.core import Core


def add(door: Blueprint, core: Core) -> None:  # noqa: ARG001
    """Add the page."""

    @door.get("/")
    def now() -> str:
        return render_template("dashboard/now.html")
