"""Tokens of machines."""

from flask import Blueprint

from escalator.services.core import Core


def add(door: Blueprint, core: Core) -> None:
    """Add the page."""
