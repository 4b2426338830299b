"""Readings and records of one meter by local time, for the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from tests.support.truth import PARIS

METER = "000000000123"
EJP = Contract(mode=Mode.HISTORIQUE, option="EJP", registers=("HN", "PM"), subscribed_power=9000, meter=METER)


def moment(text):
    """Return a local time of Paris in UTC: ``2026-12-01 08:00``; the second 02:30 is written ``02:30+01:00``."""
    wall = datetime.fromisoformat(text)
    return (wall if wall.tzinfo else wall.replace(tzinfo=PARIS)).astimezone(UTC)


def reading(at, contract=EJP, **indexes):
    return Reading(
        taken_at=moment(at) if isinstance(at, str) else at,
        mode=contract.mode if contract else Mode.HISTORIQUE,
        meter=contract.meter if contract else None,
        contract=contract,
        indexes=indexes,
    )


def record(at, contract=EJP, **indexes):
    end = moment(at)
    return Record(
        started_at=end - timedelta(seconds=10),
        ended_at=end,
        # The log has a hash of the address, not the address.
        contract=contract,
        tariff_period="HN..",
        indexes=indexes,
    )


def fold(ledger, *readings):
    """Return the energy after each reading."""
    return [dict(ledger.update(reading).energy) for reading in readings]
