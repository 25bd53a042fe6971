"""Deploy a formation from the folder in the first argument, and follow the progress; with a bar, if there is rich."""

import sys
from collections.abc import Callable

from muxi import ConflictError, MuxiError, ServerClient, Upload

try:
    from rich.progress import DownloadColumn, Progress, TransferSpeedColumn
except ImportError:
    Progress = None  # type: ignore[assignment,misc]


def deploy(folder: str, show: Callable[[int, int], object]) -> None:
    with ServerClient() as server:
        try:
            for event in server.deploy_formation_stream(bundle_path=Upload(folder, show)):
                progress = event.json()
                print(progress.get("stage", event["event"]), progress.get("message", progress.get("url", "")))
        except ConflictError:
            updated = server.update_formation(bundle_path=Upload(folder, show))
            print(f"updated to version {updated['version']}")
        except MuxiError as error:
            sys.exit(f"not deployed: {error}")


if Progress is None:
    deploy(sys.argv[1], lambda sent, total: None)
else:
    with Progress(*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn()) as bar:
        task = bar.add_task("upload")
        deploy(sys.argv[1], lambda sent, total: bar.update(task, completed=sent, total=total))
