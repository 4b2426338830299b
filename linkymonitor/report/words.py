"""The words of the pages in one language: names, and sentences that are shown only when their figures are known."""

# A sentence has our own words and numbers, and at most the name that the meter gives to an option or a period.
# Templates escape all of it.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from linkymonitor.estimate.season import SEASONS
from linkymonitor.language import Text
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Mode
from linkymonitor.money.tariffs import PERIOD_UNKNOWN, UNKNOWN, key_of
from linkymonitor.report import answer
from linkymonitor.report.day import ELSEWHERE, DayFigures, Gap, SynthesisLine
from linkymonitor.report.formats import NBSP, Formats, typeset, with_units
from linkymonitor.report.phases_picture import HIGHEST, LOWEST
from linkymonitor.report.styles import style_of, styles_of
from linkymonitor.report.texts import (
    CHANGES,
    DAY_FLAGS,
    HELD_CAUSES,
    KINDS,
    LEFT,
    OPTION_NAMES,
    PERIOD_NAMES,
    PERIODS_IN_SENTENCE,
    TEXTS,
    TOMORROW_FLAGS,
    Texts,
)

#: How many causes of refused groups have a line of their own.
_CAUSES_SHOWN = 3
#: Options whose off-peak hours have a price of their own.
_OFF_PEAK = ("HC", "TEMPO")
#: When there are more registers than this, the table has no lines for registers that counted nothing.
_FEW = 2
#: From this coverage on a day counts as wholly measured: the missing time is that of one record.
_ALL = 0.998
_MINUTE = 60
_SATURDAY = 5
#: Shares of the current that differ by less are even.
_EVEN = 0.1


def rests(day: DayFigures, line: SynthesisLine) -> bool:
    """Return whether *line* is one of many that counted nothing on *day*."""
    return len(day.lines) > _FEW and line.wh == 0 and any(other.wh != 0 for other in day.lines)


class _Rendered(dict[str, str]):
    """The texts of one language by name; each is rendered when it is asked for: a page shows a third of them."""

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def __missing__(self, name: str) -> str:
        text = self[name] = _render(TEXTS[name], self._lang)
        return text


def _render(text: Text, lang: str) -> str:
    return with_units(text.en) if lang == "en" else typeset(text.fr)


class Words(Formats):
    """What the pages of one language are made of.

    Args:
        lang: ``fr`` or ``en``.
        tz: the zone whose clocks the pages show.
    """

    def __init__(self, lang: str, tz: ZoneInfo) -> None:
        super().__init__(lang, tz)
        #: The texts by name, for templates.
        self.text: Mapping[str, str] = _Rendered(lang)

    def say(self, text: Text | str, *values: object) -> str:
        """Return *text* filled with *values*; a template gives the name of a text."""
        words = self.text[text] if isinstance(text, str) else _render(text, self.lang)
        return words.format(*values) if values else words

    def period(self, name: str) -> str:
        """Return what register *name* counts."""
        if name in PERIOD_NAMES:
            return PERIOD_NAMES[name].render(self.lang)
        if name == ELSEWHERE:
            return self.say(Texts.elsewhere)
        if name[:1] == "F" and name[1:].isdecimal():
            return self.say(Texts.supplier_index, int(name[1:]))
        return name

    def line(self, line: SynthesisLine) -> str:
        """Return what *line* counts: as the offer calls it, else as the meter does."""
        return self.period(line.code) if line.label is None else self.say(line.label)

    def price_notes(self, day: DayFigures) -> str:
        """Return what is to be known of the prices of *day*; empty when there is nothing."""
        return self.notes_of(day.price_notes)

    def notes_of(self, texts: Iterable[Text]) -> str:
        """Return *texts* one after the other, as sentences without the last full stop."""
        notes = [self.say(text) for text in texts]
        return ". ".join(f"{note[:1].upper()}{note[1:]}" for note in notes)

    def in_period(self, name: str) -> str:
        """Return what register *name* counts, as it stands in the middle of a sentence."""
        if name in PERIODS_IN_SENTENCE:
            return PERIODS_IN_SENTENCE[name].render(self.lang)
        text = self.period(name)
        return text[:1].lower() + text[1:] if name in PERIOD_NAMES else text

    def kind(self, name: str) -> str:
        """Return the style that draws register *name* of a meter."""
        return style_of(name)

    def styles(self, day: DayFigures) -> Mapping[str, str]:
        """Return the style of each line of *day*, by its code."""
        return styles_of((*day.periods, *(line.code for line in day.lines)))

    def option(self, contract: Contract) -> str:
        """Return the name of the tariff option of *contract*."""
        return self.option_name(contract.option)

    def option_name(self, option: str) -> str:
        """Return the name of a tariff option, or what a supplier calls its own."""
        return OPTION_NAMES[option].render(self.lang) if option in OPTION_NAMES else option

    def answer(self, day: DayFigures) -> list[str]:
        """Return the sentences that open the page."""
        return answer.sentences(day, self)

    def flags(self, day: DayFigures) -> list[tuple[str, str]]:
        """Return the marks beside the date: style and words."""
        flags: list[tuple[str, str]] = []
        if day.ejp:
            flags.append(("peak", self.say(Texts.flag_ejp)))
        elif day.ejp_tail:
            flags.append(("plain", self.say(Texts.flag_ejp_tail)))
        if day.colour:
            flags.append((day.colour, self.say(DAY_FLAGS[day.colour])))
        if day.tomorrow and day.so_far:
            flags.append((f"{day.tomorrow} outline", self.say(TOMORROW_FLAGS[day.tomorrow])))
        if day.length != 24:
            flags.append(("plain", self.say(Texts.flag_length, day.length)))
        if day.empty:
            flags.append(("plain", self.say(Texts.flag_empty)))
        elif day.so_far:
            flags.append(("plain", self.say(Texts.flag_so_far, self.clock(day.until))))
        elif day.partial:
            flags.append(("plain", self.say(Texts.flag_partial)))
        return flags

    def compared(self, day: DayFigures) -> str | None:
        """Return how the energy of *day* compares with similar days; None if it is not known or the day is not over."""
        if day.usual is None or not day.usual.wh or not day.consumed or day.so_far or day.lost or day.silent:
            return None
        change = round(100 * (day.consumed - day.usual.wh) / day.usual.wh)
        if change == 0:
            return self.say(Texts.same_as, day.usual.days)
        return self.say(
            Texts.more_than if change > 0 else Texts.less_than, self.number(abs(change)), day.usual.days
        )

    def like(self, day: DayFigures) -> str:
        """Return the name of the mean that *day*, which has one, is compared with."""
        adjective: Text | str = Texts.kind_ejp if day.ejp else KINDS.get(day.colour or "", "")
        without = day.contract is not None and day.contract.option == "EJP" and not day.ejp
        days = self.say(
            Texts.weekend_days if day.date.weekday() >= _SATURDAY else Texts.weekdays,
            self.say(adjective) if isinstance(adjective, Text) else adjective,
            self.say(Texts.kind_no_ejp) if without else "",
        )
        return self.say(Texts.usual_line, day.usual.days if day.usual else 0, days)

    def left(self, day: DayFigures) -> str:
        """Return how many days of each kind the season has left, as far as it is known."""
        return ", ".join(self.say(LEFT[kind], days, SEASONS[kind].days) for kind, days in day.left.items())

    def base_year(self, day: DayFigures) -> str:
        """Return the base load of *day*, which has one, in watts, and its energy or cost in a year."""
        watts = day.base_watts
        if watts is None or day.unaccounted:
            return self.say(Texts.base_year, self.number((day.base_load or 0) * 8.76))
        bounds = self.number(watts.low), self.number(watts.high)
        if day.base_year_eur is None:
            return self.say(Texts.base_watts, *bounds, self.number((watts.low + watts.high) / 2 * 8.76))
        return self.say(Texts.base_watts_eur, *bounds, self.number(round(day.base_year_eur, -1)))

    def unheard(self, day: DayFigures) -> str:
        """Return when *day*, which has at least one gap, was not heard."""
        gaps = day.quality.gaps
        if len(gaps) == 1:
            return self.say(Texts.unheard_once, self.clock(gaps[0].start), self.end_clock(gaps[0].end, day))
        seconds = sum(gap.end - gap.start for gap in gaps)
        return self.say(Texts.unheard_times, self.duration(seconds), len(gaps))

    def no_price(self, day: DayFigures) -> str:
        """Return why *day*, whose energy is known, has no cost."""
        if not day.settable:
            unknown = any(line.code == UNKNOWN for line in day.lines)
            return self.say(day.no_price or (PERIOD_UNKNOWN if unknown else Texts.no_prices))
        if any(line.price is not None for line in day.lines) and day.unpriced:
            return self.say(Texts.no_price_of, self.missing_prices(day))
        return self.say(Texts.no_prices)

    def missing_prices(self, day: DayFigures) -> str:
        """Return the keys of the prices that *day* lacks; when no price is set at all, those of all its registers."""
        if not day.settable:
            return ""
        known = any(line.price is not None for line in day.lines)
        wanted = day.unpriced if known else [line.code for line in day.lines if line.code]
        return ", ".join(key_of(name) for name in wanted if name != ELSEWHERE)

    def notes(self, day: DayFigures) -> list[str]:
        """Return what the reader should know of this contract."""
        contract, injected = day.contract, day.injected
        notes = []
        if contract is not None:
            if contract.mode is Mode.HISTORIQUE and contract.option == "BASE":
                notes.append(Texts.note_base)
            if contract.option == "EJP":
                notes.append(Texts.note_ejp)
            if contract.option == "TEMPO":
                notes.append(Texts.note_tempo)
            if contract.estimated_power:
                notes.append(Texts.note_estimated)
        if injected is not None and injected.estimated:
            notes.append(Texts.note_injected)
            if injected.price is not None:
                notes.append(Texts.note_unpaid)
        return [self.say(note) for note in notes]

    def changes(self, day: DayFigures) -> list[str]:
        """Return a sentence for each change of the contract: when, which term, from what to what."""
        sentences = []
        for change in day.changes:
            what, _, register = change.what.partition(" ")
            if what not in CHANGES:
                continue  # a topic of a newer version
            if what == "heures" and (day.contract is None or day.contract.option not in _OFF_PEAK):
                continue  # a Linky sends the letter of its timetable whatever the contract
            if what == "meter":  # personal data: which meter it is stays out of the page
                before, after = self.say(Texts.change_meter_old), self.say(Texts.change_meter_new)
            else:
                before, after = self._value(what, change.before), self._value(what, change.after)
            name = self.say(CHANGES[what], self.period(register))
            at = self.say(Texts.change_at, self.clock(change.at))
            sentences.append(self.say(Texts.change, at, name, before, after))
        return sentences

    def _value(self, what: str, value: object) -> str:
        """Return *value*, a value of the term *what*, as the page shows it."""
        if what == "producer":
            return self.say(Texts.yes if value else Texts.no)
        if what == "phases":
            return self.say(Texts.mono if value == 1 else Texts.tri)
        if isinstance(value, Mode):
            return self.text[value.value]
        if isinstance(value, int):
            return f"{self.kva(value)}{NBSP}kVA"
        text = str(value)
        if what == "option":
            return self.option_name(text)
        if what == "heures":
            return self.say(Texts.off_peak_group, text)
        return self.timetable(text) if what == "demain" else text

    def about_phases(self, day: DayFigures) -> list[str]:
        """Return sentences about the phases of *day*: how evenly they are loaded, and a voltage out of its bounds."""
        if day.phases is None:
            return []
        sentences = []
        shares = [(phase.share, n) for n, phase in enumerate(day.phases.phases, 1) if phase.share is not None]
        if len(shares) > 1:
            (least, low), (most, high) = min(shares), max(shares)
            if most - least < _EVEN:
                sentences.append(self.say(Texts.say_balance))
            else:
                sentences.append(
                    self.say(Texts.say_imbalance, high, self.percent(most, 0), low, self.percent(least, 0))
                )
        bounds = [phase.voltages for phase in day.phases.phases if phase.voltages is not None]
        if bounds:
            lowest, highest = min(low for low, _, _ in bounds), max(high for _, _, high in bounds)
            if lowest < LOWEST or highest > HIGHEST:
                sentences.append(self.say(Texts.say_voltage_out, lowest, highest))
            if len(day.phases.phases) == 1:
                sentences.append(self.say(Texts.say_voltage, lowest, highest, bounds[0][1]))
        return sentences

    def off_peak(self, day: DayFigures) -> str | None:
        """Return the off-peak hours that were observed; None for an option without them, or a day not heard whole."""
        if day.contract is None or day.contract.option not in _OFF_PEAK or day.so_far or day.partial:
            return None
        spans = [(band.start, band.end) for band in day.bands if band.code.startswith("HC")]
        if not spans or len(spans) == len(day.bands):
            return None
        # Off-peak hours of two Tempo colours, or on both sides of midnight, are one stretch.
        joined = [spans[0]]
        for start, end in spans[1:]:
            if start - joined[-1][1] < _MINUTE:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
        if len(joined) > 1 and joined[0][0] <= day.start + _MINUTE and joined[-1][1] >= day.end - _MINUTE:
            joined = [*joined[1:-1], (joined[-1][0], joined[0][1])]
        hours = ", ".join(
            self.say(Texts.from_to, *(self.clock(round(at / _MINUTE) * _MINUTE) for at in span))
            for span in joined
        )
        return self.say(Texts.off_peak_seen, hours)

    def at_rest(self, day: DayFigures) -> str | None:
        """Return the readings of the registers that counted nothing and so have no line in the table; None if none."""
        resting = [line for line in day.lines if rests(day, line)]
        if not resting:
            return None
        readings = (
            f"{self.in_period(line.code)}{NBSP}{self.register(line.reading)}"
            for line in resting
            if line.reading is not None
        )
        return self.say(Texts.at_rest, ", ".join(readings))

    def lines(self, day: DayFigures) -> list[SynthesisLine]:
        """Return the lines of the synthesis; when there are many registers, only those that counted."""
        return [line for line in day.lines if not rests(day, line)]

    def indexed(self, day: DayFigures) -> bool:
        """Return whether a line of the synthesis has the reading of a register."""
        readings = [line.reading for line in day.lines] + ([day.injected.reading] if day.injected else [])
        return any(reading is not None for reading in readings)

    def all_well(self, day: DayFigures) -> bool:
        """Return whether *day* was measured whole and nothing was refused, so that the section may stay closed."""
        quality = day.quality
        return not (day.empty or quality.gaps or quality.rejected or quality.coverage < _ALL)

    def timetable(self, text: str) -> str:
        """Return the switches of a day, ``06:00 HP; 22:00 HC``, as the page shows them."""
        switches = []
        for switch in text.split("; "):
            clock, _, register = switch.partition(" ")
            hour, _, minute = clock.partition(":")
            if self.french:
                clock = f"{hour.lstrip('0') or '0'}{NBSP}h" + (f"{NBSP}{minute}" if minute != "00" else "")
            switches.append(f"{clock} {self.in_period(register)}")
        return ", ".join(switches)

    def refused(self, day: DayFigures) -> list[tuple[str, str]]:
        """Return why groups were refused, and how many for each reason; nothing when that is not known."""
        quality = day.quality
        if quality.held is None or not quality.rejected:
            return []
        by_count = sorted(quality.held.items(), key=lambda cause: (-cause[1], cause[0]))
        known = [(HELD_CAUSES[cause], count) for cause, count in by_count if cause in HELD_CAUSES]
        rows = known[:_CAUSES_SHOWN]
        held = sum(quality.held.values())
        others = held - sum(count for _, count in rows)
        unreadable = quality.rejected - held
        if unreadable > 0:
            text = Texts.unreadable if quality.held_whole else Texts.unreadable_or_other
            rows.insert(0, (text, unreadable))
        if others:
            rows.append((Texts.held_other, others))
        return [(self.say(text), self.number(count)) for text, count in rows]

    def gap(self, gap: Gap, day: DayFigures) -> str:
        """Return what is known of a gap."""
        begin, end = self.clock(gap.start), self.end_clock(gap.end, day)
        if gap.wh is None:
            before = day.first and gap.start <= day.start
            return self.say(Texts.gap_before if before else Texts.gap_unknown, begin, end)
        return self.say(Texts.gap_shared if gap.shared else Texts.gap_known, begin, end, self.kwh(gap.wh))
