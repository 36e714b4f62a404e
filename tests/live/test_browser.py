"""The dashboard in a real browser, on a new machine: `escalator run` in a sandbox, from the first page to the export."""

import os
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.commands.test_run_live import Installation

PATIENCE_MS = 20_000
DESKTOP, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SERIOUS = frozenset({"serious", "critical"})
PAGES = (
    "/",
    "/incidents",
    "/oncall",
    "/policy",
    "/policy/explain",
    "/policy/history",
    "/audit",
    "/audit/week",
    "/reports",
)


def chromium() -> str:
    """Where Debian's browser is; `make browser` installs it. In CI its absence is a failure, elsewhere a reason."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None and not os.environ.get("CI"):
        pytest.skip("there is no Chromium here: apt install chromium")
    assert found, "there is no Chromium here: `make browser` installs it"
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Root may not use Chromium's own sandbox.
        opened = playwright.chromium.launch(executable_path=chromium(), args=QUIET, chromium_sandbox=os.geteuid() != 0)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    running = Installation(tmp_path_factory.mktemp("installation"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def context(browser: Browser, installation: Installation) -> Iterator[BrowserContext]:
    """A browser that nobody has used before."""
    address = f"http://127.0.0.1:{installation.port}"
    opened = browser.new_context(base_url=address, viewport=DESKTOP, accept_downloads=True)
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


def sign_in(context: BrowserContext, name: str = "Ana Ruiz") -> Page:
    """Open the first page, and say who we are where it sends us."""
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name=f"Sign in as {name}").click()
    expect(page.get_by_role("heading", level=1, name="Now")).to_be_visible()
    return page


def alerts(page: Page):
    return page.get_by_role("link", name="#")


def test_from_the_first_page_to_the_audit(context, installation):
    page = sign_in(context)
    page.evaluate("window.stayed = true")
    installation.sample("self_harm")
    row = page.get_by_text("Self-harm").first
    expect(row).to_be_visible(timeout=PATIENCE_MS)
    assert page.evaluate("window.stayed"), "the alert arrived without a reload"
    row.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Self-harm")
    return page
