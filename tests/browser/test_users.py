"""Sessions and memories on the page."""

from __future__ import annotations

from muxi.testing import LocalServer
from selenium.webdriver.common.keys import Keys

from browser.looks import too_wide, unreadable
from browser.page import Page

# True where something else lies over the beginning of an element.
COVERED = """
const [element] = arguments, {left, top} = element.getBoundingClientRect();
return !element.contains(document.elementFromPoint(left + 5, top + 5));
"""


def test_a_users_sessions_and_memories_are_seen(view: Page, local: LocalServer, name: str) -> None:
    user = {"X_Muxi_User_ID": "ada lovelace", "X_Muxi_Client_Key": local.client_key}
    for session, message in (("it's a?b", "first words"), ("other", "<b>second</b> words")):
        turn = {"message": message, "session_id": session, "stream": False}
        assert view.visit("/v1/chat", turn, **user) == 200
    assert view.visit("/v1/memories", {"type": "preference", "detail": "Likes tea"}, **user) in (200, 201)
    seen = len(view.get("/_local/requests")["requests"])
    field = view.one("#of-user")
    field.clear()
    field.send_keys("ada lovelace", Keys.ENTER)
    view.wait(lambda: len(view.all("#sessions summary")) == 2)
    view.wait(lambda: "Likes tea" in view.text("#memories"))
    newest, oldest = view.all("#sessions summary")
    assert "other" in newest.text
    assert "it's a?b" in oldest.text
    oldest.send_keys(Keys.ENTER)
    newest.send_keys(Keys.ENTER)
    view.wait(lambda: "Echo: <b>second</b> words" in view.text("#sessions"))
    assert view.all("#sessions b") == []
    assert "user, " in view.text("#sessions")
    assert "assistant, " in view.text("#sessions")
    assert unreadable(view) == []
    assert too_wide(view) == []
    view.run("document.querySelector('#users').scrollIntoView()")
    view.picture(name)
    for part in ("#users-title", "#of-user", "#sessions", "#memories"):
        assert view.run(COVERED, view.one(part)) is False, part
    assert len(view.get("/_local/requests")["requests"]) == seen, "to look at it leaves no trace"


def test_a_user_without_anything_and_none_at_all(page: Page) -> None:
    field = page.one("#of-user")
    field.clear()
    field.send_keys("nobody-yet", Keys.ENTER)
    page.wait(lambda: page.text("#sessions") == "No session." and page.text("#memories") == "No memory.")
    field.clear()
    field.send_keys("zoë", Keys.ENTER)
    page.wait(lambda: page.text("#sessions-error") == "A user id has only plain ASCII characters.")
    field.clear()
    field.send_keys(Keys.ENTER)
    page.wait(lambda: page.text("#sessions-error").startswith("400 "))
    assert all("400" in note for note in page.complaints())
