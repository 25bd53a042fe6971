"""The programs of the pages and of the README, each run as a user runs it; docs/ says what it prints."""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import wave
import zlib
from pathlib import Path

import pytest
from blocks import Block, Reader, blocks_of, pages
from muxi.testing import LocalServer

ROOT = Path(__file__).parent.parent
GENERATED = ROOT / "target" / "pages" / "blocks.rs"
LIMIT = 60
"""Seconds that a program may take."""

BLOCKS = [block for page in pages() for block in blocks_of(page) if block.not_run is None]
PYTHON = [block for block in BLOCKS if block.language == "python"]
RUST = [block for block in BLOCKS if block.language == "rust"]
each = pytest.mark.parametrize


def photo() -> bytes:
    """Return a picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0\x10\x80\x60"))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the programs of the pages find there."""
    for formation in (ROOT / "examples" / "formations").iterdir():
        shutil.copytree(formation, tmp_path / formation.name)
    (tmp_path / "photo.png").write_bytes(photo())
    with wave.open(str(tmp_path / "voice.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(1600))
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
    return tmp_path


def check(block: Block, folder: Path, *command: str) -> None:
    """Run a command in the folder, with a server of its own, and compare its output with the page."""
    # Unbuffered, so that what it prints on both ways comes in its order.
    own = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with LocalServer() as server:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | own | server.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=LIMIT,
        )
    assert done.returncode == 0, f"{block.id} ended by {done.returncode}:\n{done.stdout}"
    if block.shown is not None:
        wanted, printed = tidy(block.shown), tidy(done.stdout)
        alike = doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS)
        assert alike, f"{block.id} prints\n{printed}\nand the page shows\n{wanted}"


def tidy(output: str) -> str:
    """Return an output without blanks at the ends of its lines."""
    return "\n".join(line.rstrip() for line in output.strip().splitlines()) + "\n"


@each("block", PYTHON, ids=lambda block: block.id)
def test_python(block: Block, folder: Path) -> None:
    if test := re.match(r"# (test_\w+\.py)\n", block.code):
        (folder / test[1]).write_text(block.code, encoding="utf-8")
        check(block, folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test[1])
    else:
        (folder / "program.py").write_text(block.code, encoding="utf-8")
        check(block, folder, sys.executable, "program.py")


def name_of(block: Block) -> str:
    """Return the name of the module of a Rust program."""
    return re.sub(r"\W", "_", block.id)


def module(block: Block) -> str:
    """Return a Rust program as a module, made as rustdoc makes a program of it."""
    code = "\n".join(re.sub(r"^(\s*)#(?: |$)", r"\1", line) for line in block.code.splitlines())
    if not re.search(r"\bfn main\(", code):
        if code.rstrip().endswith("(())"):
            code = f"fn inner() -> Result<(), impl std::fmt::Debug> {{\n{code}\n}}\ninner().unwrap();"
        code = f"fn main() {{\n{code}\n}}"
    run = "pub(super) fn run() -> std::process::ExitCode { std::process::Termination::report(main()) }"
    return f"// {block.id}\n#[allow(unused)]\nmod {name_of(block)} {{\n{code}\n{run}\n}}\n"


def programs() -> str:
    """Return all Rust programs as one."""
    arms = "".join(f'        "{name_of(block)}" => {name_of(block)}::run(),\n' for block in RUST)
    main = "fn main() -> std::process::ExitCode {\n    match std::env::args().nth(1).unwrap().as_str() {\n"
    return f'{"".join(map(module, RUST))}{main}{arms}        name => panic!("no program {{name}}"),\n    }}\n}}\n'


@pytest.fixture(scope="session")
def rust() -> str:
    """The program that has all Rust programs of the pages."""
    code = programs()
    if not GENERATED.exists() or GENERATED.read_text(encoding="utf-8") != code:
        GENERATED.parent.mkdir(parents=True, exist_ok=True)
        # Another process of pytest may be about to do the same.
        made = GENERATED.with_suffix(f".{os.getpid()}")
        made.write_text(code, encoding="utf-8")
        made.replace(GENERATED)
    # The packages and features of `make test-rust`, so that what it has compiled is used.
    choice = "--workspace --exclude muxi-python --exclude muxi-local-python --features muxi-client/tracing --bin pages"
    done = subprocess.run(
        ["cargo", "test", "--quiet", *choice.split(), "--no-run", "--message-format=json-render-diagnostics"],
        cwd=ROOT,
        env=os.environ | {"RUST_BLOCKS": str(GENERATED)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    (program,) = {message["executable"] for message in messages if message.get("executable")}
    assert isinstance(program, str)
    return program


@each("block", RUST, ids=lambda block: block.id)
def test_rust(block: Block, folder: Path, rust: str) -> None:
    check(block, folder, rust, name_of(block))


def test_there_are_programs() -> None:
    assert len(PYTHON) > 10
    assert len(RUST) > 10


PAGE = """
::::{tab-set}
:::{tab-item} Python
```python
one()
```
:::
:::{tab-item} Rust
Prose.

% not run: needs a certificate
```rust,no_run
two()
```
More prose.
:::
:::{tab-item} Async
```python
three()
```
```text
third
```
:::
::::

```text
first and second
```

```text
nothing
```

````{note}
```python
four()
```
````
```text
not of four
```
"""


def test_programs_are_found() -> None:
    found = Reader("page.md", PAGE).read()
    assert [(block.code, block.language, block.not_run, block.shown) for block in found] == [
        ("one()\n", "python", None, "first and second\n"),
        ("two()\n", "rust", "needs a certificate", "first and second\n"),
        ("three()\n", "python", None, "third\n"),
        ("four()\n", "python", None, None),
    ]
    assert found[0].id == "page.md:4"


@each("page", ["% not run:\n```python\n```\n", "% not run: why\n\nProse.\n", "```python\n", "```{code} python\n```\n"])
def test_a_slip_of_the_pen_is_told(page: str) -> None:
    with pytest.raises(AssertionError, match="page"):
        Reader("page.md", page).read()
