"""The time zones that the machine knows."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from linkymonitor.errors import BadSetting, LinkyMonitorError
from linkymonitor.language import Text

#: The zone of the meters. A machine that does not know this zone has no time zone database.
HOME = "Europe/Paris"

_NONE = Text(
    "base des fuseaux horaires absente de cette machine ; faites « sudo apt install tzdata »",
    "this machine has no time zone database; run “sudo apt install tzdata”",
)


def zone(name: str) -> ZoneInfo:
    """Return the zone called *name*.

    Raises:
        BadSetting: there is no such zone, or no time zone database.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        if _known(HOME):
            raise BadSetting(
                Text("on attend un fuseau tel que Europe/Paris", "expected a zone such as Europe/Paris")
            ) from None
        raise BadSetting(_NONE) from None


def home() -> ZoneInfo:
    """Return the zone of the meters.

    Raises:
        LinkyMonitorError: the machine has no time zone database.
    """
    try:
        return ZoneInfo(HOME)
    except KeyError:
        raise LinkyMonitorError(_NONE) from None


def midnight(day: date, timezone: tzinfo) -> datetime:
    """Return the moment at which the local *day* begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone).astimezone(UTC)


def _known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except KeyError:
        return False
    return True
