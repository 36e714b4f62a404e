"""Find values in the tree by patterns, also in a tree with mistakes."""

from collections.abc import Iterator

from escalator.policy.problems import TreePath
from escalator.policy.yaml_reader import Tree

ANY = "*"
EACH = "[]"
BELOW = "**"

Pattern = tuple[str, ...]
"""Keys from the top; ANY matches every key, EACH every item of a list, or the value itself if it is no list, BELOW
every text at that place or deeper."""


def parse_pattern(text: str) -> Pattern:
    """Return the pattern that `routes[].when.category[]` spells."""
    return tuple(text.replace(EACH, f".{EACH}").split("."))


def find_values(tree: Tree, pattern: Pattern, place: TreePath = ()) -> Iterator[tuple[TreePath, Tree]]:
    """Yield every value that matches the pattern, with its place, in the order of the file."""
    if not pattern:
        yield place, tree
    elif pattern[0] == BELOW:
        yield from find_texts(tree, place)
    elif pattern[0] == EACH:
        for at, item in _items(tree, place):
            yield from find_values(item, pattern[1:], at)
    elif isinstance(tree, dict):
        for key in tree if pattern[0] == ANY else [key for key in tree if key == pattern[0]]:
            yield from find_values(tree[key], pattern[1:], (*place, key))


def find_texts(tree: Tree, place: TreePath = ()) -> Iterator[tuple[TreePath, str]]:
    """Yield every text of the tree with its place, in the order of the file."""
    if isinstance(tree, str):
        yield place, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from find_texts(value, (*place, key))
    else:
        for index, value in enumerate(tree or ()):
            yield from find_texts(value, (*place, index))


def _items(tree: Tree, place: TreePath) -> Iterator[tuple[TreePath, Tree]]:
    if isinstance(tree, list):
        yield from (((*place, index), item) for index, item in enumerate(tree))
    elif tree is not None:
        yield place, tree
