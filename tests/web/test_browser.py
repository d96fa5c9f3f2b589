"""The page in a real Chromium, driven as a person would: mouse, keyboard, no scripting, narrow."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.accessibility import axe
from tests.web.live import Live, live
from tests.web.test_worker import SAMPLES, packed

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.slow,
]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
PATIENCE_MS = 120_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as run:
        started = run.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "my whoop.zip"
    path.write_bytes(packed(SAMPLES / "whoop"))
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "<b>letter<b>.txt"
    path.write_text("Dear Anna\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def done(browser: Any, page: Live, export: Path) -> str:
    """The address of a finished upload, sent by mouse with scripting."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    told: list[str] = []
    foreign: list[str] = []
    tab = context.new_page()
    tab.on("console", lambda message: told.append(message.text))
    tab.on("pageerror", lambda error: told.append(str(error)))
    tab.on("request", lambda r: None if r.url.startswith(page.url) else foreign.append(r.url))
    tab.goto(page.url)
    tab.set_input_files("#files", [str(export)])
    tab.get_by_role("button", name="Analyse").click()
    tab.wait_for_selector("#progress")
    tab.wait_for_selector("text=Read the full report", timeout=PATIENCE_MS)
    address = str(tab.url)
    assert told == []
    assert foreign == []
    context.close()
    return address


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("where", ["", "formats", "nothing", "upload", "compare"])
def test_axe_finds_nothing(browser: Any, page: Live, done: str, where: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    tab = context.new_page()
    tab.goto(done if where == "upload" else page.url + where)
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    tab.evaluate(axe())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = tab.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", tags)
    context.close()
    assert [(v["id"], [n["html"][:150] for n in v["nodes"][:3]]) for v in found["violations"]] == []


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_nothing_is_wider_than_the_window(browser: Any, page: Live, done: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    tab = context.new_page()
    for address in (page.url, done, page.url + "formats"):
        tab.goto(address)
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, address
    context.close()


def test_the_report_opens_whole_under_its_own_policy(browser: Any, done: str) -> None:
    context = browser.new_context()
    tab = context.new_page()
    told: list[str] = []
    tab.goto(done)
    with context.expect_page() as opened:
        tab.get_by_role("link", name="Read the full report").click()
    report = opened.value
    report.on("console", lambda message: told.append(message.text))
    report.reload()
    assert report.locator("h1").is_visible()
    assert report.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert report.evaluate("getComputedStyle(document.body).maxWidth !== ''")
    assert told == []
    with tab.expect_download() as got:
        tab.get_by_role("link", name="Two pages to print").click()
    assert got.value.suggested_filename.endswith(".pdf")
    assert Path(got.value.path()).read_bytes().startswith(b"%PDF")
    context.close()


def test_it_works_without_scripting_and_without_a_mouse(
    browser: Any, page: Live, export: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(page.url)
    tab.set_input_files("#files", [str(export)])
    tab.get_by_role("button", name="Analyse").press("Enter")
    tab.wait_for_selector("progress")
    tab.wait_for_selector("text=Read the full report", timeout=PATIENCE_MS)
    tab.fill("#label", "<i>conflict</i>")
    tab.fill("#start_date", "2024-01-02")
    tab.locator("#label").press("Enter")
    tab.wait_for_selector("text=Not in the report yet: 1")
    assert tab.get_by_text("<i>conflict</i>").is_visible()
    tab.get_by_role("button", name="Remove").press("Enter")
    tab.wait_for_selector("text=No tags of your own yet")
    address = tab.url
    tab.get_by_role("button", name="Delete this upload").press("Enter")
    tab.wait_for_selector("h1")
    tab.goto(address)
    assert tab.get_by_text("There is nothing here").is_visible()
    context.close()


def test_a_wrong_file_is_told_with_the_way_out(browser: Any, page: Live, wrong: Path) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.url)
    tab.set_input_files("#files", [str(wrong)])
    tab.get_by_role("button", name="Analyse").click()
    tab.wait_for_selector("text=could not be analysed", timeout=PATIENCE_MS)
    assert tab.get_by_text("no known format").first.is_visible()
    assert tab.locator("b", has_text="letter").count() == 0
    context.close()


def test_nothing_chosen_is_told_by_the_button(browser: Any, page: Live) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.url)
    tab.get_by_role("button", name="Analyse").click()
    tab.wait_for_selector("#upload-wrong:visible")
    assert "Choose a file" in tab.inner_text("#upload-wrong")
    assert tab.evaluate("document.activeElement.id") == "files"
    context.close()


def test_files_can_be_dropped(browser: Any, page: Live) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.url)
    tab.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["Dear Anna"], "letter.txt"));
          dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
        }"""
    )
    tab.wait_for_selector("text=1 files dropped")
    tab.get_by_role("button", name="Analyse").click()
    tab.wait_for_selector("text=letter.txt")
    context.close()


def test_the_first_key_leads_past_the_header_and_focus_is_seen(browser: Any, page: Live) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.url)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    for _ in range(4):
        tab.keyboard.press("Tab")
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    context.close()


def test_another_site_can_neither_send_nor_read_nor_frame(
    browser: Any, page: Live, done: str, tmp_path: Path
) -> None:
    site = tmp_path / "evil.html"
    site.write_text(
        f"""<form method=post action="{done}/delete"><input name=token value=x></form>
        <iframe src="{page.url}"></iframe><img id=i src="{page.url}static/icon.svg">""",
        encoding="utf-8",
    )
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.url)
    tab.goto(site.as_uri())
    assert tab.evaluate("document.getElementById('i').naturalWidth") == 0
    assert tab.evaluate(f"fetch('{done}/state').then(() => 'read', () => 'blocked')") == "blocked"
    tab.evaluate("document.forms[0].submit()")
    tab.wait_for_selector("text=did not come from the page itself")
    tab.goto(done)
    assert tab.get_by_text("Read the full report").is_visible()
    context.close()
