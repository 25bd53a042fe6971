"""Contents of the wheels: licences and metadata; and what must not be there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest
from built import PACKAGES, REPOSITORY, ROOT, wheel

LICENCES = "THIRD-PARTY-LICENSES"
PROJECTS = {"muxi_client": ROOT, "muxi_local": ROOT / "crates/muxi-local-python"}


def contents(name: str) -> dict[str, bytes]:
    with ZipFile(wheel(name)) as archive:
        return {path: archive.read(path) for path in archive.namelist()}


def module(name: str) -> bytes:
    (found,) = (content for path, content in contents(name).items() if re.search(r"\.(so|pyd)$", path))
    return found


@pytest.mark.parametrize("name", PACKAGES)
def test_a_wheel_has_the_licences_of_what_is_compiled_into_it(name: str) -> None:
    (text,) = (content.decode() for path, content in contents(name).items() if path.endswith(f"/licenses/{LICENCES}"))
    assert text == (PROJECTS[name] / LICENCES).read_text(encoding="utf-8")
    # A module has the name and version of each package that can panic.
    compiled = set(
        re.findall(rb"cargo[/\\]registry[/\\]src[/\\][^/\\]+[/\\]([\w-]+)-(\d+\.\d+\.\d+)[/\\]", module(name))
    )
    assert {name.decode() for name, _ in compiled} >= {"hyper", "tokio", "serde_json"}
    for package, version in compiled:
        assert re.search(rf"^{package.decode()} {re.escape(version.decode())}[ +]", text, re.MULTILINE), package


@pytest.mark.parametrize("name", PACKAGES)
def test_a_wheel_says_nothing_of_the_machine_that_built_it(name: str) -> None:
    folders = {ROOT, Path.home(), Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")}
    # Paths on Windows have both separators.
    words = {form.encode() for folder in folders for form in (f"{folder}{os.sep}", f"{folder.as_posix()}/")}
    for path, content in contents(name).items():
        assert [word for word in words if word in content] == [], path


@pytest.mark.parametrize("name", PACKAGES)
def test_the_metadata_of_a_wheel_is_complete(name: str) -> None:
    (metadata,) = (content.decode() for path, content in contents(name).items() if path.endswith(".dist-info/METADATA"))
    fields = Parser().parsestr(metadata)
    assert fields["License-Expression"] == "MIT OR Apache-2.0"
    assert set(fields.get_all("License-File", [])) == {"LICENSE-APACHE", "LICENSE-MIT", LICENCES}
    assert fields["Description-Content-Type"].startswith("text/markdown")
    assert any(url.endswith(REPOSITORY) for url in fields.get_all("Project-URL", [])), fields.get_all("Project-URL")


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("MIT", {"MIT"}),
        ("Unlicense/MIT", {"MIT"}),
        ("MIT OR Apache-2.0", {"Apache-2.0"}),
        ("Apache-2.0 AND ISC", {"Apache-2.0", "ISC"}),
        ("(MIT OR Apache-2.0) AND BSD-3-Clause", {"Apache-2.0", "BSD-3-Clause"}),
        ("GPL-3.0-only OR MIT AND ISC", {"MIT", "ISC"}),
        ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", {"Apache-2.0"}),
    ],
)
def test_one_licence_of_several_is_chosen(expression: str, chosen: set[str]) -> None:
    said = "import licences, sys; print(*sorted(licences.choose(sys.argv[1])))"
    command = [sys.executable, "-c", said, expression]
    done = subprocess.run(command, cwd=ROOT / "scripts/release", check=True, stdout=subprocess.PIPE, text=True)
    assert set(done.stdout.split()) == chosen
