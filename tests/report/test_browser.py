"""The page in a real browser: accessible, narrow, printed, without scripting, by keyboard alone."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hrv.report import render
from tests.accessibility import axe
from tests.report import builders

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.slow,
]
PAGES = ("healing", "insufficient", "daily_only", "long")


# everything unfolded, of long tables the first rows: the others are built alike
OPENED = """document.querySelectorAll('details').forEach(d => {
  d.open = true;
  [...d.querySelectorAll('tbody tr')].slice(40).forEach(row => row.remove());
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as run:
        started = run.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    return {
        name: render(builders.EVERY[name](), folder / name, ("html",))["html"].as_uri()
        for name in PAGES
    }


def opened(browser: Any, url: str, width: int = 1280, **more: Any) -> Any:
    context = browser.new_context(viewport={"width": width, "height": 900}, **more)
    page = context.new_page()
    page.goto(url)
    return page


@pytest.mark.parametrize(
    ("name", "width", "scheme", "media", "motion"),
    [
        ("healing", 1280, "light", "screen", "no-preference"),
        ("insufficient", 1280, "dark", "screen", "no-preference"),
        ("daily_only", 320, "light", "screen", "no-preference"),
        ("healing", 320, "dark", "screen", "reduce"),
        ("healing", 1280, "light", "print", "no-preference"),
        ("long", 390, "light", "screen", "no-preference"),
    ],
)
def test_axe_finds_nothing(
    browser: Any, pages: dict[str, str], name: str, width: int, scheme: str, media: str, motion: str
) -> None:
    page = opened(browser, pages[name], width, color_scheme=scheme, reduced_motion=motion)
    page.emulate_media(media=media)
    page.evaluate(OPENED)
    page.evaluate(axe())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", tags)
    told = [
        (v["id"], v["help"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found["violations"]
    ]
    page.context.close()
    assert told == []


@pytest.mark.parametrize(("name", "width"), [("healing", 320), ("insufficient", 390)])
def test_nothing_is_wider_than_the_window(
    browser: Any, pages: dict[str, str], name: str, width: int
) -> None:
    page = opened(browser, pages[name], width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_the_policy_blocks_nothing_of_ours_and_nothing_is_fetched(
    browser: Any, pages: dict[str, str]
) -> None:
    context = browser.new_context()
    page = context.new_page()
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages["healing"])
    assert told == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    context.close()


def test_everything_is_there_without_scripting(browser: Any, pages: dict[str, str]) -> None:
    page = opened(browser, pages["healing"], java_script_enabled=False)
    page.locator("#episodes summary").click()
    assert page.locator("#episodes tbody tr").first.is_visible()
    page.context.close()


def test_tables_sort_by_keyboard(browser: Any, pages: dict[str, str]) -> None:
    page = opened(browser, pages["healing"])
    page.locator("#episodes summary").press("Enter")
    rise = page.locator("#episodes th button", has_text="Rise")
    rise.press("Enter")
    cells = page.locator("#episodes tbody tr td:nth-child(3)").all_text_contents()
    values = [float(cell) for cell in cells]
    assert values == sorted(values)
    rise.press("Enter")
    cells = page.locator("#episodes tbody tr td:nth-child(3)").all_text_contents()
    assert [float(cell) for cell in cells] == sorted(values, reverse=True)
    assert rise.locator("..").get_attribute("aria-sort") == "descending"
    page.context.close()


def test_the_first_key_leads_past_the_header(browser: Any, pages: dict[str, str]) -> None:
    page = opened(browser, pages["healing"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.context.close()


def test_print_is_white_and_leaves_out_what_paper_cannot_use(
    browser: Any, pages: dict[str, str], tmp_path: Path
) -> None:
    page = opened(browser, pages["healing"], color_scheme="light")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    page.context.close()


def test_still_motion_is_respected(browser: Any, pages: dict[str, str]) -> None:
    page = opened(browser, pages["healing"], reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.context.close()


def test_pictures_turn_dark_with_the_screen_and_white_on_paper(
    browser: Any, pages: dict[str, str]
) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        page = opened(browser, pages["healing"], color_scheme=scheme)
        picture = page.locator("figure img").first
        picture.scroll_into_view_if_needed()
        seen[scheme] = corner(picture.screenshot())
        page.context.close()
    assert seen == {"light": (255, 255, 255), "dark": (18, 20, 23)}


def corner(png: bytes) -> tuple[int, ...]:
    """Colour of the first pixel."""
    from matplotlib.image import imread

    return tuple(round(255 * float(x)) for x in imread(io.BytesIO(png))[2, 2, :3])


def test_every_control_is_reached_and_seen_by_keyboard(browser: Any, pages: dict[str, str]) -> None:
    page = opened(browser, pages["insufficient"])
    wanted = page.evaluate("document.querySelectorAll('a[href], summary').length")
    reached = set()
    for _ in range(3 * wanted):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(
            "(() => { const e = document.activeElement; if (!['A', 'SUMMARY'].includes(e.tagName)) "
            "return ''; const s = getComputedStyle(e); return s.outlineStyle === 'none' ? '' : "
            "String([...document.querySelectorAll('a[href], summary')].indexOf(e)); })()"
        ))  # fmt: skip
    assert len(reached - {""}) == wanted
    page.context.close()
