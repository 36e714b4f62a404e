"""Categories are named without regard to case, spaces, hyphens and underscores: `Self-Harm` is `self_harm`."""

from collections.abc import Mapping

from escalator.model.facts import normalized
from escalator.policy.yaml_reader import Tree

_SECTIONS = ("routes", "feeds", "silences", "digests")
_CONDITIONS = ("when", "unless")
_CATEGORY = "category"


def with_declared_categories(tree: dict[str, Tree]) -> dict[str, Tree]:
    """Return the tree in which conditions and silences name each category by its key.

    Everything else looks a category up by its key: who may see it, which route takes it, what a silence covers.
    """
    categories = tree.get("categories")
    if not isinstance(categories, dict):
        return tree
    # Of two keys that read the same, which is refused elsewhere, each keeps its own name.
    keys = {normalized(key): key for key in categories} | {key: key for key in categories}
    sections = {name: _in_section(tree[name], keys) for name in _SECTIONS if name in tree}
    return tree | sections


def _in_section(section: Tree, keys: Mapping[str, str]) -> Tree:
    return [_in_entry(entry, keys) for entry in section] if isinstance(section, list) else section


def _in_entry(entry: Tree, keys: Mapping[str, str]) -> Tree:
    if not isinstance(entry, dict):
        return entry
    changed = {name: _in_entry(entry[name], keys) for name in _CONDITIONS if name in entry}
    if _CATEGORY in entry:
        changed[_CATEGORY] = _declared(entry[_CATEGORY], keys)
    return entry | changed


def _declared(named: Tree, keys: Mapping[str, str]) -> Tree:
    if isinstance(named, list):
        return [_declared(name, keys) for name in named]
    if not isinstance(named, str):
        return named
    return keys.get(named) or keys.get(normalized(named), named)
