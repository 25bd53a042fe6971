"""Make what is the same for every system: source packages of both distributions, both crates, both OpenAPI documents.

``python scripts/release/sources.py FOLDER``. `try_out` compiles the packages: cargo would do so for each crate alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from building import ROOT, run
from version import current

# In the order in which they need each other.
CRATES = ["muxi-client", "muxi-local"]


def target() -> Path:
    """Return the folder that cargo writes to."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return Path(json.loads(done.stdout)["target_directory"])


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    run(sys.executable, ROOT / "scripts/release/sdist.py", out)
    run("cargo", "package", "--locked", "--quiet", "--no-verify", *(f"--package={crate}" for crate in CRATES))
    for crate in CRATES:
        shutil.copy(target() / "package" / f"{crate}-{current()}.crate", out)
    documents = target() / "openapi"
    run("cargo", "run", "--quiet", "--locked", "--package", "xtask", "--", "openapi", documents)
    for path in documents.glob("*.json"):
        shutil.copy(path, out / f"muxi-{path.stem}-openapi-{current()}.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
