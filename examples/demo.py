"""Run the quickstarts and a streamed chat against muxi-local, as a user would: `make demo`."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

local = subprocess.Popen(
    [sys.executable, "-m", "muxi.local", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True
)
try:
    assert local.stdout is not None
    started = json.loads(local.stdout.readline())
    names = {"url": "SERVER_URL", "key_id": "KEY_ID", "secret_key": "SECRET_KEY", "formation_id": "FORMATION_ID"}
    names |= {"client_key": "CLIENT_KEY", "admin_key": "ADMIN_KEY"}
    environment = os.environ | {f"MUXI_{variable}": str(started[name]) for name, variable in names.items()}
    print(f"muxi-local answers at {started['url']}", flush=True)
    for program in ("quickstart.py", "quickstart_async.py", "chat_stream.py"):
        print(f"\n$ python examples/{program}", flush=True)
        subprocess.run([sys.executable, HERE / program], env=environment, check=True)
finally:
    local.terminate()
    local.wait()
