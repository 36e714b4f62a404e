"""Finding values in the tree by patterns, whatever else is wrong with it."""

from collections.abc import Iterator

from escalator.policy.problems import TreePath
from escalator.policy.yaml_reader import Tree

ANY = "*"
EACH = "[]"
BELOW = "**"

Pattern = tuple[str, ...]
"""Keys from the top; ANY stands for every key, EACH for every item of a list, or the value itself if it is none,
BELOW for every text that stands there or deeper."""


def parse_pattern(text: str) -> Pattern:
    """Return the pattern that `routes[].when.category[]` spells."""
    return tuple(text.replace(EACH, f".{EACH}").split("."))


def find_values(tree: Tree, wanted: Pattern, place: TreePath = ()) -> Iterator[tuple[TreePath, Tree]]:
    """Yield every value that the pattern fits, with its place, in the order of the file."""
    if not wanted:
        yield place, tree
    elif wanted[0] == BELOW:
        yield from find_texts(tree, place)
    elif wanted[0] == EACH:
        for at, item in _items(tree, place):
            yield from find_values(item, wanted[1:], at)
    elif isinstance(tree, dict):
        for key in tree if wanted[0] == ANY else [key for key in tree if key == wanted[0]]:
            yield from find_values(tree[key], wanted[1:], (*place, key))


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
