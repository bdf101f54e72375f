"""The page of `logwinnow report` in a real browser: nothing of a log runs, all of it is shown, everybody can use it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from filled_sink import files_sink, fill, published
from playwright.sync_api import Browser, Page, expect, sync_playwright

from commands.__main__ import main
from commands.comparing.difference import Difference, difference, two_versions
from commands.comparing.measured import of_sink
from commands.reporting.page import render
from commands.reporting.read_files import FilesReader
from patterns.store import Store
from patterns.terminal import printable
from streaming.config import FilesSinkConfig, SinkConfig
from training.fetched.time_range import ANY_TIME

# Chromium asks its maker for news otherwise; a page's own requests are what is looked at here.
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

RUNS = "document.title='ran';window.ran=1;"

HOSTILE = [
    f"<script>{RUNS}</script>",
    f"</script><script>{RUNS}</script>",
    f"</title></style></svg></table><script>{RUNS}</script>",
    f"<img src=x onerror={RUNS}>",
    f"<img src=http://127.0.0.1:9/x.png><svg onload={RUNS}>",
    f'" onmouseover="{RUNS}" autofocus onfocus="{RUNS}" x="',
    f"' onclick='{RUNS}' style='background:url(http://127.0.0.1:9/x)'",
    f"<a href=javascript:{RUNS}>click</a>",
    f"<iframe srcdoc=<script>{RUNS}</script>></iframe><link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    "<meta http-equiv=refresh content=0;url=http://127.0.0.1:9/>",
    "<base href=http://127.0.0.1:9/><form action=http://127.0.0.1:9/><button>send",
    "{{ 7*7 }} {% raw %} ${7*7} {# comment #}",
    "a\u2028b\u2029c \u202eevil\u202c \u2066x\u2069 \u200f\ufeff",
    "nul \x00 esc \x1b[31m bell \x07 del \x7f c1 \x9b end",
    "&lt;b&gt; &amp; &#x3c; <!-- ]]> -->",
    "<plaintext> <textarea> <xmp> <noscript>",
    "שלום עולם 漢字 größe 🙂 e\u0301",
]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""A program with a digit in its name is one of several that are alike."""

PATTERNS = [
    ("sshd", "Accepted password for *{1,1} from *{1,1}"),
    ("evil", "known <img onerror <script>x *{1,1} </script>"),
    *((f"known-{letter}", "job *{1,1} done") for letter in LETTERS),
]


def lines() -> list[bytes]:
    """Return lines of known kinds over a day, and hostile ones as messages, programs and hosts."""
    head = "2026-11-27T{:02}:{:02}:00Z"
    rows = [
        f"{head.format(n % 24, n % 60)} web{n % 3} sshd[1]: Accepted password for u from 10.0.0.{n}" for n in range(300)
    ]
    for n, text in enumerate(HOSTILE):
        rows += [f"{head.format(n, 1)} h{n} odd-{LETTERS[n]}[1]: {text}"] * (n + 1)
        word = text.replace(" ", "\u00a0")[:40]
        rows.append(f"{head.format(n, 2)} {word} tag-{LETTERS[n]}[1]: a host of its own {n}")
        rows.append(f"<13>1 {head.format(n, 3)} h {word} - - - a program of its own")
    rows += [f"{head.format(3, n)} h evil[1]: known <img onerror <script>x {n} </script>" for n in range(12)]
    rows += [f"{head.format(4, n)} h known-{letter}[1]: job {n} done" for n, letter in enumerate(LETTERS)]
    return [row.encode() for row in rows]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> FilesReader:
    """A sink with hostile lines."""
    folder = tmp_path_factory.mktemp("sink")
    published(folder / "patterns", PATTERNS)
    fill(files_sink(folder / "out"), folder / "patterns", lines())
    return FilesReader(str(folder / "out"), ANY_TIME, lambda _lines, _done, _size: None)


@pytest.fixture(scope="module")
def changes(reader: FilesReader, tmp_path_factory: pytest.TempPathFactory) -> Difference:
    """What a set changes that knows the hostile lines, tried on all."""
    folder = tmp_path_factory.mktemp("sets")
    for name, some, how in (("few.log", lines()[:300], []), ("all.log", lines(), ["--propose"])):
        (folder / name).write_bytes(b"\n".join(some) + b"\n")
        assert main(["train", str(folder / name), "--store", str(folder / "store"), "--quiet", *how]) == 0
    store = Store(str(folder / "store"))
    sink = SinkConfig(files=FilesSinkConfig(reader.figures.place.removeprefix("the files below ")))
    return difference(
        store,
        two_versions(store, "current", None),
        lambda judges: of_sink(sink, ANY_TIME, store, judges, lambda _lines, _done, _size: None),
    )


@pytest.fixture(scope="module")
def file(reader: FilesReader, changes: Difference, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page."""
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(render(reader, datetime.now(UTC), changes), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=60_000)
    with sync_playwright() as started:
        # The sandbox wants rights that a container does not have.
        browser = started.chromium.launch(executable_path=chromium, args=ARGUMENTS, chromium_sandbox=False)
        yield browser
        browser.close()


class Watched:
    """A page that was opened, and what it did meanwhile."""

    def __init__(self, page: Page, file: Path) -> None:
        page.set_default_timeout(120_000)
        self.page = page
        self.requests: list[str] = []
        self.said: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        self.blocked: dict[str, str | None] = {}
        page.on("requestfailed", lambda request: self.blocked.update({request.url: request.failure}))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: self.said.append(dialog.message))
        page.goto(file.as_uri())
        self.opened = file.as_uri()


@pytest.fixture
def watched(browser: Browser, file: Path) -> Iterator[Watched]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield Watched(page, file)
    page.close()


def show_all(page: Page) -> None:
    while page.locator(".more:not([hidden])").count():
        page.locator(".more:not([hidden])").first.click()


def test_nothing_of_a_log_runs_and_nothing_is_fetched(watched: Watched) -> None:
    page = watched.page
    show_all(page)
    for cell in page.locator("#shapes .said").all():
        cell.hover()
        cell.click()
    assert page.evaluate("window.ran") is None
    assert page.title().startswith("Log report")
    assert watched.requests == [watched.opened]
    assert watched.said == []
    assert page.locator("body script, head script").count() == 1
    assert page.locator("img, iframe, form, base, link, object, embed, textarea, noscript").count() == 0
    assert page.url == watched.opened


def test_no_element_has_a_handler_or_a_style_of_its_own(watched: Watched) -> None:
    attributes = watched.page.evaluate(
        "[...new Set([...document.querySelectorAll('*')].flatMap((each) => each.getAttributeNames()))]"
    )
    assert not [
        name for name in attributes if name.startswith("on") or name in {"style", "src", "srcdoc", "formaction"}
    ]
    links = watched.page.evaluate("[...document.querySelectorAll('[href]')].map((each) => each.getAttribute('href'))")
    assert {link[0] for link in links} == {"#"}


@pytest.mark.parametrize("script", [RUNS, "fetch('http://127.0.0.1:9/')"])
def test_the_policy_alone_would_stop_a_script_that_got_in(script: str, watched: Watched) -> None:
    # With neither Jinja's escaping nor `printable`: what the policy is there for.
    watched.page.evaluate(
        """(script) => {
            const added = document.createElement('script');
            added.textContent = script;
            document.body.append(added);
            const image = document.createElement('img');
            image.setAttribute('onerror', script);
            image.src = 'http://127.0.0.1:9/x.png';
            document.body.append(image);
        }""",
        script,
    )
    watched.page.wait_for_function("document.querySelector('img').complete")
    assert watched.page.evaluate("window.ran") is None
    assert watched.blocked == {"http://127.0.0.1:9/x.png": "csp"}
    assert any("Content Security Policy" in text for text in watched.said)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_line_is_shown_as_it_is(number: int, watched: Watched) -> None:
    page = watched.page
    show_all(page)
    row = page.locator("#shapes tbody tr", has=page.get_by_text(f"odd-{LETTERS[number]}", exact=True))
    said = row.locator(".log").first.evaluate(
        """(log) => {
            const copy = log.cloneNode(true);
            copy.querySelectorAll('.hidden').forEach((each) => each.remove());
            return copy.textContent;
        }"""
    )
    assert said == printable(HOSTILE[number])
    assert said.isprintable()


def test_all_text_of_the_page_can_be_seen(watched: Watched) -> None:
    text = watched.page.evaluate("document.body.textContent")
    strange = {character for character in text if printable(character) != character} - {"\n"}
    assert strange == set()


def test_a_pattern_that_is_markup_is_shown_as_text(watched: Watched) -> None:
    shown = watched.page.locator("#patterns-table .log", has_text="onerror").inner_text()
    assert shown == "known <img onerror <script>x *{1,1} </script>"


def test_filter_shows_the_rows_that_have_all_words(watched: Watched) -> None:
    page = watched.page
    rows = page.locator("#shapes tbody tr:not([hidden])")
    every = page.locator("#shapes tbody tr").count()
    page.get_by_label("Filter outliers").fill("ONERROR  img")
    expect(rows).not_to_have_count(25)
    assert {"onerror" in text and "img" in text for text in rows.all_text_contents()} == {True}
    expect(page.locator("#shown-shapes")).to_have_text(re.compile(rf"^\d+ of {every}$"))
    page.get_by_label("Filter outliers").fill("no such word anywhere")
    expect(rows).to_have_count(0)
    expect(page.get_by_text("No outlier shape has that.")).to_be_visible()
    page.get_by_label("Filter outliers").fill("")
    expect(rows).to_have_count(25)
    page.locator("#more-shapes").click()
    expect(rows).to_have_count(every)


def cells(page: Page, table: str, column: int) -> list[str]:
    return [text.strip() for text in page.locator(f"#{table} tbody tr > :nth-child({column})").all_text_contents()]


def test_sort_orders_numbers_and_texts_and_says_which(watched: Watched) -> None:
    page = watched.page
    head = page.locator("#programs-table thead th")
    lines = [int(text.replace(",", "")) for text in cells(page, "programs-table", 2)]
    assert lines == sorted(lines, reverse=True)
    expect(head.nth(1)).to_have_attribute("aria-sort", "descending")
    head.nth(1).get_by_role("button").click()
    expect(head.nth(1)).to_have_attribute("aria-sort", "ascending")
    assert [int(text.replace(",", "")) for text in cells(page, "programs-table", 2)] == sorted(lines)
    # By keyboard.
    head.nth(0).get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(head.nth(0)).to_have_attribute("aria-sort", "ascending")
    assert head.nth(1).get_attribute("aria-sort") is None
    known = [name for name in cells(page, "programs-table", 1) if name.startswith("known")]
    assert known == [f"known-{letter}" for letter in LETTERS]


def test_sort_by_time_brings_the_latest_to_the_top_of_what_is_shown(watched: Watched) -> None:
    page = watched.page
    page.locator("#shapes thead").get_by_role("button", name="Last seen").click()
    times = page.locator("#shapes tbody tr:not([hidden]) > :nth-child(5) time")
    found = [each.get_attribute("datetime") or "" for each in times.all()]
    assert len(found) == 25
    assert found == sorted(found, reverse=True)


def test_patterns_are_chosen_by_their_standing(watched: Watched) -> None:
    page = watched.page
    page.get_by_role("button", name="Vanished").click()
    rows = page.locator("#patterns-table tbody tr:not([hidden])")
    expect(rows).to_have_count(1)
    expect(rows.locator(".badge.vanished")).to_be_visible()
    expect(page.get_by_role("button", name="Vanished")).to_have_attribute("aria-pressed", "true")


def test_the_rarest_patterns_begin_with_the_fewest_lines(watched: Watched) -> None:
    page = watched.page
    page.get_by_role("button", name="Rarest").click()
    shown = page.locator("#patterns-table tbody tr:not([hidden]) > :first-child").all_text_contents()
    assert shown == ["1"] * 25
    expect(page.locator("#patterns-table thead th").first).to_have_attribute("aria-sort", "ascending")


def test_what_a_set_changes_is_shown_by_class(watched: Watched, changes: Difference) -> None:
    page, effect = watched.page, changes.effect
    assert effect is not None
    totals = page.locator("#changes .totals dd:not(.note)").all_text_contents()
    silenced = sum(kind.lines for kind in effect.silenced.values())
    assert totals == [f"{number:,}" for number in (*effect.outliers, silenced, 0)]
    page.get_by_role("button", name="Silenced").click()
    rows = page.locator("#changes-table tbody tr:not([hidden])")
    expect(rows).to_have_count(min(len(effect.silenced), 25))
    expect(rows.first.locator(".badge")).to_have_text("silenced")
    page.get_by_role("button", name="Added").click()
    page.get_by_label("Filter changes").fill("a program of its own")
    expect(rows.first).to_contain_text("a program of its own")
    expect(rows.first).to_contain_text("before: outliers")


def test_a_page_without_versions_has_no_section_on_them(reader: FilesReader) -> None:
    assert "changes" not in render(reader, datetime.now(UTC)).lower().replace("data-changes", "")


def test_no_set_makes_a_large_page(file: Path) -> None:
    assert file.stat().st_size < 2_000_000


def test_the_theme_can_be_chosen(watched: Watched) -> None:
    page = watched.page
    colour = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(colour)
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(colour)
    assert dark != light
    page.reload()
    assert page.evaluate(colour) == dark
    page.get_by_role("button", name="Auto").click()
    assert page.evaluate(colour) == light


def test_without_scripts_all_rows_are_there(browser: Browser, file: Path) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(file.as_uri())
        expect(page.locator("#shapes tbody tr:visible")).to_have_count(page.locator("#shapes tbody tr").count())
        expect(page.locator(".more:visible, .theme:visible, .views:visible")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_everybody_can_use_it_in_each_theme_and_on_a_phone(
    width: int, scheme: Literal["light", "dark"], browser: Browser, file: Path, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(file.as_uri())
    page.get_by_text("The numbers as a table").click()
    # A picture is taken of what is there, and nothing of it is wider than the screen.
    assert len(page.screenshot(path=tmp_path / "page.png", full_page=True)) > 50_000
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    assert found.response["passes"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    page.close()


def test_all_that_can_be_used_is_reached_by_keyboard(watched: Watched) -> None:
    page = watched.page
    usable = (
        "[...document.querySelectorAll('a[href], button, input, summary')].filter((each) => each.checkVisibility())"
    )
    wanted = page.evaluate(f"{usable}.length")
    reached = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(f"{usable}.indexOf(document.activeElement)"))
    assert reached >= set(range(wanted))
    # Where it is can be seen.
    page.get_by_label("Filter outliers").focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
