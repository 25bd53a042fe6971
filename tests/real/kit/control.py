#!/usr/bin/env python3
"""Start (`control.py up`) and stop (`control.py down`) the real formation runtime. See README.md."""

import contextlib
import fcntl
import hashlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

KIT = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("MUXI_REAL_RUNTIME_DIR") or Path.home() / ".cache" / "muxi-real-runtime").absolute()
VENV = CACHE / "venv"
PYTHON = VENV / "bin" / "python"
STATE = CACHE / "state.json"
# Another version of the runtime than that of requirements.txt.
VERSION = os.environ.get("MUXI_REAL_RUNTIME_VERSION", "")
FORMATION_ID = "integration"
ROOT = os.geteuid() == 0
# PostgreSQL refuses to run as root, so it then runs as `nobody`.
UNPRIVILEGED = {"user": "nobody", "group": "nogroup", "extra_groups": []} if ROOT else {}


def say(text):
    print(text, file=sys.stderr, flush=True)


def digest(*paths):
    """A hash over the names and contents of files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


def kit_digest():
    files = (p for p in KIT.rglob("*") if p.is_file() and p.name != "README.md" and "__pycache__" not in p.parts)
    return digest(*sorted(files)) + VERSION


# --- processes -----------------------------------------------------------------------------------


def start_time(pid):
    """When a process started, in clock ticks since boot; None if it is gone. Tells a reused pid from ours."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def running(process):
    return process["started"] is not None and start_time(process["pid"]) == process["started"]


def spawn(state, name, command, **options):
    """Start a process that outlives this one, and write it down at once so that `down` can find it."""
    with open(CACHE / "logs" / f"{name}.log", "wb") as log:
        pid = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options
        ).pid
    state["processes"][name] = {"pid": pid, "started": start_time(pid)}
    save(state)


def wait_until(state, name, ready, seconds):
    deadline = time.monotonic() + seconds
    while not ready():
        if not running(state["processes"][name]) or time.monotonic() > deadline:
            log = CACHE / "logs" / f"{name}.log"
            raise SystemExit(
                f"{name} did not start; the end of {log}:\n"
                + "\n".join(log.read_text(errors="replace").splitlines()[-30:])
            )
        time.sleep(0.1)


def stop(process, how, seconds):
    for sign, patience in ((how, seconds), (signal.SIGKILL, 5)):
        if running(process):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process["pid"], sign)
        deadline = time.monotonic() + patience
        while running(process) and time.monotonic() < deadline:
            time.sleep(0.05)


def save(state):
    STATE.touch(mode=0o600)
    STATE.write_text(json.dumps(state))


def load():
    return json.loads(STATE.read_text()) if STATE.exists() else {"processes": {}}


def stop_all(state):
    how = {"runtime": (signal.SIGTERM, 30), "llm": (signal.SIGTERM, 5), "postgres": (signal.SIGINT, 15)}
    for name in how:
        if name in state["processes"]:
            stop(state["processes"][name], *how[name])
    if "postgres_dir" in state:
        shutil.rmtree(state["postgres_dir"], ignore_errors=True)
    STATE.unlink(missing_ok=True)


# --- installation --------------------------------------------------------------------------------


def find_python():
    for name in filter(None, (os.environ.get("MUXI_REAL_RUNTIME_PYTHON"), "python3.11", "/usr/bin/python3.11")):
        check = "import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, 11))"
        if shutil.which(name) and subprocess.run([name, "-c", check], stderr=subprocess.DEVNULL).returncode == 0:
            return name
    raise SystemExit(
        "needs Python 3.11 with venv (Debian: apt-get install python3.11-venv); "
        "MUXI_REAL_RUNTIME_PYTHON names another one"
    )


def install():
    pins = [KIT / "requirements.txt", KIT / "constraints.txt"]
    stamp, wanted = VENV / "installed", digest(*pins) + VERSION
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("installing the runtime (about 2 GB, a few minutes)")
    subprocess.run([find_python(), "-m", "venv", "--clear", VENV], check=True, stdout=sys.stderr)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "-r", pins[0], "-c", pins[1]], check=True, stdout=sys.stderr)
    if VERSION:
        # In a second step, so that of the other packages only those change that this version needs otherwise.
        subprocess.run([*pip, f"muxi-runtime=={VERSION}"], check=True, stdout=sys.stderr)
    stamp.write_text(wanted)


# --- start ---------------------------------------------------------------------------------------


def free_ports(count):
    """Free ports below the range that the kernel gives to outgoing connections."""
    found = []
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise SystemExit("no free port on 127.0.0.1")


def answers(url):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return direct.open(url, timeout=5).status == 200
    except OSError:
        return False


def start_postgres(state, port, password):
    [package] = VENV.glob("lib/python*/site-packages/pgserver")
    home = CACHE / "postgres"
    if ROOT and subprocess.run(["test", "-x", CACHE], **UNPRIVILEGED).returncode:
        # `nobody` cannot enter the cache directory (/root is private): a copy where it can.
        home = Path("/var/tmp") / f"muxi-real-runtime-{hashlib.sha256(str(CACHE).encode()).hexdigest()[:12]}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o755)
    state["postgres_dir"] = str(home)
    save(state)
    if home.parent != CACHE:
        for name in ("pgserver/pginstall/bin", "pgserver/pginstall/lib", "pgserver/pginstall/share", "pgserver.libs"):
            shutil.copytree(package.parent / name, home / name, symlinks=True)
        package = home / "pgserver"
    binaries, data, secret = package / "pginstall" / "bin", home / "data", home / "password"
    data.mkdir()
    secret.touch(mode=0o600)
    secret.write_text(password)
    if ROOT:
        for path in (data, secret):
            shutil.chown(path, UNPRIVILEGED["user"], UNPRIVILEGED["group"])
    subprocess.run(
        [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--pwfile",
            secret,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        **UNPRIVILEGED,
    )
    spawn(
        state,
        "postgres",
        [
            binaries / "postgres",
            "-D",
            data,
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
        ],
        cwd="/",
        **UNPRIVILEGED,
    )
    ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    wait_until(state, "postgres", lambda: subprocess.run(ready, cwd="/", **UNPRIVILEGED).returncode == 0, 60)


def write_formation(values):
    target = CACHE / "formation"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700)
    shutil.copytree(KIT / "formation", target, dirs_exist_ok=True, copy_function=shutil.copyfile)
    for path in filter(Path.is_file, target.rglob("*")):
        text = path.read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        path.write_text(text)
    return target


def start(state):
    (CACHE / "logs").mkdir(exist_ok=True)
    port, llm_port, postgres_port = free_ports(3)
    root, llm = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{llm_port}"
    admin_key, client_key, password = (
        "fma_" + secrets.token_hex(16),
        "fmc_" + secrets.token_hex(16),
        secrets.token_hex(16),
    )
    calls = CACHE / "logs" / "llm_calls.jsonl"
    calls.unlink(missing_ok=True)

    say("starting PostgreSQL")
    start_postgres(state, postgres_port, password)
    say("starting the stand-in LLM")
    spawn(state, "llm", [PYTHON, KIT / "stub_llm.py", str(llm_port), calls])
    wait_until(state, "llm", lambda: answers(llm + "/v1/models"), 30)
    say("starting the runtime")
    formation = write_formation(
        {
            "FORMATION_ID": FORMATION_ID,
            "PORT": port,
            "ADMIN_KEY": admin_key,
            "CLIENT_KEY": client_key,
            "LLM_URL": llm,
            "DATABASE_URL": f"postgresql://postgres:{password}@127.0.0.1:{postgres_port}/postgres",
            "PYTHON": PYTHON,
            "KIT": KIT,
            "FORMATION": CACHE / "formation",
        }
    )
    home = CACHE / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    spawn(
        state,
        "runtime",
        [PYTHON, KIT / "run_runtime.py", formation, str(port)],
        cwd=formation,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "MUXI_TELEMETRY": "0",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "OPENAI_API_KEY": "sk-stand-in",
            "ONELLM_PROVIDERS__OPENAI__API_BASE": llm + "/v1",
            "ONELLM_PROVIDERS__OPENAI__MAX_RETRIES": "0",
        },
    )
    wait_until(state, "runtime", lambda: answers(root + "/v1/health"), 300)
    state["info"] = {
        "url": root + "/v1",
        "root_url": root,
        "formation_id": FORMATION_ID,
        "admin_key": admin_key,
        "client_key": client_key,
        "llm_url": llm,
        "pids": {n: p["pid"] for n, p in state["processes"].items()},
        "logs": str(CACHE / "logs"),
    }
    save(state)


def up():
    state = load()
    usable = "info" in state and state["kit"] == kit_digest() and all(map(running, state["processes"].values()))
    if not (usable and answers(state["info"]["url"] + "/health")):
        stop_all(state)
        install()
        state = {"kit": kit_digest(), "processes": {}}
        try:
            start(state)
        except BaseException:
            stop_all(state)
            raise
    print(json.dumps(state["info"]))


def down():
    stop_all(load())


if __name__ == "__main__":
    os.umask(0o022)
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another up or down")
            fcntl.flock(lock, fcntl.LOCK_EX)
        {"up": up, "down": down}[sys.argv[1]]()
