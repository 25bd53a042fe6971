"""Both distributions as users get them: built wheels in environments that have nothing else of this project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
from built import BUILT, PACKAGES, ROOT, wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MISSING = 'the local MUXI server is not installed: pip install "muxi-client[local]"'
# Megabytes. The client is a part of production images; the local server is not.
LIMITS = {"muxi_client": (3.4, 7.0), "muxi_local": (8.0, 20.0)}


class Environment:
    """A virtual environment outside the source tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder / "venv", with_pip=True)
        self.programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")

    def run(self, program: str, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        command = [self.programs / program, *arguments]
        return subprocess.run(
            command, cwd=cwd or self.folder, env=kept, capture_output=True, text=True, timeout=300, check=False
        )

    def install(self, *requirements: str) -> None:
        done = self.run("python", "-m", "pip", "install", "--quiet", "--find-links", BUILT, *requirements)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The client without the local server."""
    environment = Environment(tmp_path_factory.mktemp("alone"))
    environment.install(str(wheel("muxi_client")), "pytest")
    return environment


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The client and the local server."""
    environment = Environment(tmp_path_factory.mktemp("both"))
    environment.install(f"{wheel('muxi_client')}[local]", "pytest")
    return environment


def test_each_needs_the_other_in_its_own_version() -> None:
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    client = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    local = tomllib.loads((ROOT / "crates/muxi-local-python/pyproject.toml").read_text())["project"]
    assert client["optional-dependencies"]["local"] == [f"muxi-local=={version}"]
    assert local["dependencies"] == [f"muxi-client=={version}"]
    assert "dependencies" not in client


@pytest.mark.parametrize("name", LIMITS)
def test_a_wheel_is_small_and_has_its_own_files_only(name: str) -> None:
    package = PACKAGES[name].name
    packed, unpacked = LIMITS[name]
    assert wheel(name).stat().st_size <= packed * 1e6
    with ZipFile(wheel(name)) as archive:
        files = {info.filename: info.file_size for info in archive.infolist()}
    (module,) = (file for file in files if re.fullmatch(rf"{package}/_{package}\.(abi3\.so|pyd)", file))
    assert files[module] <= unpacked * 1e6
    assert {file.split("/")[0] for file in files} - {f"{wheel(name).name.split('-cp')[0]}.dist-info"} == {package}
    own = {path.name for path in PACKAGES[name].iterdir() if path.suffix in (".py", ".pyi", ".typed")}
    assert {Path(file).name for file in files if file.startswith(f"{package}/")} == own | {Path(module).name}
    assert {Path(file).name for file in files if "/licenses/" in file} >= {"LICENSE-APACHE", "LICENSE-MIT"}


def test_the_official_package_in_the_same_folder_is_told(tmp_path: Path) -> None:
    environment = Environment(tmp_path)
    (official,) = re.findall(r"muxi==[0-9.]+", (ROOT / "Makefile").read_text())
    environment.install(official)
    environment.install(str(wheel("muxi_client")))
    done = environment.run("python", "-c", "import muxi; print(muxi.ConflictError)")
    assert "<string>:1: UserWarning: the packages muxi and muxi-client are both installed" in done.stderr
    assert "pip uninstall muxi muxi-client, then pip install muxi-client" in done.stderr
    assert environment.run("python", "-m", "pip", "uninstall", "--yes", "muxi", "muxi-client").returncode == 0
    environment.install(str(wheel("muxi_client")))
    assert environment.run("python", "-W", "error", "-c", "import muxi").returncode == 0


def test_the_official_package_in_the_place_of_the_client_is_told(tmp_path: Path) -> None:
    environment = Environment(tmp_path)
    (official,) = re.findall(r"muxi==[0-9.]+", (ROOT / "Makefile").read_text())
    environment.install(f"{wheel('muxi_client')}[local]", "pytest")
    environment.install(official)
    (tmp_path / "test_one.py").write_text("def test_one(): pass")
    done = environment.run("python", "-m", "pytest", "-q", "test_one.py")
    assert (done.returncode, "has replaced files of muxi-client: pip uninstall muxi muxi-client" in done.stdout) == (
        0,
        True,
    )
    assert environment.run("python", "-m", "pip", "uninstall", "--yes", "muxi", "muxi-client").returncode == 0
    done = environment.run("python", "-c", "import muxi_local")
    assert done.stderr.splitlines()[-1].startswith("ModuleNotFoundError: muxi-local needs muxi-client: pip uninstall")
    environment.install(f"{wheel('muxi_client')}[local]")
    assert environment.run("python", "-W", "error", "-c", "import muxi, muxi_local").returncode == 0


def test_without_the_local_server_its_name_says_how_to_get_it(alone: Environment) -> None:
    done = alone.run("python", "-m", "muxi.local", "--version")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", MISSING)
    for line in (
        "import muxi.testing",
        "from muxi.testing import LocalServer",
        "import muxi.local; muxi.local.main([])",
    ):
        done = alone.run("python", "-c", line)
        assert done.stderr.strip().splitlines()[-1] == f"ModuleNotFoundError: {MISSING}", line
    done = alone.run(
        "python", "-c", "import muxi, muxi.local; muxi.FormationClient, muxi.webhook; print(muxi.__version__)"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (alone.programs / "muxi-local").exists()


def test_without_the_local_server_pytest_has_no_plugin(alone: Environment, tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_one(muxi_server): pass")
    done = alone.run("python", "-m", "pytest", "-q", cwd=tmp_path)
    assert "fixture 'muxi_server' not found" in done.stdout
    assert "muxi" not in alone.run("python", "-m", "pytest", "--markers", cwd=tmp_path).stdout


@pytest.mark.parametrize("command", [("muxi-local",), ("python", "-m", "muxi.local"), ("python", "-m", "muxi_local")])
def test_the_program_has_three_names(both: Environment, command: tuple[str, ...]) -> None:
    version = both.run("python", "-c", "import muxi; print(muxi.__version__)").stdout.strip()
    assert both.run(*command, "--version").stdout.split() == ["muxi-local", version]
    assert f"Usage: {' '.join(command)}" in both.run(*command, "--help").stdout


def test_an_application_is_tested_with_the_wheels(both: Environment, tmp_path: Path) -> None:
    assert both.run("python", "-m", "pip", "check").returncode == 0
    examples = shutil.copytree(ROOT / "examples", tmp_path / "examples")
    done = both.run("python", "-m", "pytest", "-q", cwd=examples / "app")
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout), done.stdout


def test_source_packages_have_a_lock_file_that_fits(tmp_path: Path) -> None:
    program = ROOT / "scripts/release/sdist.py"
    tools = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    subprocess.run([sys.executable, program, tmp_path], check=True, env=tools, stdout=subprocess.DEVNULL)
    made = {path.name.rsplit("-", 1)[0]: path for path in tmp_path.glob("*.tar.gz")}
    assert set(made) == set(PACKAGES)
    for name, path in made.items():
        with tarfile.open(path) as archive:
            files = {name.partition("/")[2] for name in archive.getnames()}
        assert files >= {"Cargo.lock", "PKG-INFO", "LICENSE-MIT", "THIRD-PARTY-LICENSES", "README.md", "pyproject.toml"}
        assert files >= {f"python/{PACKAGES[name].name}/{path.name}" for path in PACKAGES[name].glob("*.py")}
        assert not any(file.endswith((".so", ".pyc")) for file in files)
