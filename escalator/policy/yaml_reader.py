"""YAML text -> a tree in which every scalar is text, with the line of every place in it.

No type is guessed: `18:00`, `NO` and `2026-01-05` stay texts. Aliases and merge keys are followed,
within bounds, so that no short text can become a huge tree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from escalator.policy.problems import PolicyFinding, PolicyProblem, TreePath, dotted_path, quoted

Tree: TypeAlias = "str | None | list[Tree] | dict[str, Tree]"
"""A text, None (`key:` alone), a list or a mapping."""


class Quoted(str):
    """A text that is written in quotes or as a block: it is a text whatever it looks like."""

    __slots__ = ()


MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 40
MAX_VALUES = 50_000

_MERGE = "<<"
_PLAIN_TAGS = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"})
_QUOTE = 'correct this line or the one above it; quote a text that holds ": " or " #" or begins with a sign'


@dataclass(frozen=True, slots=True)
class Document:
    """The tree of a file, and its problems as YAML."""

    tree: dict[str, Tree]
    lines: Mapping[TreePath, int]
    findings: tuple[PolicyFinding, ...] = ()
    is_unreadable: bool = False

    def problem(self, finding: PolicyFinding) -> PolicyProblem:
        """Return the finding with its line; a missing place gets the line of the nearest part that contains it."""
        place = finding.place
        while place and place not in self.lines:
            place = place[:-1]
        return PolicyProblem(
            path=dotted_path(finding.place),
            line=finding.line or self.lines.get(place, 1),
            what=finding.what,
            right=finding.right,
            is_warning=finding.is_warning,
            blocks_production=finding.blocks_production,
        )


class _Unreadable(Exception):  # noqa: N818
    """The text cannot be read; carries the finding."""

    def __init__(self, what: str, right: str, line: int = 1) -> None:
        super().__init__(what)
        self.finding = PolicyFinding((), what, right, line=line)


class _Loader(yaml.SafeLoader):
    """Composes nodes without resolving any scalar to a type, and no deeper than MAX_DEPTH."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012
    depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            line = _line(parent) if parent else 1
            raise _Unreadable(f"is nested more than {MAX_DEPTH} deep", "a policy needs no more than six", line)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_yaml(text: str | bytes) -> Document:
    """Return the tree of a policy file; for an unreadable text a document with one finding and no tree."""
    try:
        node = _compose(_decoded(text))
        reading = _Reading()
        tree = reading.top(node)
    except _Unreadable as error:
        return Document({}, {}, (error.finding,), is_unreadable=True)
    return Document(tree, reading.lines, tuple(reading.findings))


def _decoded(text: str | bytes) -> str:
    if len(text) > MAX_CHARACTERS:
        raise _Unreadable(f"is longer than {MAX_CHARACTERS} characters", "a policy is a few hundred lines")
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise _Unreadable("is not UTF-8", "save the file as UTF-8", line) from error


def _compose(text: str) -> Node | None:
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _Unreadable(f"holds the character U+{ord(text[error.position]):04X}", "remove it", line) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what, right = _syntax(error)
        raise _Unreadable(what, right, mark.line + 1 if mark else 1) from error


def _syntax(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    problem = error.problem or "a syntax error"
    if r"'\t'" in problem:
        return "a tab stands where YAML allows only spaces", "indent with spaces"
    if "expected a single document" in (error.context or ""):
        return "holds more than one YAML document", "remove the line `---` between them"
    context = f"{error.context}, " if error.context else ""
    return f"is not YAML: {context}{problem}", _QUOTE


class _Reading:
    """One walk over the nodes; collects lines and findings."""

    def __init__(self) -> None:
        self.lines: dict[TreePath, int] = {}
        self.findings: list[PolicyFinding] = []
        self._depth = 0
        self._values = 0

    def top(self, node: Node | None) -> dict[str, Tree]:
        if node is None or (isinstance(node, ScalarNode) and not node.value):
            raise _Unreadable("is empty", "`escalator init` writes a commented policy to begin with")
        if not isinstance(node, MappingNode):
            raise _Unreadable("is not a mapping", "begin with keys such as `version: 1`", _line(node))
        return self._mapping(node, ())

    def _value(self, node: Node, place: TreePath) -> Tree:
        self._bound(node)
        if node.tag not in _PLAIN_TAGS:
            self._add_finding(
                place, node, f"the tag {quoted(node.tag)} is not supported", "write the value without a tag"
            )
        self._depth += 1
        value: Tree
        if isinstance(node, MappingNode):
            value = self._mapping(node, place)
        elif isinstance(node, SequenceNode):
            value = list(self._items(node, place))
        else:
            value = _scalar(node)
        self._depth -= 1
        return value

    def _items(self, node: SequenceNode, place: TreePath) -> Iterator[Tree]:
        for index, item in enumerate(node.value):
            self.lines[(*place, index)] = _line(item)
            yield self._value(item, (*place, index))

    def _mapping(self, node: MappingNode, place: TreePath) -> dict[str, Tree]:
        result: dict[str, Tree] = {}
        for merged in reversed(list(self._merged(node, place))):
            self._bound(merged)
            self._depth += 1
            result.update(self._mapping(merged, place))
            self._depth -= 1
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, place, first)
            if key is None or (not place and key.startswith("x-")):
                continue
            self.lines[(*place, key)] = _line(key_node)
            result[key] = self._value(value_node, (*place, key))
        return result

    def _merged(self, node: MappingNode, place: TreePath) -> Iterator[MappingNode]:
        for key_node, value_node in node.value:
            if not _is_merge(key_node):
                continue
            for source in value_node.value if isinstance(value_node, SequenceNode) else [value_node]:
                if isinstance(source, MappingNode):
                    yield source
                else:
                    self._add_finding(place, key_node, "merges something that is not a mapping", "write `<<: *anchor`")

    def _key(self, node: Node, place: TreePath, first: dict[str, int]) -> str | None:
        """Return the key if it is new and a text; `first` remembers where each was written."""
        if _is_merge(node):
            return None
        if not isinstance(node, ScalarNode):
            self._add_finding(place, node, "a key is a list or a mapping", "quote a text that begins with { or [")
            return None
        key = str(node.value)
        if key in first:
            what = f"is written twice, in line {first[key]} and in line {_line(node)}"
            self._add_finding((*place, key), node, what, "keep one of the two")
            return None
        first[key] = _line(node)
        return key

    def _bound(self, node: Node) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            raise _Unreadable(f"its aliases unfold to more than {MAX_VALUES} values", "use fewer aliases", _line(node))
        if self._depth > MAX_DEPTH:
            raise _Unreadable("an alias contains itself, or too many others", "write the value itself", _line(node))

    def _add_finding(self, place: TreePath, node: Node, what: str, right: str) -> None:
        self.findings.append(PolicyFinding(place, what, right, line=_line(node)))


def _is_merge(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value == _MERGE and node.style is None


def _scalar(node: Node) -> str | None:
    """Return the text as written, in quotes or without; None for a value that is not there (`key:` alone)."""
    text, style = str(node.value), getattr(node, "style", None)
    if style is not None:
        return Quoted(text)
    return text or None


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
