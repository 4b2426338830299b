"""The two versions of paho-mqtt that are tested: the one that is installed, and 1.6 in a folder of its own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

INSTALLED, OLD = "installed", "1.6"
#: A test of how the box uses paho-mqtt, which runs with both versions of it.
EACH_PAHO = pytest.mark.usefixtures("each_paho")
#: `make test` puts version 1.6 there.
_FOLDER = Path(sys.prefix) / "paho-1.6"


def paho() -> ModuleType:
    """Return the client library in use; the test is skipped where there is none."""
    return pytest.importorskip(
        "paho.mqtt.client", reason="paho-mqtt is not installed: pip install 'linkymonitor[mqtt]'"
    )


@contextmanager
def version(wanted: str) -> Iterator[ModuleType]:
    """Let everybody import the version *wanted*; the test is skipped where it is not there."""
    if wanted == INSTALLED:
        yield paho()
        return
    if not _FOLDER.is_dir():
        pytest.skip(f"paho-mqtt {OLD} is not in {_FOLDER.name}: `make test` puts it there")
    kept = _forgotten()
    sys.path.insert(0, str(_FOLDER))
    try:
        yield importlib.import_module("paho.mqtt.client")
    finally:
        sys.path.remove(str(_FOLDER))
        _forgotten()
        sys.modules.update(kept)


def _forgotten() -> dict[str, ModuleType]:
    """Return the modules of paho that were imported, which are so no longer."""
    names = [name for name in sys.modules if name.partition(".")[0] == "paho"]
    return {name: sys.modules.pop(name) for name in names}
