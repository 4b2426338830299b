"""The extent of a campaign: the short form runs at every change, the full form in ``make torture``.

Both forms assert the same; the short form tries fewer cases. A test with a short form has the mark ``campaign``.
"""

from __future__ import annotations

import os
from typing import TypeVar

#: Whether the campaigns run in full.
FULL = bool(os.environ.get("LINKYMONITOR_TORTURE"))
T = TypeVar("T")


def extent(short: T, full: T) -> T:
    """Return *full* for a full campaign, else *short*."""
    return full if FULL else short
