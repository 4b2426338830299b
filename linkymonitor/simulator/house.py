"""The meter of the simulated house: its frames, made of the truth, and their bytes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from linkymonitor.model.terms import Colour, Ejp, Mode
from linkymonitor.simulator.household import Day, Household, Truth, utc_floor
from linkymonitor.simulator.load import SLOT
from linkymonitor.simulator.noise import Noise
from linkymonitor.simulator.options import PARIS, Options
from linkymonitor.simulator.seasons import Tariff
from linkymonitor.tic import encoder, parity
from linkymonitor.tic.frame import FRAME_GAP, Frame, InfoGroup

_LINES_KEPT = 4096

#: In an overload and for a minute after it, a three-phase meter sends so many short frames, then a long one
#: (NOI-CPT_02E §2.5.2).
_SHORT_FRAMES, _SHORT_FOR = 20, timedelta(minutes=1)

_OPTARIF = {"BASE": "BASE", "HC": "HC..", "EJP": "EJP.", "TEMPO": "BBR("}
_INDEX_LABELS = {
    "BASE": ("BASE",),
    "HC": ("HCHC", "HCHP"),
    "EJP": ("EJPHN", "EJPHPM"),
    "TEMPO": ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
}

# NGTF and LTARF as real meters send them, with their blanks. Those of EJP are made up, in the same form.
_NGTF = {"BASE": "BASE", "HC": "H PLEINE/CREUSE", "EJP": "EJP", "TEMPO": "TEMPO"}
_LTARF = {
    "TH..": "      BASE      ",
    "HC..": " HEURE  CREUSE  ",
    "HP..": " HEURE  PLEINE  ",
    "HN..": " HEURE NORMALE  ",
    "PM..": " HEURE  POINTE  ",
    "HCJB": "    HC  BLEU    ",
    "HPJB": "    HP  BLEU    ",
    "HCJW": "   HC  BLANC    ",
    "HPJW": "   HP  BLANC    ",
    "HCJR": "   HC  ROUGE    ",
    "HPJR": "   HP  ROUGE    ",
}

#: Day profiles (PJOURF+1): the time, the effect on the contact, the register.
_PROFILES = {
    "BASE": ("00008001",),
    "HC": ("0000C001", "06008002", "2200C001"),
    "EJP": ("00008001",),
    "TEMPO": ("00004001", "06004002", "22004001"),
}
_EJP_PROFILE = ("01008001", "0700C002")
_NO_MESSAGE = "PAS DE          MESSAGE         "
_COLOURS = (None, Colour.BLUE, Colour.WHITE, Colour.RED)


@lru_cache(maxsize=256)
def horodate(at: datetime) -> str:
    """Return the horodate of *at*: the season, then the local time (NOI-CPT_54E §6.2.1.1)."""
    here = at.astimezone(PARIS)
    return f"{'E' if here.dst() else 'H'}{here:%y%m%d%H%M%S}"


def _profile(blocks: tuple[str, ...]) -> str:
    return " ".join((*blocks, *("NONUTILE",) * (11 - len(blocks))))


class House(Household):
    """A simulated house with its meter.

    ``truth`` has the values of the house, and ``frame_at`` a frame of them, for any instant since the eve of the first
    day. ``frames`` yields the frames of the meter one after the other, from ``options.start`` on.
    """

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        #: The instant at which the next frame of ``frames`` begins.
        self.now = options.start
        #: Damages lines, and counts the damaged ones.
        self.noise = Noise(options.seed, options.noise, options.noise_kinds, options.parity)
        self._groups: Callable[[Truth], list[InfoGroup]] = (
            self._standard if options.mode is Mode.STANDARD else self._historique
        )
        self._lines: dict[InfoGroup, bytes] = {}
        self._burst_until = options.start
        self._short_frames = 0
        # An address has maker, year and type. Types 62 and 63 are the first Linky, 28 and 30 the blue meters of 2007.
        kind = (
            ("28" if options.phases == 1 else "30") if options.old else "62" if options.phases == 1 else "63"
        )
        self._address = f"0221{kind}{options.seed % 1000:06d}"
        self._memory: dict[Callable[..., list[InfoGroup]], tuple[object, list[InfoGroup]]] = {}

    def skip_to(self, at: datetime) -> None:
        """Make the next frame begin at *at*; the indexes count the energy until then."""
        self.now = at.astimezone(UTC)

    def frames(self, until: datetime | None = None) -> Generator[tuple[datetime, bytes], None, None]:
        """Yield one frame after the other, each with the gap that follows it, at the pace of the line.

        Args:
            until: no frame begins at or after this instant; None: the end of ``options.duration``.

        Yields:
            The instant of the first byte, which is also that of the data, and the bytes of the frame.
        """
        options = self.options
        if until is None and options.duration is not None:
            until = options.start + options.duration
        byte = 10 / options.mode.speed
        while until is None or self.now < until:
            at = self.now
            lines = self._next_lines(at, byte)
            took = timedelta(seconds=sum(map(len, lines)) * byte + FRAME_GAP)
            self.now = at + (max(took, options.every) if options.every else took)
            if options.noise:
                lines[1:-1] = self.noise.hurt(lines[1:-1])
                if self.noise.cut:
                    del lines[-1]
            yield at, b"".join(lines)

    def frame_at(self, at: datetime) -> Frame:
        """Return the whole frame, never a short one, that would begin at *at*.

        Raises:
            ValueError: *at* is before the eve of the first day.
        """
        return Frame(tuple(self._groups(self.truth(at))))

    def _next_lines(self, at: datetime, byte: float) -> list[bytes]:
        """Return STX, the lines, and ETX or EOT of the frame that begins at *at*."""
        truth = self.truth(at)
        if self.options.phases == 1 or self.options.mode is Mode.STANDARD:
            return self._written(self._groups(truth))
        if truth.overload:
            self._burst_until = at + _SHORT_FOR
        if at < self._burst_until:
            self._short_frames += 1
            if self._short_frames <= _SHORT_FRAMES:
                return self._written(self._short(truth))
            self._short_frames = 0
            return self._written(self._groups(truth))
        self._short_frames = 0
        lines = self._written(self._groups(truth))
        # The power only changes with a slot, and no frame is longer than one.
        into_slot = (at - self.day(at).start).total_seconds() % SLOT
        left = int((SLOT - into_slot) / byte)
        if left < sum(map(len, lines)) and self.truth(at + timedelta(seconds=SLOT - into_slot)).overload:
            # NOI-CPT_02E §2.5.2: a long frame is broken off after the current group, and EOT is sent.
            sent, count = 0, 0
            while sent <= left:
                sent += len(lines[count])
                count += 1
            return lines if count >= len(lines) else [*lines[:count], self._on_line(b"\x04")]
        return lines

    def _written(self, groups: list[InfoGroup]) -> list[bytes]:
        lines, known = [self._on_line(b"\x02")], self._lines
        for group in groups:
            line = known.get(group)
            if line is None:
                if len(known) >= _LINES_KEPT:
                    known.clear()
                line = known[group] = self._on_line(encoder.write_group(group, self.options.mode))
            lines.append(line)
        lines.append(self._on_line(b"\x03"))
        return lines

    def _on_line(self, text: bytes) -> bytes:
        return parity.add(text) if self.options.parity else text

    def _historique(self, truth: Truth) -> list[InfoGroup]:
        """Return the long frame in the order of NOI-CPT_02E tables 2 to 4."""
        highest = 0
        if self.options.phases == 3:
            eve = self.eve(self.day(truth.at))
            highest, _ = eve.highest.until(eve.last_slot)
        power, overload = truth.apparent_power, truth.overload
        tariff = (truth.ejp, truth.period, truth.tomorrow)
        return [
            *self._kept(self._head, *truth.indexes.values()),
            *self._kept(self._rest, *tariff, power, truth.currents, overload, highest),
        ]

    def _head(self, *indexes: int) -> list[InfoGroup]:
        """Return the groups up to the indexes, in Wh."""
        contract = self.options.contract
        return [
            InfoGroup("ADCO", self._address),
            InfoGroup("OPTARIF", _OPTARIF[contract]),
            InfoGroup("ISOUSC", f"{self.subscribed_current:02d}"),
            *(
                InfoGroup(label, f"{wh % 1_000_000_000:09d}")
                for label, wh in zip(_INDEX_LABELS[contract], indexes, strict=True)
            ),
        ]

    def _rest(
        self,
        ejp: Ejp,
        period: str,
        tomorrow: Colour | None,
        power: int,
        currents: tuple[int, ...],
        overload: bool,
        highest: int,
    ) -> list[InfoGroup]:
        """Return the groups after the indexes; *highest* is the highest power of the eve, which three phases send."""
        options, groups = self.options, []
        if ejp is not Ejp.NORMAL:
            groups.append(InfoGroup("PEJP", "30"))
        groups.append(InfoGroup("PTEC", period))
        if options.contract == "TEMPO":
            groups.append(InfoGroup("DEMAIN", tomorrow.value if tomorrow else "----"))
        papp = InfoGroup("PAPP", f"{round(power, -1):05d}")
        if options.phases == 1:
            current = f"{currents[0]:03d}"
            groups.append(InfoGroup("IINST", current))
            if overload:
                groups.append(InfoGroup("ADPS", current))
            groups.append(InfoGroup("IMAX", "045" if options.old else "090"))
            if not options.old:
                groups.append(papp)
            groups.append(InfoGroup("HHPHC", "A"))
        else:
            groups += _phases("IINST", currents)
            groups += _phases("IMAX", (60, 60, 60))
            groups += [InfoGroup("PMAX", f"{highest:05d}"), papp]
            if not options.old:
                groups.append(InfoGroup("HHPHC", "A"))
        groups.append(InfoGroup("MOTDETAT", "000000"))
        if options.phases == 3:
            groups.append(InfoGroup("PPOT", "00"))
        return groups

    def _short(self, truth: Truth) -> list[InfoGroup]:
        """Return a short frame: the phases in overload come before the address (NOI-CPT_02E table 5)."""
        return [
            *(
                InfoGroup(f"ADIR{number}", f"{current:03d}")
                for number, current in enumerate(truth.currents, 1)
                if current > self.subscribed_current
            ),
            InfoGroup("ADCO", self._address),
            *_phases("IINST", truth.currents),
        ]

    def _standard(self, truth: Truth) -> list[InfoGroup]:
        """Return the frame in the order of NOI-CPT_54E §6.2.2."""
        options, day = self.options, self.day(truth.at)
        seconds = (truth.at - day.start).total_seconds()
        stretch, slot = day.stretch(seconds), int(seconds) // SLOT
        wh = day.wh(seconds)
        producer = (truth.injected_index, *day.reactive_wh(slot)) if options.producer else ()
        groups = [
            InfoGroup("ADSC", self._address),
            InfoGroup("VTIC", "02"),
            InfoGroup("DATE", "", horodate(truth.at)),
            InfoGroup("NGTF", f"{_NGTF[options.contract]:^16}"),
            InfoGroup("LTARF", _LTARF[truth.period]),
            *self._kept(self._indexes, self._total + wh, *stretch.counters(wh), producer),
            *_phases("IRMS", truth.currents),
            *_phases("URMS", truth.voltages),
            InfoGroup("PREF", f"{options.subscribed:02d}"),
            InfoGroup("PCOUP", f"{options.subscribed:02d}"),
            InfoGroup("SINSTS", f"{truth.apparent_power:05d}"),
        ]
        if options.phases == 3:
            groups += [
                InfoGroup(f"SINSTS{number}", f"{max(0, va):05d}") for number, va in enumerate(truth.powers, 1)
            ]
        highest, eve = [day.highest, *day.highest_of], self.eve(day)
        groups += self._kept(self._highest, "", day.start, *(values.until(slot) for values in highest))
        groups += self._kept(self._highest_of_eve, eve)
        if options.producer:
            groups.append(InfoGroup("SINSTI", f"{truth.injected_power:05d}"))
            groups.append(_highest("SMAXIN", day.start, day.highest_injected.until(slot)))
            groups.append(_highest("SMAXIN-1", eve.start, eve.highest_injected.until(eve.last_slot)))
        groups += self._kept(self._means, utc_floor(truth.at, 600))
        groups.append(InfoGroup("STGE", f"{self._status(truth, stretch.tariff):08X}"))
        groups += self._kept(self._announcements, stretch.tariff)
        return groups

    def _kept(self, make: Callable[..., list[InfoGroup]], *key: object) -> list[InfoGroup]:
        """Return ``make(*key)``, which is called again only when *key* has changed."""
        kept = self._memory.get(make)
        if kept is None or kept[0] != key:
            kept = self._memory[make] = (key, make(*key))
        return kept[1]

    def _indexes(
        self, total: int, registers: tuple[int, ...], grid: tuple[int, ...], producer: tuple[int, ...]
    ) -> list[InfoGroup]:
        """Return the groups of the indexes; those of a producer end with the injected and the reactive energy."""
        supplier = (*registers, *(0,) * (10 - len(registers)))
        groups = [
            InfoGroup("EAST", f"{total:09d}"),
            *(InfoGroup(f"EASF{number:02d}", f"{wh:09d}") for number, wh in enumerate(supplier, 1)),
            *(InfoGroup(f"EASD{number:02d}", f"{wh:09d}") for number, wh in enumerate(grid, 1)),
        ]
        if producer:
            # The simulated house only draws reactive energy: quadrant 1 while drawing active energy, 2 while injecting.
            injected, *reactive = producer
            groups.append(InfoGroup("EAIT", f"{injected:09d}"))
            groups += [
                InfoGroup(f"ERQ{number}", f"{wh:09d}") for number, wh in enumerate((*reactive, 0, 0), 1)
            ]
        return groups

    def _highest(self, suffix: str, start: datetime, *highest: tuple[int, int]) -> list[InfoGroup]:
        """Return the groups of the highest power of a day, then those of its phases when there are three.

        Args:
            suffix: of the labels, ``-1`` for the day before.
            start: the beginning of the day.
            highest: for the total, then for each phase, the power in VA and the slot that reached it first.
        """
        total, *phases = highest
        groups = [_highest(f"SMAXSN{suffix}", start, total)]
        if self.options.phases == 3:
            groups += [_highest(f"SMAXSN{n}{suffix}", start, phase) for n, phase in enumerate(phases, 1)]
        return groups

    def _highest_of_eve(self, eve: Day) -> list[InfoGroup]:
        highest = (values.until(eve.last_slot) for values in (eve.highest, *eve.highest_of))
        return self._highest("-1", eve.start, *highest)

    def _means(self, ten: datetime) -> list[InfoGroup]:
        """Return the groups of the last two points of the load curve, and of the voltage in the 10 min until *ten*."""
        half = utc_floor(ten, 1800)
        groups = []
        for label, injected in (("CCASN", False), ("CCAIN", True)):
            if injected and not self.options.producer:
                continue
            for suffix, ended in (("", half), ("-1", half - timedelta(minutes=30))):
                began = ended - timedelta(minutes=30)
                watts = self.day(began).mean_power(began, ended, injected)
                groups.append(InfoGroup(f"{label}{suffix}", f"{watts:05d}", horodate(ended)))
        began = ten - timedelta(minutes=10)
        volts = self.day(began).mean_voltages(began, ten)
        groups += [
            InfoGroup(f"UMOY{number}", f"{volt:03d}", horodate(ten)) for number, volt in enumerate(volts, 1)
        ]
        return groups

    def _announcements(self, tariff: Tariff) -> list[InfoGroup]:
        """Return the groups after the status register: peaks, message, contact, calendar."""
        options, groups = self.options, []
        for number, begins, ends in tariff.peaks:
            groups.append(InfoGroup(f"DPM{number}", "00", f" {begins:%y%m%d%H%M%S}"))
            groups.append(InfoGroup(f"FPM{number}", "00", f" {ends:%y%m%d%H%M%S}"))
        groups += [
            InfoGroup("MSG1", _NO_MESSAGE),
            InfoGroup("PRM", f"{options.seed % 1000:014d}"),
            InfoGroup("RELAIS", "001" if tariff.closed else "000"),
            InfoGroup("NTARF", f"{tariff.register + 1:02d}"),
            InfoGroup("NJOURF", "00"),
            InfoGroup("NJOURF+1", "00"),
            InfoGroup("PJOURF+1", _profile(_PROFILES[options.contract])),
        ]
        if tariff.notice:
            off_peak, peak = 2 * tariff.notice + 1, 2 * tariff.notice + 2
            tempo = (f"0000400{off_peak}", f"0600400{peak}", f"2200400{off_peak}")
            blocks = _EJP_PROFILE if options.contract == "EJP" else tempo
            groups.append(InfoGroup("PPOINTE", _profile(blocks)))
        return groups

    def _status(self, truth: Truth, tariff: Tariff) -> int:
        """Return the status register (NOI-CPT_54E §6.2.3.14); its bits 0x3A0000 are those of every Linky in service."""
        bits = 0x003A0000 | (0 if tariff.closed else 1) | truth.overload << 7
        bits |= self.options.producer << 8 | (truth.active_power < 0) << 9
        bits |= tariff.register << 10 | tariff.distributor << 14
        bits |= _COLOURS.index(truth.colour) << 24 | _COLOURS.index(truth.tomorrow) << 26
        return bits | tariff.notice << 28 | tariff.peak << 30


def _phases(label: str, values: tuple[int, ...]) -> list[InfoGroup]:
    """Return one group for each phase; the number of the phase, from 1, ends the label."""
    return [InfoGroup(f"{label}{number}", f"{value:03d}") for number, value in enumerate(values, 1)]


def _highest(label: str, start: datetime, highest: tuple[int, int]) -> InfoGroup:
    """Return the group of a highest power.

    Args:
        label: its label.
        start: the beginning of its day.
        highest: the power in VA, and the slot of the day that reached it first.
    """
    power, slot = highest
    return InfoGroup(label, f"{power:05d}", horodate(start + timedelta(seconds=SLOT * slot)))
