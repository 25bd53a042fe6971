"""The looks of the page, light and dark, on a large screen and a phone."""

from __future__ import annotations

from functools import partial

from muxi.testing import LocalServer
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from browser.looks import outline_contrast, too_wide, unreadable
from browser.page import Page

CONTROLS = "button, input, select, textarea, summary"


def over(page: Page, count: int) -> bool:
    """Tell whether that many turns are over."""
    return len(page.all(".turn.agent")) == count and not page.busy()


def fill(page: Page, local: LocalServer) -> None:
    """Fill every part of the page with what it may show."""
    user = {"X_Muxi_User_ID": "page", "X_Muxi_Client_Key": local.client_key}
    page.post("/_local/faults", "html=502; path=/v1/mem*; times=3")
    assert page.visit("/v1/health", **{"X-A-Header-Of-A-Long-Name": "x" * 200}) == 200
    page.visit("/rpc/formations", **{"X-Muxi-Local-Fault": "status=503; retry_after=2"})
    page.visit("/v1/a-long-path/" + "x" * 300)
    page.visit("/api/demo/v1/memories", {"type": "preference", "detail": "Likes tea " + "y" * 200}, **user)
    page.say("What is new? [[tool]] " + "x" * 200)
    page.wait(lambda: page.answers() and not page.busy())
    for count, message in enumerate(("[[error]]", "[[fail]]", "[[cut]]", "[[clarify]]"), 2):
        page.say(message)
        page.wait(partial(over, page, count))
    page.wait(lambda: len(page.rows()) >= 9)
    for summary in page.all(".turn.agent summary, #requests > li:nth-child(-n+6) summary"):
        page.run("arguments[0].click()", summary)
    if page.all("#of"):
        page.run("document.querySelector('#of').requestSubmit()")
        page.wait(lambda: page.all("#sessions summary") and page.text("#memories"))
        page.run("document.querySelectorAll('#sessions summary').forEach((row) => row.click())")
        page.wait(lambda: page.text("#sessions .messages"))


def visible(page: Page) -> list[WebElement]:
    return [control for control in page.all(CONTROLS) if control.is_displayed()]


def test_every_text_is_readable_and_in_the_page(view: Page, local: LocalServer, name: str) -> None:
    fill(view, local)
    assert unreadable(view) == []
    assert too_wide(view) == []
    for control in visible(view):
        assert control.accessible_name.strip(), control.get_attribute("outerHTML")
    view.picture(name)
    for part in ("#requests", "#formations", "#users"):
        view.run("document.querySelector(arguments[0]).scrollIntoView()", part)
        view.picture(f"{name}-{part[1:]}")


def test_controls_are_readable_under_the_pointer(view: Page, local: LocalServer, name: str) -> None:
    fill(view, local)
    for control in visible(view):
        ActionChains(view.browser, duration=0).move_to_element(control).perform()
        assert view.run("return arguments[0].matches(':hover')", control), control.get_attribute("outerHTML")
        assert unreadable(view, control) == []
    ActionChains(view.browser, duration=0).move_to_element(view.one("#send")).perform()
    view.picture(name)
    view.say("[[wait 60000]]")
    view.wait(view.busy)
    for button in ("#send", "#stop"):
        ActionChains(view.browser, duration=0).move_to_element(view.one(button)).perform()
        assert unreadable(view, view.one("#compose")) == []
    view.one("#stop").click()
    view.wait(lambda: not view.busy())
    reset = view.one("#reset")
    reset.click()
    assert unreadable(view, reset) == []


def test_every_control_is_reached_by_keyboard(view: Page, local: LocalServer) -> None:
    fill(view, local)
    wanted = [control for control in visible(view) if control.is_enabled()]
    names = {control.accessible_name for control in wanted}
    assert {"Copy", "The same call in", "Show"} <= names
    view.run("document.querySelector('.skip').focus()")
    reached: list[WebElement] = []
    while (at := view.browser.switch_to.active_element) not in reached and at.tag_name != "body":
        reached.append(at)
        assert view.run("return getComputedStyle(arguments[0]).outlineStyle", at) != "none", at.get_attribute(
            "outerHTML"
        )
        assert outline_contrast(view, at) >= 3, at.get_attribute("outerHTML")
        at.send_keys(Keys.TAB)
    missing = [control.get_attribute("outerHTML") for control in wanted if control not in reached]
    assert missing == []


def test_nothing_moves_where_that_is_not_wanted(page: Page) -> None:
    page.look(still=True)
    page.say("one two three [[slow]]")
    page.wait(page.busy)
    while page.busy():
        assert page.run("return document.getAnimations().length") == 0
    smooth = (
        "return [...document.querySelectorAll('*')].some((part) => getComputedStyle(part).scrollBehavior !== 'auto')"
    )
    assert page.run(smooth) is False
