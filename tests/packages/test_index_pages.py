"""The pages that package indexes show."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from built import REPOSITORY, ROOT
from readme_renderer import markdown

PAGES = [
    "README.md",
    "crates/muxi-client/README.md",
    "crates/muxi-local/README.md",
    "crates/muxi-local-python/README.md",
]


class Links(HTMLParser):
    """The places that a page leads to, and those that it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_of_a_package_index_is_rendered_and_its_links_lead_there_too(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    rendered = markdown.render(text)
    assert rendered
    assert rendered.count("<h1") == 1
    links = Links()
    links.feed(rendered)
    assert [link for link in links.found if not link.startswith(("https://", "#"))] == []
    for link in links.found:
        below = re.match(rf"{re.escape(REPOSITORY)}/(?:blob|tree)/main/([^#]+)", link)
        assert not below or (ROOT / below[1]).exists(), link
        assert below or "github.com" not in link, f"not below {REPOSITORY}: {link}"
