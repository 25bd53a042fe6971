"""The links between the pages, and those to the site."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import muxi
import pytest
import tomli

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.split()
PACKAGE = tomli.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]
SITE = PACKAGE["documentation"]
REPOSITORY = PACKAGE["repository"]
# These are shown in the package indexes, where relative links lead nowhere.
READMES = ["README.md", "crates/muxi-local/README.md", "crates/muxi-local-python/README.md"]


def prose(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page: of its headings, as GitHub makes them, and those that it names."""
    text = prose(page)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return (
        made | set(re.findall(r"<a id=\"([^\"]+)\"", text)) | set(re.findall(r"^\(([^)\s]+)\)=$", text, re.MULTILINE))
    )


def targets(page: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(ROOT / page))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in targets(page):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target) or path.startswith("crate::"):
            continue
        leads_to = ((ROOT / page).parent / path) if path else ROOT / page
        assert leads_to.exists(), target
        assert not anchor or leads_to.suffix != ".md" or anchor in anchors(leads_to), target


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_the_site_and_the_repository_leads_somewhere(page: str) -> None:
    for target in targets(page):
        path, _, anchor = target.partition("#")
        if path.startswith(SITE):
            leads_to = DOCS / f"{path.removeprefix(SITE).removesuffix('.html') or 'index'}.md"
            assert leads_to.exists(), target
            assert not anchor or anchor in anchors(leads_to), target
        elif path.startswith(f"{REPOSITORY}/"):
            kind, branch, file = path.removeprefix(f"{REPOSITORY}/").split("/", 2)
            assert (kind, branch) in {("blob", "main"), ("tree", "main")}, target
            assert (ROOT / file).exists(), target


@pytest.mark.parametrize("page", READMES)
def test_links_of_a_readme_are_absolute(page: str) -> None:
    known = (SITE, f"{REPOSITORY}/", "https://docs.rs/muxi-", "https://muxi.org")
    assert [target for target in targets(page) if not target.startswith(known)] == []


def test_the_packages_lead_to_the_site() -> None:
    assert muxi.__doc__ is not None
    assert SITE in muxi.__doc__
    assert SITE in (ROOT / "crates/muxi-client/src/lib.rs").read_text(encoding="utf-8")
    assert SITE in (ROOT / "README.md").read_text(encoding="utf-8")


def test_there_are_pages() -> None:
    assert len(PAGES) > 10
