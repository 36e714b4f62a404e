"""The dashboard in a real browser, on a new machine: `escalator run`, from the first page to the audit's export."""

import json
import os
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.commands.running import Installation

# One browser and one installation serve all of them.
pytestmark = pytest.mark.xdist_group("browser")

PATIENCE_MS = 60_000
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
    "/audit/chain",
    "/reports",
    "/care",
)
FOR_ADMINS = ("/people", "/tokens")


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
    running.end()


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


def test_from_the_first_page_to_the_export(context: BrowserContext, installation: Installation) -> None:
    page = sign_in(context)
    page.evaluate("window.stayed = true")
    installation.sample("self_harm")
    alert = page.locator("#board .row", has_text="Self-harm").first
    expect(alert).to_be_visible()
    expect(alert.locator("time[data-due]")).to_contain_text("in 0:")
    assert page.evaluate("window.stayed"), "it arrived by a reload"

    alert.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Self-harm")
    expect(page.locator(".revealed")).to_have_count(0)
    page.get_by_role("button", name="Show line 1").click()
    expect(page.locator(".revealed").first).to_be_visible()
    page.goto(page.url.partition("/reveal")[0].partition("#")[0])
    expect(page.locator(".revealed")).to_have_count(0)

    page.locator("button[data-verb=acknowledge]").first.click()
    expect(page.locator(".state").first).to_have_text("Acknowledged")
    expect(page.get_by_role("status").first).to_contain_text("is yours now")

    page.goto("/audit?person=ana")
    trail = page.locator("table.trail")
    expect(trail).to_contain_text("Acknowledged by Ana Ruiz")
    expect(trail).to_contain_text("Text revealed by Ana Ruiz")
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON Lines").click()
    exported = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert {"incident.acknowledged", "incident.revealed", "person.signed_in"} <= {line["action"] for line in exported}


def test_by_the_keyboard_alone(context: BrowserContext, installation: Installation) -> None:
    page = context.new_page()
    page.goto("/")
    button = page.get_by_role("button", name="Sign in as Ben Okafor")
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Now")).to_be_visible()
    installation.sample("threat")
    newest = page.locator("#board .row", has_text="Threat").first
    expect(newest.get_by_role("button", name="Acknowledge")).to_be_visible()
    number = newest.get_attribute("data-number")
    here = page.locator(f"#open-{number}")
    for _ in range(20):
        page.keyboard.press("j")
        if here.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("x")
    page.keyboard.press("a")
    expect(page.get_by_role("status").filter(has_text=f"#{number} is yours now")).to_be_visible()
    expect(page.locator(f"#row-{number}")).to_contain_text("Ben Okafor")


def test_on_a_phone_nothing_is_wider_than_the_page(browser: Browser, installation: Installation) -> None:
    installation.sample("threat")
    phone = browser.new_context(base_url=f"http://127.0.0.1:{installation.port}", viewport=PHONE, has_touch=True)
    page = sign_in(phone)
    expect(page.locator("#board .row").first).to_be_visible()
    wide = [path for path in (*PAGES, incident_of(page)) if is_too_wide(page, path)]
    phone.close()
    assert wide == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_every_page(browser: Browser, installation: Installation, scheme: str) -> None:
    installation.sample("self_harm")
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{installation.port}", viewport=DESKTOP, color_scheme=scheme
    )
    # The page's own rules keep what is not ours from running in it; the checker is not ours.
    page = sign_in(context, "Eli Stone")
    expect(page.locator("#board .row").first).to_be_visible()
    found = {path: violations(page, path) for path in ("/sign-in", *PAGES, *FOR_ADMINS, incident_of(page))}
    context.close()
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def incident_of(page: Page) -> str:
    page.goto("/")
    return str(page.locator("#board .row h2 a").first.get_attribute("href"))


def is_too_wide(page: Page, path: str) -> bool:
    page.goto(path)
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def violations(page: Page, path: str) -> list[str]:
    """Return what axe-core finds serious on a page (https://github.com/dequelabs/axe-core)."""
    page.goto(path)
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
