"""Makes the summary of a day of its figures."""

from __future__ import annotations

from enum import Enum

from linkymonitor.report.day import Change, DayFigures
from linkymonitor.summaries.day import Break, DaySummary, InjectedEnergy, Silence, TermChange


def summarise(figures: DayFigures) -> DaySummary:
    """Return the summary of the day of *figures*."""
    contract, injected, watts = figures.contract, figures.injected, figures.base_watts
    power = contract.subscribed_power if contract else None
    return DaySummary(
        date=figures.date,
        timezone=figures.timezone,
        start=round(figures.start),
        end=round(figures.end),
        until=round(figures.until),
        option=contract.option if contract else None,
        subscribed_kva=None if power is None else power // 1000,
        phases=contract.phases if contract else None,
        producer=contract.producer if contract else None,
        mode=contract.mode.value if contract else None,
        half_hours={
            register: tuple(energy.get(register, 0) for energy in figures.half_hours)
            for register in figures.registers
        },
        unread=figures.unread,
        injected=None
        if injected is None
        else InjectedEnergy(
            wh=injected.wh,
            low_wh=injected.low_wh,
            high_wh=injected.high_wh,
            estimated=injected.estimated,
            at_least=injected.at_least,
        ),
        injected_half_hours=injected.half_hours if injected else None,
        midnight=figures.kept.midnight,
        peak_va=figures.peak,
        peak_at=None if figures.peak_at is None else round(figures.peak_at),
        base_load_va=figures.base_load,
        base_watts_low=watts.low if watts else None,
        base_watts_high=watts.high if watts else None,
        coverage=figures.quality.coverage,
        records=figures.quality.records,
        frames=figures.quality.frames,
        rejected=figures.quality.rejected,
        gaps=tuple(Silence(round(gap.start), round(gap.end), gap.wh) for gap in figures.quality.gaps),
        by_phase=figures.kept.by_phase,
        breaks=tuple(Break(round(epoch.at), epoch.contract) for epoch in figures.breaks),
        changes=tuple(map(_change, figures.changes)),
        ejp=figures.ejp,
        colour=figures.colour,
        partial=figures.partial,
        silent=figures.silent,
        barely=figures.barely,
        log=figures.kept.log,
        between=figures.kept.between,
    )


def _change(change: Change) -> TermChange:
    if change.what == "meter":
        return TermChange(round(change.at), change.what, None, None)
    return TermChange(round(change.at), change.what, _plain(change.before), _plain(change.after))


def _plain(value: object) -> str | int | bool | None:
    """Return a term of the contract as a value that JSON has."""
    if isinstance(value, Enum):
        return str(value.value)
    return value if value is None or isinstance(value, (bool, int)) else str(value)
