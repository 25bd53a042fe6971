"""The examples of the reference: runs docs/reference/examples.toml, and writes docs/reference/outputs.toml.

``python tests/reference.py`` tells which outputs differ from those that are written down, and ``--write`` renews them.
An output that differs only in what changes from run to run, such as ids and times, stays as it is.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import muxi
from muxi.testing import LocalServer

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs" / "reference" / "examples.toml"
OUTPUTS = EXAMPLES.with_name("outputs.toml")
# The modules that an example need not import, since a reader sees where they are from.
MODULES = {"base64": base64, "io": io, "json": json, "os": os, "time": time, "zipfile": zipfile, "Path": Path}
# The longest list and text of a reply that is shown.
MOST_ITEMS = 4
MOST_CHARACTERS = 150
# Words in place of what changes from run to run.
CHANGING = [
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b[0-9a-f]{64}\b", "HASH"),
    (r"\b(cred|dst|forget|ing|job|rebuild|req|sess)_[A-Za-z0-9_-]{8,}", r"\1_ID"),
    (r'"[A-Za-z0-9_-]{21}"', '"ID"'),
    (r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "TIME"),
    (r"\b1[789]\d{8}(\.\d+)?\b", "SECONDS"),
    (r"\b1[789]\d{11}\b", "MILLISECONDS"),
    (
        r'"(buffer_size_kb|duration_ms|goroutines|pid|processing_time_ms|seconds|uptime|uptime_seconds)": ?[\d.]+',
        r'"\1": NUMBER',
    ),
    (r'"version": ?"\d+\.\d+\.\d+"', '"version": "VERSION"'),
    (r'"local-\d+"', '"local-NUMBER"'),
    (r"\bed25519:[\w+/]+=", "PUBLIC_KEY"),
    (r"\b(fm[ac]•+)\w+", r"\1KEY"),
]


def examples() -> dict[tuple[str, str], dict[str, Any]]:
    """Return each example by the API and the name of its operation, its steps filled in."""
    document = tomllib.loads(EXAMPLES.read_text("utf-8"))
    found = {}
    for api in ("server", "formation"):
        for name, example in document[api].items():
            steps = [document["steps"][step] for step in example.get("steps", [])]
            code = [text.strip() for text in [*steps, example.get("before", ""), example["call"]]]
            found[api, name] = {"code": "\n".join(filter(None, code)), "serves": example.get("serves")}
    return found


def outputs() -> dict[tuple[str, str], str]:
    """Return each output that is written down."""
    document = tomllib.loads(OUTPUTS.read_text("utf-8")) if OUTPUTS.exists() else {}
    return {(api, name): text.rstrip() for api, rows in document.items() for name, text in rows.items()}


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """Change into a folder with the files that examples use."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        text = tomllib.loads(EXAMPLES.read_text("utf-8"))["library"]
        for at, version in [("library", "1.0.0"), ("library-1.1.0", "1.1.0")]:
            (folder / at).mkdir()
            (folder / at / "formation.afs").write_text(text.replace("@VERSION@", version), "utf-8")
        (folder / "opening-hours.md").write_text("# Opening hours\n\nFrom nine to five.\n", "utf-8")
        (folder / "voice.wav").write_bytes(b"RIFF")  # muxi-local transcribes by the name of the file
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


def run(example: dict[str, Any], folder: Path) -> str:
    """Run an example in that folder, against a fresh server, and return its output."""
    formations = [folder / example["serves"]] if example["serves"] else []
    *first, last = ast.parse(example["code"]).body
    with LocalServer(*formations) as local, local.formation() as formation, local.server() as server:
        names = {**vars(muxi), **MODULES, "formation": formation, "server": server}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            value = None
            if isinstance(last, ast.Expr):
                exec(compile(ast.Module(first, []), "example", "exec"), names)
                value = eval(compile(ast.Expression(last.value), "example", "eval"), names)
            else:
                exec(compile(ast.Module([*first, last], []), "example", "exec"), names)
        lines = [line.rstrip() for line in printed.getvalue().splitlines()]
        if value is not None:
            lines.append(json.dumps(shorten(value), indent=2, ensure_ascii=False))
        return "\n".join(lines).replace(str(folder), "/home/ada").replace(local.url, "http://localhost:7890").rstrip()


def shorten(value: Any) -> Any:
    """Cut long lists and texts."""
    if isinstance(value, dict):
        return {key: shorten(inner) for key, inner in value.items()}
    if isinstance(value, list):
        more = [f"... {len(value) - MOST_ITEMS} more"] if len(value) > MOST_ITEMS else []
        return [shorten(inner) for inner in value[:MOST_ITEMS]] + more
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        return value[:MOST_CHARACTERS] + " ..."
    return value


def constant(output: str) -> str:
    """Put words in place of what changes from run to run."""
    for pattern, word in CHANGING:
        output = re.sub(pattern, word, output)
    return output


def main() -> int:
    known, found = outputs(), {}
    with workplace() as folder:
        for name, example in examples().items():
            try:
                found[name] = run(example, folder)
            except Exception as error:
                raise RuntimeError(f"in the example of {'.'.join(name)}") from error
    changed = [name for name, output in found.items() if name not in known or constant(known[name]) != constant(output)]
    changed += known.keys() - found.keys()
    for name in changed:
        print(".".join(name))
    if "--write" not in sys.argv:
        return 1 if changed else 0
    lines = ["# What the examples print. Written by `python tests/reference.py --write`.\n"]
    for api in ("server", "formation"):
        lines.append(f"\n[{api}]\n")
        for name, output in found.items():
            if name[0] == api:
                lines.append(f"{name[1]} = '''\n{output if name in changed else known[name]}\n'''\n")
    OUTPUTS.write_text("".join(lines), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
