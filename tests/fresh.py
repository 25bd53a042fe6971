"""Runs a command as on a fresh machine whose owner has habits: ``python tests/fresh.py make test``.

It runs in a new clone of HEAD, in a folder with a blank and an umlaut, with an empty home and an empty CARGO_HOME,
behind a proxy that reaches nothing on this machine, with MUXI settings that lead nowhere, inside a conda environment,
and with SIGINT ignored, as under ``nohup`` in a script.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tunnel import tunnel

ROOT = Path(__file__).resolve().parents[1]
NOWHERE = "http://127.0.0.1:9"
# Each would bring in what the owner has built or fetched before, or let the command past the proxy.
DROPPED = ("CARGO_TARGET_DIR", "NO_PROXY", "PIP_CACHE_DIR", "VIRTUAL_ENV", "XDG_CACHE_HOME", "no_proxy")


class Proxy(BaseHTTPRequestHandler):
    """Leads outside only, as a company's proxy does."""

    def do_CONNECT(self) -> None:
        if self.path.startswith(("localhost:", "127.", "[::1]:")):
            self.refuse()
        else:
            tunnel(self)

    def refuse(self) -> None:
        self.send_error(502, "This proxy reaches nothing on this machine")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = refuse

    def log_message(self, format: str, *args: object) -> None:
        pass


def environment(folder: Path, proxy: str) -> dict[str, str]:
    """Environment of the command."""
    home = Path.home()
    own = {
        "HOME": folder / "home",
        "CARGO_HOME": folder / "cargo",
        "TMPDIR": folder / "tmp",
        # Toolchains stay where rustup and pyenv have put them.
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", home / ".rustup"),
        "PYENV_ROOT": os.environ.get("PYENV_ROOT", home / ".pyenv"),
        "CONDA_PREFIX": folder / "conda",
        "CONDA_DEFAULT_ENV": "base",
    }
    for name in ("home", "cargo", "tmp", "conda"):
        (folder / name).mkdir()
    own |= {name: proxy for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
    own |= {name: NOWHERE for name in ("MUXI_SERVER_URL", "MUXI_FORMATION_URL")}
    keys = ("MUXI_KEY_ID", "MUXI_SECRET_KEY", "MUXI_CLIENT_KEY", "MUXI_ADMIN_KEY", "MUXI_FORMATION_ID")
    own |= {name: "unknown" for name in keys}
    own |= {"MUXI_DEBUG": "1", "MUXI_TIMEOUT": "0.001", "MUXI_MAX_RETRIES": "9"}
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    return kept | {name: str(value) for name, value in own.items()}


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="müxi ", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        clone = folder / "the clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        variables = environment(folder, f"http://127.0.0.1:{proxy.server_port}")
        return subprocess.run(sys.argv[1:], cwd=clone, env=variables).returncode


if __name__ == "__main__":
    sys.exit(main())
