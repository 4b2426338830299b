"""Reads a French electricity meter and puts what it says to use.

As a library::

    import linkymonitor

    with linkymonitor.open_meter("/dev/ttyUSB0") as meter:
        for reading in meter:
            print(reading.taken_at, reading.tariff_period, reading.apparent_power)
"""

# What type checkers take for typing.TYPE_CHECKING: importing typing would cost more than all the rest here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from linkymonitor.library import open_meter
    from linkymonitor.model.reading import Reading
    from linkymonitor.model.terms import Mode

__all__ = ["RELEASED", "Mode", "Reading", "__version__", "open_meter"]
__version__ = "0.1.0"
#: The day of this version, as in CHANGELOG.md: no clock is right that shows an earlier one.
RELEASED = "2026-11-21"

_HOMES = {"Mode": "model.terms", "Reading": "model.reading", "open_meter": "library"}


def __getattr__(name: str) -> object:
    # Each command imports this package: what a library user wants is imported when it is asked for.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
