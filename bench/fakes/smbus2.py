"""smbus2 with a display at the far end of every bus, which takes all and says nothing."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ELSEWHERE = [path for path in sys.path if Path(path or ".").resolve() != _HERE]

# The real one is loaded too, so that its memory counts.
_spec = importlib.machinery.PathFinder.find_spec("smbus2", _ELSEWHERE)
if _spec is None or _spec.loader is None:
    raise ImportError("smbus2")
_real = importlib.util.module_from_spec(_spec)
sys.modules["smbus2"] = _real
_spec.loader.exec_module(_real)

i2c_msg = _real.i2c_msg


class SMBus:
    """A bus without a device node."""

    fd = None

    def __init__(self, bus: object = None, force: bool = False) -> None:
        pass

    def close(self) -> None:
        """Close nothing."""

    def i2c_rdwr(self, *messages: object) -> None:
        """Take *messages*."""

    def write_i2c_block_data(self, *arguments: object) -> None:
        """Take a block."""


_real.__dict__["SMBus"] = SMBus
