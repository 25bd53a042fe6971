"""Deploy a formation from the folder in the first argument, and follow the progress."""

import sys

from muxi import ConflictError, MuxiError, ServerClient

folder = sys.argv[1]

with ServerClient() as server:
    try:
        for event in server.deploy_formation_stream(bundle_path=folder):
            progress = event.json()
            print(progress.get("stage", event["event"]), progress.get("message", progress.get("url", "")))
    except ConflictError:
        updated = server.update_formation(bundle_path=folder)
        print(f"updated to version {updated['version']}")
    except MuxiError as error:
        sys.exit(f"not deployed: {error}")
