"""The program ``python -m muxi_local``."""

import sys

from . import main

sys.exit(main(program="python -m muxi_local"))
