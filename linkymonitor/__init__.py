"""Reads a French electricity meter: for relays, lamps, a display, a log and pages.

As a library::

    import linkymonitor

    with linkymonitor.open_meter("/dev/ttyUSB0") as meter:
        for reading in meter:
            print(reading.taken_at, reading.tariff_period, reading.apparent_power)
"""

# Type checkers treat this name like typing.TYPE_CHECKING. Importing typing would cost more than the rest of the module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from linkymonitor.library import open_meter
    from linkymonitor.model.reading import Reading
    from linkymonitor.model.terms import Mode

__all__ = ["RELEASED", "Mode", "Reading", "__version__", "open_meter"]
__version__ = "0.1.0"
#: The day of this version, as in CHANGELOG.md. A clock that shows an earlier day is wrong.
RELEASED = "2026-11-21"

_HOMES = {"Mode": "model.terms", "Reading": "model.reading", "open_meter": "library"}


def __getattr__(name: str) -> object:
    # Each command imports this package, so the names for users of the library are imported on demand.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
