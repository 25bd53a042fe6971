"""The wheels that `make packages` has built."""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "target" / "packages"
PACKAGES = {"muxi_client": ROOT / "python/muxi", "muxi_local": ROOT / "crates/muxi-local-python/python/muxi_local"}
REPOSITORY: str = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["repository"]


def wheel(name: str) -> Path:
    (found,) = BUILT.glob(f"{name}-*.whl")
    return found
