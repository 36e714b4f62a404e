"""What Jira refuses: fields of an issue and documents, by the rules of both its REST APIs.

ADF: developer.atlassian.com/cloud/jira/platform/apis/document/structure, and the pages of its nodes and marks. Nodes
that the product has no use for are refused as unknown ones are.
"""

import json
import re

MAX_SUMMARY = 255
MAX_TEXT = 32_767
MAX_LABEL = 255

_INLINE = {"text", "hardBreak"}
_BLOCKS = {"paragraph", "bulletList", "orderedList", "codeBlock", "rule", "heading", "blockquote"}
_CONTENT = {
    "doc": _BLOCKS,
    "paragraph": _INLINE,
    "heading": _INLINE,
    "bulletList": {"listItem"},
    "orderedList": {"listItem"},
    "listItem": {"paragraph", "bulletList", "orderedList", "codeBlock"},
    "blockquote": {"paragraph"},
    "codeBlock": {"text"},
}
_NEEDS_CONTENT = {"bulletList", "orderedList", "listItem", "blockquote"}
_KEYS = {
    "doc": {"type", "version", "content"},
    "text": {"type", "text", "marks"},
    "heading": {"type", "attrs", "content"},
    "rule": {"type"},
    "hardBreak": {"type"},
}
_MARKS = {"strong", "em", "code", "strike", "underline", "link"}


NAMES = {"customfield_10042": "Team", "customfield_10050": "Points"}
"""What custom fields are called."""
NUMBERS, OPTIONS = {"customfield_10050"}, {"customfield_10060"}
"""Which custom fields take numbers, and which an option: a mapping with its `value` or `id`."""


def create_fields(screen, required, defaults):
    """Return the create metadata of fields. What every issue needs is required besides."""
    always = {"project", "issuetype", "summary"}
    return [
        {
            "fieldId": one,
            "name": NAMES.get(one, one.capitalize()),
            "required": one in required | always,
            "hasDefaultValue": one in defaults,
        }
        for one in sorted(screen)
    ]


def issue_problems(fields, project_types, screen, is_cloud, required=frozenset()):
    """Return {field: message} for the fields of a new issue; `project_types` is {project: types}."""
    problems = {
        name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
        for name in fields
        if name not in screen
    }
    types = project_types.get(_of(fields.get("project"), "key"))
    if types is None:
        problems["project"] = "valid project is required"
    elif _of(fields.get("issuetype"), "name") not in types:
        problems["issuetype"] = "Specify a valid issue type"
    if "summary" not in fields:
        problems["summary"] = "You must specify a summary of the issue."
    problems |= {one: f"{NAMES.get(one, one)} is required." for one in required if one not in fields}
    problems |= _custom_problems(fields)
    return problems | edit_problems(fields, screen, is_cloud)


def _custom_problems(fields):
    """Return what is wrong with the values of custom fields: Jira makes no number and no option of a text."""
    wrong = {one: "Operation value must be a number" for one in NUMBERS & fields.keys() if not _is_number(fields[one])}
    options = {one for one in OPTIONS & fields.keys() if not isinstance(fields[one], dict)}
    return wrong | dict.fromkeys(options, "Specify a valid 'id' or 'name'")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def edit_problems(fields, screen, is_cloud):
    """Return {field: message} for fields that are set, in a new issue or in one that stands."""
    problems = {
        name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
        for name in fields
        if name not in screen
    }
    checks = {
        "summary": _summary_problem,
        "description": lambda value: document_problem(value, is_cloud),
        "labels": _labels_problem,
    }
    for name, check in checks.items():
        problem = check(fields[name]) if name in fields else None
        if problem:
            problems[name] = problem
    return problems


def document_problem(document, is_cloud):
    """Return why a description or comment is refused, or None."""
    if not is_cloud:
        if not isinstance(document, str):
            return "Operation value must be a string"
        return f"The entered text is too long, {document!r:.40}" if _units(document) > MAX_TEXT else None
    if not isinstance(document, dict):
        return "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
    if _units(json.dumps(document, ensure_ascii=False)) > MAX_TEXT:
        return "CONTENT_LIMIT_EXCEEDED"
    problems = adf_problems(document)
    return f"INVALID_INPUT: {problems[0]}" if problems else None


def adf_problems(document):
    """Return what is wrong with an ADF document."""
    if document.get("type") != "doc" or document.get("version") != 1 or "content" not in document:
        return ["doc: type, version 1 and content are required"]
    return list(_node_problems(document))


def _node_problems(node):
    if not isinstance(node, dict) or node.get("type") not in {*_CONTENT, "text", "rule", "hardBreak"}:
        yield f"unknown node {node!r:.60}"
        return
    kind = node["type"]
    extra = set(node) - _KEYS.get(kind, {"type", "content"})
    if extra:
        yield f"{kind}: unknown {sorted(extra)}"
    if kind == "text":
        yield from _text_problems(node)
    if kind == "heading" and node.get("attrs", {}).get("level") not in range(1, 7):
        yield "heading: level"
    yield from _content_problems(kind, node.get("content"))


def _content_problems(kind, content):
    if content is None:
        if kind in _NEEDS_CONTENT:
            yield f"{kind}: content is required"
        return
    if not isinstance(content, list) or (kind in _NEEDS_CONTENT and not content):
        yield f"{kind}: content"
        return
    for inner in content:
        if not isinstance(inner, dict) or inner.get("type") not in _CONTENT.get(kind, ()):
            yield f"{kind}: may not hold {inner!r:.60}"
        else:
            yield from _node_problems(inner)


def _text_problems(node):
    text = node.get("text")
    if not isinstance(text, str) or not text:
        yield "text: at least one character"
    for mark in node.get("marks", []):
        if not isinstance(mark, dict) or mark.get("type") not in _MARKS:
            yield f"text: unknown mark {mark!r:.60}"
        elif mark["type"] == "link" and not re.match(r"https?://[^\s/]+", mark.get("attrs", {}).get("href", "")):
            yield "link: href"


def _summary_problem(summary):
    if not isinstance(summary, str) or not summary.strip():
        return "You must specify a summary of the issue."
    if "\n" in summary or "\r" in summary:
        return "The summary is invalid because it contains newline characters."
    return "Summary must be less than 255 characters." if _units(summary) > MAX_SUMMARY else None


def _labels_problem(labels):
    if not isinstance(labels, list) or not all(isinstance(one, str) for one in labels):
        return "data was not an array of strings"
    if any(re.search(r"\s", one) or not one for one in labels):
        return f"The label '{labels[0]}' contains spaces which is invalid."
    return "The label is too long" if any(_units(one) > MAX_LABEL for one in labels) else None


def _units(text):
    """Return how long a text is for a program in Java."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _of(value, name):
    return value.get(name) if isinstance(value, dict) else None
