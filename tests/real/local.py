"""muxi-local with the formation of the kit and every defect of the real runtime, beside that runtime."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from muxi import ServerClient

# The kit's database has tenancy.
QUIRKS = "real,-single-user"


@contextmanager
def serving(real: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """Serve a formation folder; what a test has to know of it, in the form of `kit/up`.

    Args:
        real: What `kit/up` has said of the real runtime, whose language model and keys are used.
        folder: The formation folder that the real runtime has been started with.
    """
    command = [sys.executable, "-m", "muxi.local", "--port", "0", "--json", "--quirks", QUIRKS]
    command += ["--llm-url", f"{real['llm_url']}/v1"]
    with (
        tempfile.TemporaryDirectory() as copy,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        try:
            assert server.stdout
            info = json.loads(server.stdout.readline())
            files = shutil.copytree(folder, Path(copy) / real["formation_id"])
            keys = {"key_id": info["key_id"], "secret_key": info["secret_key"]}
            with ServerClient(url=info["url"], **keys) as client:
                client.deploy_formation(real["formation_id"], files)
            yield {**real, "url": f"{info['url']}/api/{real['formation_id']}/v1", "root_url": info["url"]}
        finally:
            server.terminate()
