"""The example ``fastapi-chat`` as a person uses it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from muxi.testing import LocalServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

FOLDER = Path(__file__).parents[2] / "examples" / "fastapi-chat"
PICTURES = Path(__file__).parents[2] / "target" / "browser"


class Chat:
    """The page, and the application behind it."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        browser.get(url)

    def say(self, text: str) -> None:
        self.browser.find_element(By.ID, "text").send_keys(text, Keys.ENTER)

    def wait_for(self, script: str) -> None:
        WebDriverWait(self.browser, 30, 0.05).until(lambda browser: browser.execute_script(f"return {script}"))

    def answer(self) -> str:
        return self.browser.find_elements(By.CSS_SELECTOR, "#talk li")[-1].text

    def is_idle(self) -> None:
        self.wait_for("!document.getElementById('send').hidden")

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]


@pytest.fixture
def chat(browser: Chrome, local: LocalServer) -> Iterator[Chat]:
    """The page of an application in a process of its own."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(FOLDER), "--port", str(port), "chat:app"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=os.environ | local.environment()
    ) as application:
        assert application.stderr is not None
        while "Uvicorn running" not in (line := application.stderr.readline()):
            assert line, "the application has ended"
        yield Chat(browser, f"http://127.0.0.1:{port}/")
        application.terminate()


def test_an_answer_comes_slice_by_slice_and_the_session_goes_on(chat: Chat) -> None:
    chat.say("Hello!")
    chat.is_idle()
    assert chat.answer() == "Echo: Hello!"
    chat.say("And <b>again</b>")
    chat.is_idle()
    assert chat.answer() == "Echo: And <b>again</b>"
    PICTURES.mkdir(parents=True, exist_ok=True)
    chat.browser.save_screenshot(str(PICTURES / "fastapi-chat.png"))
    assert chat.complaints() == []


def test_the_stop_button_cancels_the_turn(chat: Chat, local: LocalServer) -> None:
    chat.say("[[slow]] " + "word " * 300)
    chat.wait_for("document.querySelector('.answer:last-child').textContent.length > 5")
    chat.browser.find_element(By.ID, "stop").click()
    chat.is_idle()
    assert chat.answer().endswith("[stopped]")
    formation = local.formation()
    WebDriverWait(chat.browser, 30, 0.05).until(
        lambda _: formation.get_requests("guest")["requests"][-1]["status"] == "cancelled"
    )


def test_failures_are_seen(chat: Chat) -> None:
    chat.say("[[cut]] one two three")
    chat.is_idle()
    assert "[failed: STREAM_CUT]" in chat.answer()
    chat.say("[[fail]] x")
    chat.is_idle()
    assert len(chat.browser.find_elements(By.CSS_SELECTOR, ".failed")) == 2
