"""Every term of the glossary is in use, and the documentation uses none of the words that it replaces."""

import re
from pathlib import Path

import click
import pytest

from escalator.commands import main

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
# A changelog may quote what an older release said; decisions quote nobody.
PAGES = (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "escalator").rglob("*.md"))
PROSE = [page for page in PAGES if page != GLOSSARY]
TERMS = re.findall(r"^\| \*\*([^|]*)\*\* \|", GLOSSARY.read_text(), re.MULTILINE)


def replaced_words() -> list[str]:
    """Return the single words of the table at the end of the glossary."""
    table = GLOSSARY.read_text().partition("## Words not to use")[2]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", table, re.MULTILINE)[1:]
    return [word for row in rows for word in row.split(", ") if " " not in word]


def prose(text: str) -> str:
    """Return a page without its code, its links' addresses and its HTML comments."""
    text = re.sub(r"```.*?```|^ {4}[^\n]*$|<!--.*?-->", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`|\]\([^)]*\)", "", text)


@pytest.fixture(scope="module")
def in_use() -> str:
    """Return the text in which terms must occur: the product with its pages, and the documentation."""
    folders = [ROOT / name for name in ("escalator", "web", "workers")]
    files = [path for folder in folders for kind in ("*.py", "*.html", "*.yml") for path in folder.rglob(kind)]
    return "\n".join(path.read_text() for path in (*files, *PROSE)).lower()


@pytest.mark.parametrize("term", [word for term in TERMS for word in term.split("**, **")])
def test_every_term_is_in_use(in_use: str, term: str) -> None:
    assert re.search(rf"\b{term.lower().replace(' ', '[ _-]')}", in_use)


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_uses_a_word_that_was_replaced(page: Path) -> None:
    words = "|".join(re.escape(word) for word in replaced_words())
    lines = [line.strip() for line in prose(page.read_text()).splitlines() if re.search(rf"\b({words})\b", line, re.I)]
    assert not lines


def test_the_glossary_has_terms_and_replaced_words() -> None:
    assert len(TERMS) > 50
    assert {"mail", "trouble", "trail", "told"} <= set(replaced_words())


@pytest.mark.parametrize("name", ["starter.yml", "demo.yml"])
def test_no_comment_of_a_shipped_policy_uses_a_word_that_was_replaced(name: str) -> None:
    words = "|".join(re.escape(word) for word in replaced_words())
    comments = re.findall(r"(?:^|\s)#(.*)", (ROOT / "escalator" / "policy" / name).read_text())
    assert comments
    assert not [comment for comment in comments if re.search(rf"\b({words})\b", comment, re.I)]


def test_prose_is_what_stands_outside_of_code() -> None:
    page = "Some `told` words\n\n    told code\n\nmore words\n```\ntold\n```\nthe [end](told.md)\n"
    assert "told" not in prose(page)
    assert {"Some", "more", "end"} <= set(re.findall(r"\w+", prose(page)))


def visible(template: str) -> str:
    """Return a template without its expressions, tags and scripts."""
    return re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}|<(script|style).*?</\1>|<[^>]+>", " ", template, flags=re.DOTALL)


@pytest.mark.parametrize("page", sorted((ROOT / "web" / "templates").rglob("*.html")), ids=lambda page: page.name)
def test_no_screen_uses_a_word_that_was_replaced(page: Path) -> None:
    words = "|".join(re.escape(word) for word in replaced_words())
    lines = visible(page.read_text()).splitlines()
    assert not [line.strip() for line in lines if re.search(rf"\b({words})\b", line, re.I)]


@pytest.mark.parametrize("name", main.list_commands(click.Context(main)))
def test_no_help_of_a_command_uses_a_word_that_was_replaced(name: str) -> None:
    words = "|".join(re.escape(word) for word in replaced_words())
    command = main.get_command(click.Context(main), name)
    assert command is not None
    lines = command.get_help(click.Context(command, info_name=name)).splitlines()
    assert not [line.strip() for line in lines if re.search(rf"\b({words})\b", line, re.I)]
