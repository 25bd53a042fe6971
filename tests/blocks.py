"""Finds the programs of a page, and what the page says that they print."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"(?P<indent> *)(?P<mark>`{3,}|:{3,})\s*(?P<info>.*)")
NOT_RUN = re.compile(r"\s*% not run:(?P<reason>.*)")


@dataclass
class Block:
    """A program of a page."""

    page: str
    line: int
    language: str
    code: str
    not_run: str | None
    """Reason for which the program is not run."""
    shown: str | None = None
    """Text that the page shows as the program's output."""

    @property
    def id(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass
class Container:
    """A directive that holds other Markdown, such as a tab set."""

    mark: str
    name: str
    programs: list[Block] = field(default_factory=list)
    """The last program in there, in a tab set that of each tab, but for those with an output of their own."""


class Reader:
    """Reads a page line by line."""

    def __init__(self, page: str, text: str) -> None:
        self.page = page
        self.lines = text.splitlines()
        self.blocks: list[Block] = []
        self._containers: list[Container] = []
        self._last: list[Block] = []
        self._not_run: str | None = None

    def read(self) -> list[Block]:
        """Return the programs of the page."""
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            fence = FENCE.fullmatch(line)
            if fence and self._closes(fence):
                self._close()
            elif fence and fence["info"].startswith("{"):
                self._open(fence)
            elif fence and fence["mark"][0] == "`":
                at = self._code(at, fence)
            elif line.strip():
                self._text(line, at)
            at += 1
        assert not self._containers, f"{self.page}: {self._containers[-1].name} is not closed"
        return self.blocks

    def _text(self, line: str, at: int) -> None:
        self._expect_code(at)
        if said := NOT_RUN.fullmatch(line):
            self._not_run = said["reason"].strip()
            assert self._not_run, f"{self.page}:{at + 1}: the reason is missing"
        self._last = []

    def _closes(self, fence: re.Match[str]) -> bool:
        return bool(self._containers) and not fence["info"] and fence["mark"].startswith(self._containers[-1].mark)

    def _open(self, fence: re.Match[str]) -> None:
        name = fence["info"].split()[0]
        assert name not in ("{code}", "{code-block}", "{code-cell}"), f"{self.page}: write plain fences, not {name}"
        self._containers.append(Container(fence["mark"], name))
        self._last = []

    def _close(self) -> None:
        closed = self._containers.pop()
        if closed.name == "{tab-item}" and self._containers:
            self._containers[-1].programs += closed.programs
        self._last = closed.programs if closed.name == "{tab-set}" else []

    def _code(self, at: int, fence: re.Match[str]) -> int:
        ends = (end for end in range(at + 1, len(self.lines)) if self.lines[end].strip() == fence["mark"])
        end = next(ends, None)
        assert end is not None, f"{self.page}:{at + 1}: the fence is not closed"
        code = textwrap.dedent("\n".join(self.lines[at + 1 : end]) + "\n")
        language = re.split(r"[\s,]", fence["info"])[0]
        if language in ("python", "rust"):
            block = Block(self.page, at + 1, language, code, self._not_run)
            self._not_run = None
            self.blocks.append(block)
            self._keep([block])
        else:
            self._expect_code(at)
            if language == "text":
                for block in self._last:
                    block.shown = code
                self._keep([])
            self._last = []
        return end

    def _keep(self, blocks: list[Block]) -> None:
        self._last = blocks
        if self._containers:
            self._containers[-1].programs = blocks

    def _expect_code(self, at: int) -> None:
        assert self._not_run is None, f"{self.page}:{at + 1}: a program must follow its reason for not being run"


def pages() -> list[str]:
    """Return the pages whose programs are run, as paths below the root."""
    found = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    found += [ROOT / "crates" / name / "README.md" for name in ("muxi-local", "muxi-local-python")]
    return sorted(page.relative_to(ROOT).as_posix() for page in found)


def blocks_of(page: str) -> list[Block]:
    """Return the programs of a page."""
    return Reader(page, (ROOT / page).read_text(encoding="utf-8")).read()
