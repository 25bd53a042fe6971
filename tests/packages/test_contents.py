"""Contents of the wheels: metadata; and what must not be there."""

from __future__ import annotations

import os
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest
from built import PACKAGES, REPOSITORY, ROOT, wheel


def contents(name: str) -> dict[str, bytes]:
    with ZipFile(wheel(name)) as archive:
        return {path: archive.read(path) for path in archive.namelist()}


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
    assert set(fields.get_all("License-File", [])) == {"LICENSE-APACHE", "LICENSE-MIT"}
    assert fields["Description-Content-Type"].startswith("text/markdown")
    assert any(url.endswith(REPOSITORY) for url in fields.get_all("Project-URL", [])), fields.get_all("Project-URL")
