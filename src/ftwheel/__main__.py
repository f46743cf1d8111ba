"""``python -m ftwheel``."""

import sys

from ftwheel.cli.main import process

sys.exit(process())
