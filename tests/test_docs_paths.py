"""Paths, modules and links that the documentation names exist, and its picture is the one that its script draws."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "escalator").rglob("*.md")])
TOP = ("escalator", "web", "workers", "tests", "docs", "benchmarks", "deploy", ".ci")
# A changelog also names what an older release had.
CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md"]


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def named_paths(text: str) -> set[str]:
    """Return what stands in backticks and looks like a path of the repository; placeholders (VENDOR, *) do not."""
    names = re.findall(r"`([\w./-]+/[\w./-]*)`", text)
    return {name for name in names if name.split("/")[0] in TOP and not re.search(r"\b[A-Z]{3,}\b", name)}


@pytest.mark.parametrize("page", CURRENT, ids=page_id)
def test_every_path_in_backticks_exists(page: Path) -> None:
    missing = {name for name in named_paths(page.read_text()) if not (ROOT / name).exists()}
    assert not missing


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text()), target


def test_every_decision_is_in_the_index_and_has_all_parts() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    for record in sorted(folder.glob("[0-9]*.md")):
        assert f"({record.name})" in index
        text = record.read_text()
        missing = [part for part in ("Context", "Decision", "Alternatives", "Consequences") if part not in text]
        assert not missing, record.name


@pytest.mark.parametrize("picture", ["architecture", "performance"])
def test_a_picture_is_what_its_script_draws(picture: str) -> None:
    drawn = runpy.run_path(str(ROOT / "docs" / f"draw_{picture}.py"))["draw"]()
    assert (ROOT / "docs" / f"{picture}.svg").read_text() == drawn


def test_the_search_for_paths_finds_what_is_missing() -> None:
    text = "`escalator/engine/nothing.py`, `web/app.py`, `escalator/channels/VENDOR/`, `GET /incidents`, `docs/`"
    assert named_paths(text) == {"escalator/engine/nothing.py", "web/app.py", "docs/"}


def test_the_architecture_page_names_every_package_of_the_services() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    packages = {folder.parent.name for folder in (ROOT / "escalator" / "services").glob("*/__init__.py")}
    assert packages <= set(re.findall(r"`(\w+)`", page))
