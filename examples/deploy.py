"""Deploy a formation from the folder in the first argument, and follow the progress; with a bar, if there is rich."""

import sys
from collections.abc import Callable

from muxi import ConflictError, MuxiError, ServerClient, Upload

try:
    import rich.progress as bars
except ImportError:
    bars = None  # type: ignore[assignment]


def deploy(folder: str, show: Callable[[int, int], object]) -> None:
    with ServerClient() as server:
        try:
            for event in server.deploy_formation_stream(payload=Upload(folder, show)):
                progress = event.json()
                print(progress.get("stage", event["event"]), progress.get("message", progress.get("url", "")))
        except ConflictError:
            update(server, folder, show)


def update(server: ServerClient, folder: str, show: Callable[[int, int], object]) -> None:
    try:
        updated = server.update_formation(payload=Upload(folder, show))
        print(f"updated to version {updated.version}")
    except ConflictError as error:
        print(f"not updated: {error.message}")


def run(show: Callable[[int, int], object]) -> None:
    try:
        deploy(sys.argv[1], show)
    except MuxiError as error:
        sys.exit(f"not deployed: {error}")


if bars is None:
    run(lambda sent, total: None)
else:
    with bars.Progress(*bars.Progress.get_default_columns(), bars.TransferSpeedColumn()) as bar:
        task = bar.add_task("upload")
        run(lambda sent, total: bar.update(task, completed=sent, total=total))
