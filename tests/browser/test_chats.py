"""The example applications with a chat page, as a person uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from applications import AXUM, FASTAPI, Application
from muxi.testing import LocalServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from browser.page import PICTURES


@dataclass
class Words:
    """Words in the last line of a page."""

    stopped: str
    cut: str


WORDS = {
    FASTAPI: Words(stopped="[stopped]", cut="[failed: STREAM_CUT]"),
    AXUM: Words(stopped="Stopped.", cut="the stream was cut"),
}


class Chat:
    """The page, and the application behind it."""

    def __init__(self, browser: Chrome, application: Application, url: str) -> None:
        self.browser = browser
        self.application = application
        self.words = WORDS[application]
        browser.get(url)

    def say(self, text: str) -> None:
        self.browser.find_element(By.CSS_SELECTOR, "form input").send_keys(text, Keys.ENTER)

    def wait(self, condition: Callable[[], object]) -> None:
        WebDriverWait(self.browser, 30, 0.05).until(lambda _: condition())

    def last(self) -> str:
        """The last line of the conversation."""
        return self.browser.find_elements(By.CSS_SELECTOR, "[aria-live] > *")[-1].text

    def is_idle(self) -> None:
        """Wait until the next question may be sent."""
        send = self.browser.find_element(By.ID, "send")
        self.wait(lambda: send.is_displayed() and send.is_enabled())

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]


@pytest.fixture(params=[FASTAPI, AXUM], ids=lambda application: application.name)
def chat(request: pytest.FixtureRequest, browser: Chrome, local: LocalServer) -> Iterator[Chat]:
    """The page of an application in a process of its own."""
    application: Application = request.param
    with application.serving(local.environment()) as url:
        yield Chat(browser, application, url)


def test_an_answer_comes_slice_by_slice_and_the_session_goes_on(chat: Chat) -> None:
    chat.say("Hello!")
    chat.is_idle()
    assert chat.last() == "Echo: Hello!"
    chat.say("And <b>again</b>")
    chat.is_idle()
    assert chat.last() == "Echo: And <b>again</b>"
    PICTURES.mkdir(parents=True, exist_ok=True)
    chat.browser.save_screenshot(str(PICTURES / f"{chat.application.name}.png"))
    assert chat.complaints() == []


def test_the_stop_button_cancels_the_turn(chat: Chat, local: LocalServer) -> None:
    chat.say("[[slow]] " + "word " * 300)
    chat.wait(lambda: len(chat.last()) > 5)
    chat.browser.find_element(By.ID, "stop").click()
    chat.is_idle()
    assert chat.words.stopped in chat.last()
    formation, user = local.formation(), chat.application.user
    chat.wait(lambda: "cancelled" in [turn["status"] for turn in formation.get_requests(user)["requests"]])


def test_failures_are_seen(chat: Chat) -> None:
    chat.say("[[cut]] one two three")
    chat.is_idle()
    assert chat.words.cut in chat.last()
    chat.say("[[fail]] x")
    chat.is_idle()
    assert len(chat.browser.find_elements(By.CSS_SELECTOR, ".failed")) == 2
