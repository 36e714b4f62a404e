"""Descriptions and comments in both of Jira's forms: ADF on Cloud, wiki text on Data Center.

Text stays text in both, also characters that are markup in Jira. ADF:
developer.atlassian.com/cloud/jira/platform/apis/document/structure. Wiki text: /secure/WikiRendererHelpAction.jspa of
any Jira; a character is taken out of the markup by writing it as an HTML entity, which also works for the backslash.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from escalator.channels.jira import limits
from escalator.channels.jira.api import Document, Flavour
from escalator.channels.jira.card_lines import Run, runs
from escalator.model.message import Line
from escalator.rendering.redaction import one_line
from escalator.rendering.truncate import MORE, utf16

_MARKUP = re.compile(
    r"[\\&{}\[\]!*+^~?|()<>@]"  # macros, links, pictures, bold, inserted, super- and subscript, tables, emoticons
    r"|[:;](?![\s\d])"  # emoticons, and addresses that would become links
    r"|(?<![^\W_])[-_]|[-_](?![^\W_])"  # struck out, emphasised, rules and lists; inside a word they mean nothing
    r"|#(?!\d)|(?<=h[1-6])\.|(?<=bq)\."  # numbered lists, headings and quotes
)
_SAFE_IN_LINK = "-._~:/?#@$&'()+,;=%"


def document(flavour: Flavour, lines: Sequence[Line]) -> Document:
    """Return lines as paragraphs; the last ones are left out where the document would be too long for Jira."""
    paragraphs = [text_runs for line in lines if (text_runs := runs(line))]
    rendered = _render(flavour, paragraphs)
    while size(rendered) > limits.DOCUMENT:
        paragraphs = [*paragraphs[:-2], (Run(MORE),)]
        rendered = _render(flavour, paragraphs)
    return rendered


def marked(flavour: Flavour, text: str, marker: str) -> Document:
    """Return a comment with its text and its marker."""
    return _render(flavour, [runs((text,)), (Run(marker),)])


def summary(text: str) -> str:
    """Return an issue's summary: one line, never empty, because Jira refuses that."""
    return one_line(text, limits.SUMMARY, utf16) or MORE


def size(document_: Document) -> int:
    """Return the length of a document in the units of `limits`."""
    return utf16(document_ if isinstance(document_, str) else json.dumps(document_, ensure_ascii=False))


def text_of(document_: Document) -> str:
    """Return texts and links of a document, to compare two: Jira adds attributes to ADF."""
    if isinstance(document_, str):
        return document_.replace("\r\n", "\n").strip()
    return "\n".join("".join(_texts(block)) for block in _list(document_, "content")).strip()


def _render(flavour: Flavour, paragraphs: Sequence[Sequence[Run]]) -> Document:
    if flavour is Flavour.DATA_CENTER:
        return "\n\n".join("".join(_wiki(run) for run in paragraph) for paragraph in paragraphs)
    return {"type": "doc", "version": 1, "content": [_paragraph(paragraph) for paragraph in paragraphs]}


def _wiki(run: Run) -> str:
    text = _MARKUP.sub(lambda match: f"&#{ord(match.group())};", run.text)
    return text if run.url is None else f"[{text}|{quote(run.url, safe=_SAFE_IN_LINK)}]"


def _paragraph(paragraph: Sequence[Run]) -> dict[str, Any]:
    return {"type": "paragraph", "content": [_node(run) for run in paragraph]}


def _node(run: Run) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "text", "text": run.text}
    return node if run.url is None else node | {"marks": [{"type": "link", "attrs": {"href": run.url}}]}


def _texts(node: object) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    if isinstance(node.get("text"), str):
        yield node["text"]
    for mark in _list(node, "marks"):
        if isinstance(mark, dict) and mark.get("type") == "link":
            attributes = mark.get("attrs")
            yield f"<{attributes.get('href', '') if isinstance(attributes, dict) else ''}>"
    for inner in _list(node, "content"):
        yield from _texts(inner)


def _list(node: object, name: str) -> list[Any]:
    value = node.get(name) if isinstance(node, dict) else None
    return value if isinstance(value, list) else []
