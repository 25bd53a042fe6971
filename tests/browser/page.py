"""The page at ``/_local/`` as a person uses it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

T = TypeVar("T")
PICTURES = Path(__file__).parents[2] / "target" / "browser"


class Page:
    """The page in a browser, and the server behind it."""

    patience = 15.0
    """Seconds after which a condition that does not hold is a failure."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self) -> None:
        """Load the page and wait until it is connected."""
        self.browser.get(self.url + "/_local/")
        self.wait(lambda: self.text("#live") == "live" and self.all("#formation option"))

    def post(self, path: str, body: str = "") -> None:
        """Send something to the server, past the browser."""
        urllib.request.urlopen(urllib.request.Request(self.url + path, body.encode(), method="POST")).close()

    def get(self, path: str) -> Any:
        """Ask the server for JSON, past the browser."""
        with urllib.request.urlopen(self.url + path) as reply:
            return json.load(reply)

    def visit(self, path: str, body: Any = None, *, method: str | None = None, **headers: str) -> int:
        """Send a request past the browser, with bytes or JSON, and give the status of the answer when it is over."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as reply:
                reply.read()
                return int(reply.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def run(self, script: str, *given: Any) -> Any:
        return self.browser.execute_script(script, *given)

    def wait(self, condition: Callable[[], T]) -> T:
        """Wait until a condition holds, and return what it gave."""
        return WebDriverWait(self.browser, self.patience, 0.05).until(lambda _: condition())

    def button(self, name: str) -> WebElement:
        """The button of that name that is to be seen."""
        return next(button for button in self.all("button") if button.accessible_name == name)

    def say(self, message: str) -> None:
        """Type a message and press Enter."""
        self.one("#message").send_keys(message, Keys.ENTER)

    def answers(self) -> list[str]:
        """The texts of the answers so far."""
        return self.run("return [...document.querySelectorAll('.turn.agent .text')].map((part) => part.textContent)")

    def busy(self) -> bool:
        return bool(self.all(".turn.busy"))

    def rows(self) -> list[str]:
        """The request log as it is seen, newest first."""
        return self.run(
            "return [...document.querySelectorAll('#requests > li:not([hidden]) summary')].map((row) => row.innerText)"
        )

    def complaints(self) -> list[str]:
        """Return the console's new entries since the last look."""
        entries: list[dict[str, str]] = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries]

    def look(self, scheme: str | None = None, width: int = 0, height: int = 0, *, still: bool = False) -> None:
        """Ask for a light or a dark page of that size; the window itself cannot be as narrow as a phone."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme or ""},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else ""},
        ]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        if width:
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
            self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        else:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def picture(self, name: str) -> None:
        """Keep a picture of the page as it is seen."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        assert self.browser.save_screenshot(str(PICTURES / f"{name}.png"))
