"""Settings of Sphinx for `make docs`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import tomli
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PACKAGE = tomli.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]
REPOSITORY = PACKAGE["repository"]

# The pages that include another file: links to that file lead to them.
INCLUDED = {
    DOCS / "errors-table.md": "errors.md",
    DOCS / "settings-table.md": "settings.md",
    ROOT / "CHANGELOG.md": "changelog.md",
    ROOT / "CONTRIBUTING.md": "contributing.md",
    ROOT / "SECURITY.md": "security.md",
}

# Pages that have others below them, which Markdown elsewhere cannot say.
BELOW = {
    "design/README": "*",
    "performance": "performance-*\ngrowth/growth",
}

project = "muxi-client"
author = "the contributors to muxi-client"
project_copyright = author
version = release = PACKAGE["version"]

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_design"]
exclude_patterns = ["_*", *(file.name for file in INCLUDED if file.parent == DOCS)]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
highlight_language = "text"

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = "MUXI client"
html_baseurl = PACKAGE["documentation"]
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_favicon = "_static/favicon.svg"
html_additional_pages = {"search": "search.html"}
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
    "top_of_page_buttons": ["edit"],
    "light_css_variables": {"color-brand-primary": "#0b6b57", "color-brand-content": "#0b6b57"},
    "dark_css_variables": {"color-brand-primary": "#4fd1ae", "color-brand-content": "#4fd1ae"},
}
# A prompt is no part of a command.
copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .gp"

LINK = re.compile(r"(\]\()([^)\s#:]+)(#[^)\s]*)?(\))")
SECTION = re.compile(r'<section id="([^"]+)"([^>]*)>\n((?:<span id="[^"]+"></span>)*)<h([1-6])')
ANCHOR = re.compile(r'^<a id="([^"]+)"></a>$', re.MULTILINE)
FENCE = re.compile(r"^(?P<fence>`{3,})rust[^\n]*\n(?P<code>.*?)^(?P=fence)$", re.DOTALL | re.MULTILINE)


def lead(text: str, written: Path, shown: Path) -> str:
    """Lead the links of a text outside of this folder to the repository, and those to included files to their pages.

    Args:
        text: The text of a page or of an included file.
        written: The folder of the file, from which its links are written.
        shown: The folder of the page, to which links to other pages are made relative.
    """

    def replace(link: re.Match[str]) -> str:
        before, path, anchor, after = link.groups(default="")
        target = Path(os.path.normpath(written / path))
        if target in INCLUDED:
            target = DOCS / INCLUDED[target]
        if target.is_relative_to(DOCS):
            path = Path(os.path.relpath(target, shown)).as_posix()
        elif target.exists():
            kind = "tree" if target.is_dir() else "blob"
            path = f"{REPOSITORY}/{kind}/main/{target.relative_to(ROOT).as_posix()}"
        return before + path + anchor + after

    return LINK.sub(replace, text)


def prepare(text: str, written: Path, shown: Path) -> str:
    """Make MyST of the Markdown of a file; see `lead`."""
    return FENCE.sub(show, ANCHOR.sub(r"(\1)=", lead(text, written, shown)))


def show(block: re.Match[str]) -> str:
    """Hide the lines of Rust code that rustdoc hides, and the words for rustdoc in its fence."""
    lines = [line for line in block["code"].splitlines() if not re.match(r"\s*#( |$)", line)]
    return "\n".join([f"{block['fence']}rust", *lines, block["fence"]])


def read_page(app: Sphinx, name: str, source: list[str]) -> None:
    """Prepare a page."""
    folder = (DOCS / name).parent
    source[0] = prepare(source[0], folder, folder)
    if name in BELOW:
        source[0] += f"\n```{{toctree}}\n:hidden:\n:glob:\n\n{BELOW[name]}\n```\n"


def read_included(app: Sphinx, path: Path, page: str, source: list[str]) -> None:
    """Prepare an included file, whose page is at the top of this folder."""
    source[0] = prepare(source[0], (DOCS / path).resolve().parent, DOCS)


def name_headings(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Give the anchors of sections to their headings, where Pagefind looks for them."""
    if "body" in context:
        context["body"] = SECTION.sub(r'<section\2>\n\3<h\4 id="\1"', context["body"])


def leave_search(app: Sphinx) -> None:
    """Write no index for the search of Sphinx, which `_templates/search.html` does not use."""
    if isinstance(app.builder, StandaloneHTMLBuilder):
        app.builder.search = False


def setup(app: Sphinx) -> None:
    """Connect the hooks."""
    app.connect("builder-inited", leave_search)
    app.connect("html-page-context", name_headings)
    app.connect("source-read", read_page)
    app.connect("include-read", read_included)
