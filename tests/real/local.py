"""muxi-local with the formation of the kit and every defect of the real runtime, beside that runtime."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# The kit's database has tenancy.
QUIRKS = "real,-single-user"
# The answers of turns for which muxi-local, unlike the real runtime, does not ask the language model.
SCRIPT = Path(__file__).with_name("local_script.yaml")


@contextmanager
def serving(real: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """Serve a formation folder; what a test has to know of it, in the form of `kit/up`.

    Args:
        real: The data from `kit/up` on the real runtime, whose language model is used.
        folder: A copy of the formation folder that the real runtime has been started with.
    """
    command = [sys.executable, "-m", "muxi.local", str(folder), "--port", "0", "--json", "--quirks", QUIRKS]
    command += ["--script", str(SCRIPT), "--llm-url", f"{real['llm_url']}/v1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            line = server.stdout.readline()
            if not line:
                raise RuntimeError("muxi-local did not start; its error output says why")
            url = json.loads(line)["url"]
            yield {**real, "url": f"{url}/v1", "root_url": url}
        finally:
            server.terminate()
