"""The page at ``/_local/`` in a real browser."""

from __future__ import annotations

import time

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from browser.page import Page


def test_an_answer_grows_as_it_arrives(page: Page) -> None:
    page.say("one two three four five [[slow]]")
    lengths: set[int] = set()
    page.wait(page.busy)
    while page.busy():
        lengths.update(map(len, page.answers()))
        time.sleep(0.05)
    assert page.answers() == ["Echo: one two three four five [[slow]]"]
    assert len(lengths - {0}) >= 4, lengths
    assert page.text(".turn.user") == "one two three four five [[slow]]"
    page.wait(lambda: page.rows() and " ms" in page.rows()[0])
    row = page.rows()[0]
    assert "POST" in row
    assert "200" in row
    assert "/api/demo/v1/chat" in row
    page.one(".turn.agent summary").click()
    names = [pill.text for pill in page.all(".turn.agent li .pill")]
    assert "content" in names
    assert "completed" in names
    assert names[-1] == "done"


def test_agent_user_and_session_are_chosen(page: Page) -> None:
    Select(page.one("#agent")).select_by_value("researcher")
    for field, text in (("#user", "zoe"), ("#session", "my-session")):
        page.one(field).clear()
        page.one(field).send_keys(text)
    page.say("hello")
    page.wait(lambda: page.answers() == ["Echo: hello"] and not page.busy())
    events = page.run("return document.querySelector('.turn.agent ol').textContent")
    for word in ("zoe", "my-session", "researcher"):
        assert word in events
    assert page.get("/_local/requests?operation=chat_stream")["requests"][0]["user"] == "zoe"
    page.button("New session").click()
    assert page.answers() == []
    assert page.one("#session").get_attribute("value") not in ("", "my-session")


def test_a_workflow_is_answered_once(page: Page) -> None:
    page.say("[[workflow]]")
    page.wait(lambda: page.answers() and not page.busy())
    (answer,) = page.answers()
    assert answer.count("Echo: [[workflow]]") == 1


def test_a_turn_can_be_stopped(page: Page) -> None:
    page.say("[[wait 60000]]")
    page.wait(page.busy)
    page.button("Stop").click()
    page.wait(lambda: not page.busy())
    assert page.text(".turn.agent .end") == "Stopped"
    page.wait(lambda: page.rows() and " ms" in page.rows()[0])


def test_an_armed_fault_is_used(page: Page) -> None:
    page.one("#fault-path").send_keys("chat_stream")
    page.button("503").click()
    page.wait(lambda: "status=503" in page.text("#armed"))
    assert "path=chat_stream; status=503; times=1" in page.text("#armed")
    assert "used 0" in page.text("#armed")
    page.say("hello")
    page.wait(lambda: page.text(".turn.agent .error"))
    assert page.text(".turn.agent .error") == "503 SERVICE_UNAVAILABLE: Fault on request"
    page.wait(lambda: "No fault is armed" in page.text("#armed"))
    page.wait(lambda: "path=chat_stream; status=503; times=1" in page.rows()[0])
    page.say("again")
    page.wait(lambda: page.answers()[-1] == "Echo: again")
    Select(page.one("#kind")).select_by_value("fault")
    assert len(page.rows()) == 1
    # The browser itself notes an answer that is an error.
    (note,) = page.complaints()
    assert "503" in note


def test_what_programs_change_is_seen(page: Page) -> None:
    page.post("/_local/faults", "status=503; path=health")
    page.wait(lambda: "path=health" in page.text("#armed"))
    assert page.visit("/v1/health") == 503
    page.wait(lambda: "used 1" in page.text("#armed"))
    page.post("/_local/clock", '{"advance_seconds": 90}')
    page.wait(lambda: page.text("#offset").startswith("90 s ahead"))


def test_a_fault_in_words(page: Page) -> None:
    page.one("#fault-text").send_keys("stauts=418", Keys.ENTER)
    page.wait(lambda: 'no part "stauts"' in page.text("#fault-error"))
    (note,) = page.complaints()
    assert "400" in note
    page.one("#fault-text").clear()
    page.one("#fault-text").send_keys("truncate=4 events", Keys.ENTER)
    page.wait(lambda: "truncate=4 events; times=1" in page.text("#armed"))
    assert page.text("#fault-error") == ""
    page.say("one two three four")
    page.wait(lambda: page.text(".turn.agent .error") == "The stream ended before the turn did.")
    page.one("#fault-text").clear()
    page.one("#fault-text").send_keys("delay_ms=5; path=health", Keys.ENTER)
    page.wait(lambda: "delay_ms=5" in page.text("#armed"))
    page.all("#disarm")[0].click()
    page.wait(lambda: "No fault is armed" in page.text("#armed"))
    assert page.get("/_local/faults") == {"faults": []}


def test_the_log_filters_and_opens_by_keyboard(page: Page) -> None:
    assert page.visit("/v1/health") == 200
    assert page.visit("/v1/memories", **{"X-Muxi-Client-Key": "a-key-that-is-wrong"}) == 401
    page.wait(lambda: len(page.rows()) == 2)
    page.one("#filter").send_keys("memor")
    assert len(page.rows()) == 1
    page.one("#filter").send_keys(Keys.TAB, Keys.TAB)
    summary = page.one("#requests > li:not([hidden]) summary")
    for _ in range(3):
        if page.browser.switch_to.active_element == summary:
            break
        page.browser.switch_to.active_element.send_keys(Keys.TAB)
    assert page.browser.switch_to.active_element == summary
    summary.send_keys(Keys.ENTER)
    details = page.wait(lambda: page.text("#requests > li:not([hidden]) dl"))
    assert "get_memories" in details
    assert "[redacted]" in details
    assert "a-key-that-is-wrong" not in details
    page.one("#filter").clear()
    page.one("#filter").send_keys("nothing like it")
    assert page.text("#none") == "No request fits the filter."
    page.one("section[aria-labelledby=log-title] #clear").click()
    page.wait(lambda: page.text("#none") == "Nothing has arrived yet.")


def test_markup_stays_text(page: Page) -> None:
    markup = "<img src=x onerror=alert(1)><b>bold</b>"
    page.say(markup)
    page.wait(lambda: page.answers() == [f"Echo: {markup}"] and not page.busy())
    assert page.visit("/v1/%3Cimg%20src=x%3E?q", **{"X-Thing": "<script>alert(1)</script>"}) == 404
    page.wait(lambda: len(page.rows()) == 2)
    page.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.wait(lambda: "<script>alert(1)</script>" in page.text("#requests"))
    assert page.all("img, b, #requests script") == []


def test_the_policy_is_in_force(page: Page) -> None:
    page.run(
        "const script = document.createElement('script');"
        "script.textContent = 'window.strange = 1';"
        "document.body.append(script);"
    )
    assert page.run("return window.strange") is None
    (violation,) = page.complaints()
    assert "Content Security Policy" in violation


def test_the_clock_and_the_reset(page: Page) -> None:
    page.button("+1 h").click()
    page.wait(lambda: page.text("#offset") == "3600 s ahead of the real time")
    assert page.get("/_local/clock")["offset_seconds"] == 3600
    page.button("Real time").click()
    page.wait(lambda: page.text("#offset").startswith("The real time"))
    page.button("+1 day").click()
    page.button("Reset everything").click()
    assert page.get("/_local/clock")["offset_seconds"] == 86400, "one click alone resets nothing"
    page.button("Forget everything?").click()
    page.wait(lambda: page.text("#offset").startswith("The real time"))
