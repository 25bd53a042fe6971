"""A browser for the tests of the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from muxi.testing import LocalServer
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from browser.page import Page


@pytest.fixture(scope="session")
def browser() -> Iterator[webdriver.Chrome]:
    """One Chromium for all tests."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert chromium, "chromium is missing: run tests/browser/prepare"
    assert driver, "chromedriver is missing: run tests/browser/prepare"
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    # Containers offer neither the sandbox's system calls nor much shared memory.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, Service(driver))
    yield browser
    browser.quit()


@pytest.fixture
def page(browser: webdriver.Chrome, local: LocalServer) -> Iterator[Page]:
    """The page on a server that has just been reset. The console must stay clean, but for what a test expects."""
    page = Page(browser, local.url)
    page.post("/_local/reset")
    page.look()
    page.open()
    yield page
    assert page.complaints() == []


@pytest.fixture(
    params=[(scheme, width) for scheme in ("light", "dark") for width in (1280, 360)], ids="{0[0]}-{0[1]}".format
)
def view(page: Page, request: pytest.FixtureRequest) -> Page:
    """The page in light and dark, on a large screen and a phone."""
    scheme, width = request.param
    page.look(scheme, width, 900 if width > 600 else 780)
    return page


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """The name of the test's pictures."""
    return request.node.name.removeprefix("test_").replace("[", "-").rstrip("]")
