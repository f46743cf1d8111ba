"""``python -m ftwheel``."""

import sys

from ftwheel.cli.main import main

sys.exit(main())
