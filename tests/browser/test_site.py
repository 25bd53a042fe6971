"""The site that `make docs` builds, in a real browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import tomli
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser.looks import unreadable
from browser.page import Page

ROOT = Path(__file__).parents[2]
SITE = ROOT / "target" / "docs"
PAGES = sorted(page.relative_to(SITE).as_posix() for page in SITE.rglob("*.html"))
REPOSITORY = tomli.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["repository"]
QUESTIONS = tomli.loads((Path(__file__).parent / "questions.toml").read_text(encoding="utf-8"))["questions"]
each = pytest.mark.parametrize


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


class Site(Page):
    """The site in the browser."""

    patience = 60.0

    def visit_page(self, path: str) -> None:
        self.browser.get(f"{self.url}/{path}")

    def complaints(self) -> list[str]:
        """Return the console's messages since the last look, but for the theme's notes."""
        entries: list[dict[str, str]] = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries if entry["level"] != "INFO"]

    def ask(self, question: str) -> list[str]:
        """Type a question into the page of the search, and return the names of the pages that it gives, best first."""
        if not self.browser.current_url.startswith(f"{self.url}/search.html"):
            self.visit_page("search.html")
        box = self.one("#site-search")
        box.clear()
        box.send_keys(question)
        return self.found(question)

    def found(self, question: str) -> list[str]:
        """Wait until the search has answered, and return the names of the pages that it gives, best first."""
        self.wait(lambda: self.one("#site-search-results").get_attribute("data-question") == question)
        links = self.run("return [...document.querySelectorAll('#site-search-results h2 a')].map((link) => link.href)")
        return [name_of(link.removeprefix(self.url)) for link in links]


def name_of(path: str) -> str:
    """Return the name of the page at that path."""
    name = path.strip("/").removesuffix(".html")
    return f"{name}/index".lstrip("/") if path.endswith("/") else name


@pytest.fixture(scope="session")
def _address() -> Iterator[str]:
    assert PAGES, "there is no site: run make docs"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(browser: Chrome, _address: str) -> Iterator[Site]:
    """The site in a large light window. The console must stay clean."""
    site = Site(browser, _address)
    site.complaints()
    site.look("light", 1440, 900)
    yield site
    assert site.complaints() == []


@each("question", QUESTIONS)
def test_the_search_answers(site: Site, question: str) -> None:
    expected = QUESTIONS[question]
    answers = [expected] if isinstance(expected, str) else expected
    assert site.ask(question)[0] in answers


def test_every_page_has_a_search(site: Site) -> None:
    site.visit_page("stability.html")
    site.one(".sidebar-search").send_keys("How do I report a vulnerability?", Keys.ENTER)
    site.wait(lambda: "/search.html" in site.browser.current_url)
    assert "security" in site.found("How do I report a vulnerability?")
    site.one("#site-search-results p a").click()
    site.wait(lambda: "/search.html" not in site.browser.current_url)
    section = site.run("return document.querySelector(decodeURIComponent(location.hash))?.tagName")
    assert section in ("H2", "H3")


def test_a_search_without_an_answer_says_so(site: Site) -> None:
    assert site.ask("日本語") == []
    assert site.text("#site-search-status") == "No page has any of these words."


def test_code_is_copied(site: Site) -> None:
    permissions = {"origin": site.url, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    site.browser.execute_cdp_cmd("Browser.grantPermissions", permissions)
    site.visit_page("index.html")
    block = next(block for block in site.all("div.highlight") if block.is_displayed())
    code = block.find_element(By.TAG_NAME, "pre").text
    assert "chat_stream" in code
    button = block.find_element(By.CSS_SELECTOR, "button.copybtn")
    ActionChains(site.browser).move_to_element(button).click().perform()
    site.wait(lambda: "success" in (button.get_attribute("class") or ""))
    copied = site.browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied.strip() == code.strip()


def test_a_language_is_chosen_once(site: Site) -> None:
    site.visit_page("index.html")
    site.run("sessionStorage.clear(); localStorage.clear()")
    site.visit_page("index.html")
    assert "import" in site.text("div.highlight")
    next(label for label in site.all(".sd-tab-set > label") if label.text == "Rust").click()
    site.visit_page("index.html")
    shown = [block.text for block in site.all("div.highlight") if block.is_displayed()]
    assert any("tokio::main" in code for code in shown)
    assert not any("import" in code for code in shown)
    site.run("sessionStorage.clear(); localStorage.clear()")


@each("width", [1440, 390])
@each("scheme", ["light", "dark"])
@each("path", ["index.html", "errors.html", "reference/chat.html", "search.html?q=stream"])
def test_every_text_is_readable(site: Site, path: str, scheme: str, width: int) -> None:
    site.look(scheme, width, 900)
    site.visit_page(path)
    if "?" in path:
        site.found("stream")
    # The radio buttons behind the tabs are not to be seen.
    assert [text for _, text in unreadable(site, site.one("article")) if 'type="radio"' not in text] == []
    site.picture(f"site-{re.sub(r'[^a-z]+', '-', path)}-{scheme}-{width}")


def test_light_and_dark_are_chosen(site: Site) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    site.visit_page("index.html")
    grounds = {site.run(ground)}
    for _ in range(2):
        site.one(".theme-toggle-content button").click()
        grounds.add(site.run(ground))
    assert len(grounds) == 2
    site.run("localStorage.clear()")


@each("page", PAGES)
def test_a_phone_shows_the_whole_width(site: Site, page: str) -> None:
    site.look("light", 390, 844)
    site.visit_page(page)
    assert site.run("return document.documentElement.scrollWidth") == 390


class Links(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed((SITE / page).read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.add(given.get("id") or "")
        self.links |= {given[name] or "" for name in ("href", "src") if name in given and tag != "use"}


@pytest.fixture(scope="session")
def parsed() -> dict[str, Links]:
    """Every page."""
    return {page: Links(page) for page in PAGES}


@each("page", PAGES)
def test_no_link_is_broken(parsed: dict[str, Links], page: str) -> None:
    for link in parsed[page].links:
        target = urlsplit(link)
        if link.startswith(f"{REPOSITORY}/"):
            path = re.sub(r"^(blob|tree|edit)/main/", "", link.removeprefix(f"{REPOSITORY}/"))
            assert (ROOT / path.partition("#")[0]).exists(), link
        elif not target.scheme and not target.netloc:
            file = (SITE / page).parent / unquote(target.path) if target.path else SITE / page
            assert file.exists(), link
            name = file.resolve().relative_to(SITE).as_posix()
            assert not target.fragment or name not in parsed or target.fragment in parsed[name].anchors, link


def test_there_are_pages() -> None:
    assert len(PAGES) > 20
    assert len(QUESTIONS) >= 20
