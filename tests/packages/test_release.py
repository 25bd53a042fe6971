"""The programs that make a release."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from built import ROOT


def call(program: str, *arguments: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "scripts/release" / program), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_version_is_written_everywhere(tmp_path: Path) -> None:
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    for name in filter(None, files.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    done = call("version.py", "9.8.7", root=tmp_path)
    assert done.returncode == 0, done.stderr
    assert call("version.py", root=tmp_path).stdout.strip() == "9.8.7"
    for lock in ("Cargo.lock", "fuzz/libfuzzer/Cargo.lock"):
        changed = set((tmp_path / lock).read_text().splitlines()) - set((ROOT / lock).read_text().splitlines())
        assert changed == {'version = "9.8.7"'}, lock
        own = re.findall(r'name = "muxi-(?:client|local)"\nversion = "([^"]+)"', (tmp_path / lock).read_text())
        assert own == ["9.8.7", "9.8.7"], lock
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("==9.8.7", "==9.8.6"))
    assert "the files differ" in call("version.py", root=tmp_path).stderr


def test_a_tag_must_have_the_version_and_a_dated_section(tmp_path: Path) -> None:
    version = call("version.py").stdout.strip()
    assert f"the tag is v0.0.1, and the version {version}" in call("version.py", "--tag", "v0.0.1").stderr
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "crates/muxi-local-python").mkdir(parents=True)
    for name in ("Cargo.toml", "pyproject.toml", "crates/muxi-local-python/pyproject.toml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    for said, expected in ((" - 2026-12-01", ""), (" - unreleased", "has no date"), ("", "has no section")):
        (tmp_path / "CHANGELOG.md").write_text(f"## {version}{said}\n\nNews.\n\n## 0.0.1 - 2020-01-01\n\nOld.\n")
        done = call("version.py", "--tag", f"v{version}", root=tmp_path)
        assert (done.returncode == 0) == (not expected), done.stderr
        assert expected in done.stderr
        if not expected:
            assert call("notes.py", version, root=tmp_path).stdout == "News.\n"


def test_a_changed_file_is_found_by_its_checksum(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1")
    (tmp_path / "two").write_text("2")
    assert call("checksums.py", str(tmp_path)).returncode == 0
    sums = (tmp_path / "SHA256SUMS").read_text()
    assert re.fullmatch(r"[0-9a-f]{64}  one\n[0-9a-f]{64}  two\n", sums)
    assert call("checksums.py", str(tmp_path)).returncode == 0
    assert (tmp_path / "SHA256SUMS").read_text() == sums
    (tmp_path / "two").write_text("3")
    assert call("try_out.py", str(tmp_path)).stderr == "two has another checksum than SHA256SUMS says\n"
