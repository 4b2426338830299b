"""Finds the files that are shipped beside the code: templates/, static/, etc/."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """Return the path of *name*, such as ``templates`` or ``etc/linkymonitor.ini``.

    A wheel has these folders inside the package; a checkout has them beside the package.

    Raises:
        FileNotFoundError: *name* is in neither place.
    """
    for root in (_PACKAGE, _PACKAGE.parent):
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} is neither in {_PACKAGE} nor beside it: install linkymonitor again")
