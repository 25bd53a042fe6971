"""Rehearse a release: everything that is published, from a clean clone of HEAD, then installed and used.

``python scripts/release/rehearse.py FOLDER``. Nothing is sent anywhere. The wheels are those of this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from building import ROOT


def check_documents(folder: Path) -> None:
    """Validate the OpenAPI documents."""
    from openapi_spec_validator import validate

    documents = sorted(folder.glob("*openapi*.json"))
    assert len(documents) == 2, documents
    for path in documents:
        validate(json.loads(path.read_text(encoding="utf-8")))


def main(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        sys.exit(f"{out} is not empty")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        clone = Path(temporary) / "clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        # One for all builds, which have most packages in common.
        environment = {**os.environ, "CARGO_TARGET_DIR": str(Path(temporary) / "target")}

        def step(program: str, *arguments: str | Path) -> None:
            start = time.monotonic()
            command = [sys.executable, clone / "scripts/release" / program, *arguments]
            done = subprocess.run(command, cwd=clone, env=environment, check=False)
            if done.returncode:
                sys.exit(f"{program} failed")
            times.append(f"{(time.monotonic() - start) / 60:5.1f}  {program} {' '.join(map(str, arguments[1:]))}")

        times: list[str] = []
        step("version.py")
        step("wheels.py", out)
        step("sources.py", out)
        check_documents(out)
        step("checksums.py", out)
        for what in ([], ["--sources"], ["--crates"]):
            step("try_out.py", out, *what)
    print("\nminutes", *times, "", *sorted(os.listdir(out)), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
