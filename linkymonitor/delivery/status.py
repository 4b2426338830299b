"""Prints how each sink goes: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from linkymonitor.daily_log.follower import Follower, Lag, time_of
from linkymonitor.delivery.state import Standing, StateFolder
from linkymonitor.language import Text, escape_controls
from linkymonitor.sinks.base import Configured, takes_records
from linkymonitor.sinks.network import without_secrets
from linkymonitor.system.storage import Storage

_SCHEMA = 1


class _Line(NamedTuple):
    name: str
    configured: Configured
    standing: Standing | None
    lag: Lag | None

    @property
    def last_record(self) -> datetime | None:
        """The stamp of the last record that the sink has."""
        return time_of(self.standing.place.stamp) if self.standing and self.lag else None

    @property
    def age(self) -> timedelta | None:
        """How much older that record is than the newest of the log."""
        at = self.last_record
        if self.lag is None or at is None or self.lag.newest is None:
            return None
        return max(self.lag.newest - at, timedelta(0))


def print_status(sinks: Mapping[str, Configured], state: StateFolder, log_dir: Path, *, as_json: bool) -> int:
    """Print how each sink goes.

    Returns:
        The exit status: 1 when a sink that is in use takes nothing.

    Raises:
        StorageError: the log cannot be read.
    """
    follower = Follower(log_dir)
    lines = []
    for name, configured in sinks.items():
        standing = state.read(name, mend=False) if configured.enabled else None
        # For a sink of live values alone nothing waits in the log.
        queued = takes_records(configured.sink) or hasattr(configured.sink, "events")
        lag = follower.lag(standing.place) if standing and queued else None
        lines.append(_Line(name, configured, standing, lag))
    if as_json:
        print(
            json.dumps({"schema": _SCHEMA, "sinks": {line.name: _document(line) for line in lines}}, indent=1)
        )
    else:
        _print_table(lines)
        in_use = [configured for configured in sinks.values() if configured.enabled]
        for sentence in _left_behind(state.directory, in_use):
            print(escape_controls(str(sentence)))
    return 1 if any(line.standing and line.standing.unavailable_since for line in lines) else 0


def _left_behind(directory: Path, in_use: Iterable[Configured]) -> list[Text]:
    """Return what MQTT brokers still retain of sinks that were removed."""
    if not any(directory.glob("mqtt-*.json")):
        return []  # nor is the client of MQTT loaded
    from linkymonitor.sinks.mqtt_kept import left_behind

    return left_behind(directory, in_use, Storage())


def _document(line: _Line) -> dict[str, object]:
    standing, lag, at, age = line.standing or Standing(), line.lag, line.last_record, line.age
    return {
        "type": line.configured.type,
        "enabled": line.configured.enabled,
        "lag": lag.records if lag else None,
        "lag_is_exact": lag.counted if lag else None,
        "age_s": age.total_seconds() if age is not None else None,
        "last_record": f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None,
        "last_success": standing.last_success or None,
        "unavailable_since": standing.unavailable_since or None,
        "last_error": without_secrets(standing.last_error) or None,
        "last_error_at": standing.last_error_at or None,
        "next_try": standing.next_try or None,
        "delivered": standing.delivered,
        "set_aside": standing.set_aside,
    }


_HEADINGS = (
    Text("Destination", "Sink"),
    Text("Type", "Type"),
    Text("État", "State"),
    Text("En attente", "Waiting"),
    Text("Retard", "Behind"),
    Text("Dernier envoi", "Last success"),
    Text("Refusés", "Set aside"),
)


def _print_table(lines: list[_Line]) -> None:
    if not lines:
        print(Text("Aucun [sink:NOM] dans la configuration", "No [sink:NAME] in the configuration"))
        return
    rows = [tuple(str(heading) for heading in _HEADINGS), *map(_cells, lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(escape_controls("  ".join(cells).rstrip()))
    for line in lines:
        if line.standing and line.standing.last_error:
            when = _local(line.standing.last_error_at)
            words = without_secrets(line.standing.last_error)
            print(
                escape_controls(
                    f"[sink:{line.name}] "
                    + str(Text("dernière erreur, ", "last error, "))
                    + f"{when}{Text(' : ', ': ')}{words}"
                )
            )
        if line.standing and line.standing.next_try > datetime.now(UTC).isoformat():
            when = _local(line.standing.next_try)
            again = f"[sink:{line.name}] " + Text(f"prochain essai, {when}", f"next try, {when}")
            print(escape_controls(str(again)))


def _cells(line: _Line) -> tuple[str, ...]:
    standing, lag = line.standing, line.lag
    if not line.configured.enabled:
        state = Text("hors service", "disabled")
    elif standing is None:
        state = Text("jamais lancée", "never run")
    elif standing.unavailable_since:
        since = _local(standing.unavailable_since)
        state = Text(f"indisponible depuis {since}", f"unavailable since {since}")
    else:
        state = Text("en service", "in use")
    waiting = "–" if lag is None else f"{lag.records}{'' if lag.counted else '+'}"
    age = "–" if line.age is None else str(line.age)
    return (
        line.name,
        line.configured.type,
        str(state),
        waiting,
        age,
        _local(standing.last_success) if standing else "–",
        str(standing.set_aside) if standing else "–",
    )


def _local(stamp: str) -> str:
    """Return an ISO stamp as people read it, in the zone of this machine."""
    try:
        return f"{datetime.fromisoformat(stamp).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return "–"
