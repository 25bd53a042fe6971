"""Install the packages of a folder into clean environments, and use them.

``python scripts/release/try_out.py FOLDER`` installs the wheels that fit this machine, from the folder alone.
``... FOLDER --sources`` compiles the source packages, whose build needs a package index, and ``... FOLDER --crates`` a
program with both crates. Each compares the folder with its checksums, if it has any.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

from building import ROOT, environment
from checksums import NAME
from sources import CRATES
from version import current

MANIFEST = """\
[package]
name = "hello"
version = "0.0.0"
edition = "2024"

[dependencies]
muxi-client = { path = "{muxi-client}" }
muxi-local = { path = "{muxi-local}" }

[patch.crates-io]
muxi-client = { path = "{muxi-client}" }
"""
PROGRAM = """\
use muxi_client::blocking::FormationClient;
use muxi_local::Server;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::spawn(Server::builder().script("- reply: Hi!"))?;
    let formation = FormationClient::builder()
        .server_url(server.url())
        .formation_id(server.formation_id())
        .client_key(server.client_key())
        .build()?;
    let mut turn = formation.chat_stream("Hello!").send()?;
    for text in turn.text_deltas() {
        println!("{}", text?);
    }
    Ok(())
}
"""


def call(*command: str | Path, cwd: Path) -> str:
    kept = {name: value for name, value in environment().items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, env=kept, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed\n{done.stdout}")
    return done.stdout.strip()


def verify(folder: Path) -> None:
    """Compare the files of the folder with their checksums."""
    for line in (folder / NAME).read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition("  ")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            sys.exit(f"{name} has another checksum than {NAME} says")


def install(temporary: Path, *arguments: str | Path) -> None:
    """Install both distributions into a new environment, and use them there."""
    venv.create(temporary / "venv", with_pip=True)
    programs = temporary / "venv" / ("Scripts" if os.name == "nt" else "bin")
    call(programs / "python", "-m", "pip", "install", "--quiet", *arguments, cwd=temporary)
    call(programs / "python", "-m", "pip", "check", cwd=temporary)
    assert call(programs / "muxi-local", "--version", cwd=temporary).split()[-1] == current()
    print(call(programs / "python", ROOT / "scripts/release/smoke.py", current(), cwd=temporary), flush=True)


def compile_crates(folder: Path, temporary: Path) -> None:
    """Compile a program with the unpacked crates, and run it."""
    manifest = MANIFEST
    for crate in CRATES:
        with tarfile.open(folder / f"{crate}-{current()}.crate") as archive:
            archive.extractall(temporary, filter="data")
        manifest = manifest.replace(f"{{{crate}}}", f"{crate}-{current()}")
    (temporary / "Cargo.toml").write_text(manifest)
    (temporary / "src").mkdir()
    (temporary / "src/main.rs").write_text(PROGRAM)
    # The versions of the last package, which its lock file names: those that were tested.
    (temporary / "Cargo.lock").write_bytes((temporary / f"{CRATES[-1]}-{current()}/Cargo.lock").read_bytes())
    said = call("cargo", "run", "--quiet", cwd=temporary)
    assert said == "Hi!", said
    print(f"both crates {current()} work")


def main(folder: Path, what: list[str]) -> None:
    if (folder / NAME).exists():
        verify(folder)
    with tempfile.TemporaryDirectory() as temporary:
        match what:
            case []:
                install(Path(temporary), "--no-index", "--find-links", folder, f"muxi-client[local]=={current()}")
            case ["--sources"]:
                # pip keeps what it has compiled, and would install that again for a file of the same name.
                install(Path(temporary), "--no-cache-dir", *folder.glob("*.tar.gz"))
            case ["--crates"]:
                compile_crates(folder, Path(temporary))
            case _:
                sys.exit(__doc__)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
