"""How far a campaign goes: a short form with every change, the full one for ``make torture``.

Both forms assert the same; the short one tries fewer cases. A test with a short form has the mark ``campaign``.
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
