"""``python -m linkymonitor``."""

import sys

from linkymonitor.cli import main

sys.exit(main())
