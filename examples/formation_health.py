"""Ask a formation how it is. The URL comes from MUXI_SERVER_URL and MUXI_FORMATION_ID."""

import sys

from muxi import FormationClient, MuxiError

with FormationClient() as formation:
    try:
        health = formation.health()
    except MuxiError as error:
        sys.exit(f"{formation.base_url} is not well: {error}")
    print(f"{formation.base_url} is {health['status']}, up for {health['uptime_seconds']} s")
