"""The campaign against wrong figures: what is believed of corrupted and forged lines, beside what was sent."""

# Strategy
#
# - The simulator speaks once for some minutes of each kind of house, across its changes of period, its peaks and
#   its overloads; that is what is true. Each run plays these minutes again with other faults.
# - Decoder and acceptance get the hurt frames, as in the appliance; what comes out is compared with what was sent.
# - A figure is wrong when it is outside the span of what the meter said: in the frame before, the same and the
#   next, and in the last three times it was heard right (a value that noise keeps away is late, not wrong; but an
#   index that is OLDEST_INDEX is). The
#   tolerance is 10 VA, 1 A, 1 V, 1 Wh; whatever is not a quantity must be one of these to the letter.
# - What interpret makes of the frame is judged as well: groups that are lost must not speak by their silence.

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from random import Random

from linkymonitor.meter.acceptance.frames import Acceptance
from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Colour, Ejp, Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic import parity
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_group
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.interpret import interpret
from linkymonitor.tic.labels import BY_MODE, DIGITS
from linkymonitor.tic.values import read_horodate
from tests.support.noise import MODELS, Model

#: Frames heard in peace before faults begin: beginnings are a campaign of their own.
QUIET = 6
FRAMES = 300

STREAMS = {
    Mode.HISTORIQUE: (
        "hist,base,at=18:55",
        "hist,hc,at=21:57",
        "hist,ejp,peak,notice=2m,at=06:56",
        "hist,ejp,peak,at=00:57,producer,day=2026-06-20",
        "hist,tempo,colour=rouge,at=05:57",
        "hist,hc,tri,at=21:57",
        "hist,base,tri,overload,at=18:55",
        "hist,ejp,overload,peak,at=12:00",
        "hist,base,old,at=18:55",
    ),
    Mode.STANDARD: (
        "standard,base,at=18:57",
        "standard,hc,at=21:58",
        "standard,ejp,peak,notice=1m,at=06:57",
        "standard,tempo,tri,colour=rouge,at=05:58",
        "standard,tempo,at=19:58",
        "standard,hc,tri,producer,day=2026-06-20,at=05:58",
        "standard,hc,producer,day=2026-06-20,at=21:58",
        "standard,ejp,tri,overload,peak,at=12:00",
    ),
}

#: Seconds after which nothing may say an index any more: acceptance's STALE, and a frame on either side.
OLDEST_INDEX = 40.0

_TOLERANCE = {"VA": 10, "A": 1, "V": 1, "Wh": 1, "varh": 1, "W": 10}


@dataclass
class Tally:
    """What a part of the campaign found."""

    frames: int = 0
    hurt: int = 0
    #: Groups held back, by cause.
    held: Counter[str] = field(default_factory=Counter)
    #: Hurt groups whose right checksum, width and characters carried them through the decoder.
    decoded: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.frames + other.frames,
            self.hurt + other.hurt,
            self.held + other.held,
            self.decoded + other.decoded,
            self.wrong + other.wrong,
            (self.examples + other.examples)[:20],
        )


class Stream:
    """Some minutes of one meter: what it sent, and what that means."""

    def __init__(self, spec: str, frames: int = FRAMES) -> None:
        options = parse_spec(spec)
        self.spec, self.mode = spec, options.mode
        self.wires: list[bytes] = []
        #: Seconds since the first frame.
        self.at: list[float] = []
        self.frames: list[Frame] = []
        decoder = FrameDecoder(self.mode)
        started = options.start
        for at, wire in House(options).frames():
            for frame in decoder.feed(wire):
                if frame.complete:
                    self.wires.append(wire)
                    self.at.append((at - started).total_seconds())
                    self.frames.append(frame)
            if len(self.frames) >= frames:
                break
        self.readings = [interpret(frame, self.mode, _AT) for frame in self.frames]
        self.lines = [_lines(wire) for wire in self.wires]
        self.by_label = [{group.label: group for group in frame.groups} for frame in self.frames]


_AT = datetime(2026, 1, 1, tzinfo=UTC)


def _lines(wire: bytes) -> list[tuple[int, int]]:
    """Return where each line of a frame begins and ends, LF and CR included."""
    found, place = [], 1
    while (end := wire.find(b"\x8d", place)) >= 0:
        found.append((place, end + 1))
        place = end + 1
    return found


@cache
def streams(mode: Mode) -> tuple[Stream, ...]:
    """Return the meters of the campaign in one mode."""
    return tuple(map(Stream, STREAMS[mode]))


class Oracle:
    """Knows what was sent, and what may be believed of it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._rows = BY_MODE[stream.mode]
        self._heard: deque[tuple[int, dict[str, InfoGroup]]] = deque(maxlen=100)

    def hear(self, number: int, frame: Frame) -> None:
        """Take note of what of frame *number* arrived as it was sent."""
        sent = set(self._stream.frames[number].groups)
        self._heard.append((number, {group.label: group for group in frame.groups if group in sent}))

    def wrong(self, number: int, frame: Frame) -> list[str]:
        """Return what is wrong in *frame*, believed after frame *number* was received."""
        sent = self._stream.frames[number].groups
        faults = [
            f"{group.label} {group.data!r} {group.horodate or ''}"
            for group in set(frame.groups).difference(sent)
            if not self._possible(number, group)
        ]
        if frame.complete and (frame.rejected or len(frame.groups) != len(sent)):
            faults += self._misread(number, interpret(frame, self._stream.mode, _AT))
        return faults

    def _sent(self, number: int, label: str) -> list[InfoGroup]:
        """Return what the meter said under *label* around frame *number*, or was last heard to say."""
        by_label = self._stream.by_label
        found = [
            by_label[near][label]
            for near in (number - 1, number, number + 1)
            if 0 <= near < len(by_label) and label in by_label[near]
        ]
        heard = 0
        counts, now = self._rows[label].unit in ("Wh", "varh"), self._stream.at[number]
        for then, groups in reversed(self._heard):
            if counts and now - self._stream.at[then] > OLDEST_INDEX:
                break
            if label in groups:
                found.append(groups[label])
                heard += 1
                if heard == 3:
                    break
        return found

    def _possible(self, number: int, group: InfoGroup) -> bool:
        row = self._rows.get(group.label)
        if row is None:
            return True  # nobody reads it
        sent = self._sent(number, group.label)
        if group in sent:
            return True
        if not sent or group.label == "MSG2":
            return not sent and group.label == "MSG2"
        if group.label == "STGE":
            words = [int(one.data, 16) for one in sent]
            believed = int(group.data, 16)
            ones = zeros = 0
            for word in words:
                ones |= word
                zeros |= ~word
            return not believed & ~ones and not ~believed & ~zeros & 0xFFFFFFFF
        if group.label == "DATE":
            times = [at for one in (*sent, group) if (at := read_horodate(one.horodate or "").at)]
            # Acceptance bears that DATE strays from the clock by five seconds.
            return len(times) == len(sent) + 1 and (times[-1] - times[1]).total_seconds() <= 6
        tolerance = _TOLERANCE.get(row.unit)
        if tolerance is None or row.pattern is not DIGITS:
            return False
        values = [int(one.data) for one in sent]
        if row.stamped and group.horodate not in {one.horodate for one in sent}:
            return False
        if row.unit in ("Wh", "varh"):
            return any(_between(int(group.data), low, high, tolerance) for low in values for high in values)
        return min(values) - tolerance <= int(group.data) <= max(values) + tolerance

    def _misread(self, number: int, reading: Reading) -> Iterator[str]:
        """Yield what *reading* says that none of the readings around frame *number* does."""
        since = min([number, *(heard for heard, _ in list(self._heard)[-6:])])
        sent = self._stream.readings[max(0, min(since, number - 3)) : number + 2]
        for name, nothing in _FIELDS:
            said = getattr(reading, name)
            if said != nothing and not any(_agree(said, getattr(one, name)) for one in sent):
                yield f"reading.{name} = {said}"
        if reading.apparent_power_estimated and not any(one.apparent_power_estimated for one in sent):
            yield "reading.apparent_power is estimated"


_FIELDS: tuple[tuple[str, object], ...] = (
    ("contract", None),
    ("meter", None),
    ("tariff_period", None),
    ("ejp", Ejp.UNKNOWN),
    ("colour", None),
    ("tomorrow", None),
    ("overload", None),
)


def _agree(said: object, sent: object) -> bool:
    """Return whether *said* is what was *sent*; a contract may come without its meter."""
    if isinstance(said, Contract) and isinstance(sent, Contract) and said.meter is None:
        return said == replace(sent, meter=None)
    return said == sent


def _between(wh: int, low: int, high: int, tolerance: int) -> bool:
    """Return whether *wh* is on the way from *low* up to *high*, over the roll-over if need be."""
    return (wh - low + tolerance) % 10**9 <= (high - low) % 10**9 + 2 * tolerance < 10**8


def play(stream: Stream, hurt: Iterable[tuple[int, bytes, int]], tally: Tally, *, quiet: int = QUIET) -> None:
    """Let decoder and acceptance read *stream*, with some frames as *hurt* says.

    Args:
        stream: what was sent.
        hurt: frame by frame, its number, its bytes as received, and how many lines of it were hurt.
        tally: what is found is added to it.
        quiet: frames that come before.
    """
    decoder, acceptance, oracle = (
        FrameDecoder(stream.mode, unframed=True),
        Acceptance(stream.mode, live=True),
        Oracle(stream),
    )
    for number in range(quiet):
        for frame in decoder.feed(stream.wires[number]):
            acceptance.accept(frame, stream.at[number])
            oracle.hear(number, frame)
    for number, wire, lines in hurt:
        tally.frames += 1
        tally.hurt += lines
        # Without its delimiters a frame may only end with the next one: it is judged beside both.
        for frame in decoder.feed(wire):
            if not frame.complete:
                continue
            oracle.hear(number, frame)
            tally.decoded += len(set(frame.groups).difference(stream.frames[number].groups))
            accepted = acceptance.accept(frame, stream.at[number])
            tally.held.update(held.cause for held in accepted.held)
            for fault in oracle.wrong(number, accepted.frame):
                tally.wrong += 1
                if len(tally.examples) < 20:
                    tally.examples.append(f"{stream.spec} frame {number}: {fault}")


# --- Noise ---


def corrupt(mode: Mode, model: str, with_parity: bool, lines: int, seed: int = 0) -> Tally:
    """Hurt *lines* lines of the meters of one mode by one model, one line a frame.

    Args:
        mode: of the meters.
        model: a name in noise.MODELS.
        with_parity: False for a source that strips bit 7.
        lines: how many, at least.
        seed: other faults for another one.
    """
    tally, run = Tally(), 0
    apply = MODELS[model]
    # What no checksum sees is a forgery: time can only judge it beside frames that are true.
    every = 4 if model == "swapped" else 1
    while tally.hurt < lines:
        for stream in streams(mode):
            dice = Random(f"{seed}:{model}:{mode.value}:{with_parity}:{run}:{stream.spec}")
            play(stream, _noisy(stream, apply, with_parity, dice, lines - tally.hurt, every), tally)
            if tally.hurt >= lines:
                break
        run += 1
    return tally


def _noisy(
    stream: Stream, apply: Model, with_parity: bool, dice: Random, most: int, every: int
) -> Iterator[tuple[int, bytes, int]]:
    hurt = 0
    for number in range(QUIET, len(stream.wires) - 1):
        wire = stream.wires[number]
        if number % every:
            yield number, wire if with_parity else parity.strip(wire), 0
            continue
        start, end = dice.choice(stream.lines[number])
        received = apply(dice, wire, start, end)
        if not with_parity:
            wire, received = parity.strip(wire), parity.strip(received)
        lines = 0
        if received != wire:
            # All of a frame may be hurt at once; a line is.
            arrived = set(received.split(b"\x8d" if with_parity else b"\r"))
            lines = sum(one not in arrived for one in wire.split(b"\x8d" if with_parity else b"\r"))
        yield number, received, lines
        hurt += lines
        if hurt >= most:
            return


# --- Forgery ---


def forge(mode: Mode, lines: int, seed: int = 0) -> Tally:
    """Forge at least *lines* lines whose checksum, width and characters are right, one in each fourth frame."""
    tally, run = Tally(), 0
    while tally.hurt < lines:
        for stream in streams(mode):
            dice = Random(f"{seed}:forgery:{mode.value}:{run}:{stream.spec}")
            play(stream, _forged(stream, dice, lines - tally.hurt), tally)
            if tally.hurt >= lines:
                break
        run += 1
    return tally


def _forged(stream: Stream, dice: Random, most: int) -> Iterator[tuple[int, bytes, int]]:
    forged = 0
    for number in range(QUIET, len(stream.wires) - 1):
        if number % 4:
            yield number, stream.wires[number], 0
            continue
        yield number, forge_frame(stream, number, dice), 1
        forged += 1
        if forged >= most:
            return


def forge_frame(stream: Stream, number: int, dice: Random) -> bytes:
    """Return frame *number* of *stream* with one group forged."""
    groups = list(stream.frames[number].groups)
    place = dice.randrange(len(groups))
    lie = forge_group(stream.mode, groups[place], dice)
    if stream.mode is Mode.HISTORIQUE and dice.random() < 0.05:
        # What is not there says something too.
        alert = dice.choice(("PEJP", "ADPS"))
        before = {"PEJP": "PTEC", "ADPS": "IMAX"}[alert]
        labels = [group.label for group in groups]
        if alert not in labels and before in labels:
            groups.insert(labels.index(before), InfoGroup(alert, {"PEJP": "30", "ADPS": "047"}[alert]))
            return _wire(groups, stream.mode)
    if dice.random() < 0.03:
        del groups[place]
        return _wire(groups, stream.mode)
    groups[place] = lie
    return _wire(groups, stream.mode)


def _wire(groups: Sequence[InfoGroup], mode: Mode) -> bytes:
    return parity.add(b"\x02" + b"".join(write_group(group, mode) for group in groups) + b"\x03")


_PERIODS = ("TH..", "HC..", "HP..", "HN..", "PM..", "HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")
_CHOICES = {
    "PTEC": _PERIODS,
    "OPTARIF": ("BASE", "HC..", "EJP.", "BBR(", "BBR2"),
    "DEMAIN": ("----", *(colour.value for colour in Colour)),
    "HHPHC": tuple("ACDEY"),
    "NTARF": tuple(f"{number:02d}" for number in range(1, 11)),
    "NGTF": tuple(f"{text:^16}" for text in ("BASE", "TEMPO", "EJP", "H PLEINE/CREUSE", "PRODUCTEUR")),
    "LTARF": tuple(f"{text:^16}" for text in ("BASE", "HEURE  CREUSE", "HC  ROUGE")),
}


def forge_group(mode: Mode, group: InfoGroup, dice: Random) -> InfoGroup:
    """Return *group* with other data, or another horodate, that its label allows."""
    row = BY_MODE[mode][group.label]
    for _ in range(100):
        data, horodate = group.data, group.horodate
        if group.label in _CHOICES:
            data = dice.choice(_CHOICES[group.label])
        elif horodate is not None and (not data or dice.random() < 0.3):
            horodate = horodate[0] + _digits(horodate[1:], dice)
        elif group.label == "STGE":
            data = f"{int(data, 16) ^ 1 << dice.randrange(32):08X}"
        elif row.pattern is DIGITS:
            data = _digits(data, dice)
        else:
            letters = list(data)
            letters[dice.randrange(len(letters))] = dice.choice("ABC123 ")
            data = "".join(letters)
        forged = InfoGroup(group.label, data, horodate)
        if forged != group and not row.fault(data):
            return forged
    return group


def _digits(text: str, dice: Random) -> str:
    """Return *text* with two digits changed so that the sum stays, or swapped, or one or all other."""
    digits = list(text)
    first, second = dice.sample(range(len(digits)), 2)
    kind = dice.randrange(4)
    if kind == 0:
        step = dice.choice((-3, -2, -1, 1, 2, 3))
        one, other = int(digits[first]) + step, int(digits[second]) - step
        if 0 <= one <= 9 and 0 <= other <= 9:
            digits[first], digits[second] = str(one), str(other)
    elif kind == 1:
        digits[first], digits[second] = digits[second], digits[first]
    elif kind == 2:
        digits[first] = str(dice.randrange(10))
    else:
        digits = [str(dice.randrange(10)) for _ in digits]
    return "".join(digits)


# --- Beginnings ---

#: Frames that are not heard in a silence.
_SILENCES = (8, 12, 20, 60, 150)
FORGERY = "forgery"


def begin(mode: Mode, model: str, with_parity: bool, count: int, seed: int = 0) -> Tally:
    """Hurt one line of one of the first three frames, *count* times: half of a start, half after a silence.

    Of a meter that sends short frames in an overload also of the first three that are not.

    Args:
        mode: of the meters.
        model: a name in noise.MODELS, or FORGERY.
        with_parity: False for a source that strips bit 7.
        count: how many times, at least.
        seed: other faults for another one.
    """
    tally = Tally()
    dice = Random(f"{seed}:begin:{model}:{mode.value}:{with_parity}")
    for stream in itertools.cycle(streams(mode)):
        silence = dice.choice((0, dice.choice(_SILENCES)))
        before = QUIET if silence else 0
        since = dice.randrange(len(stream.wires) - 6 - before - silence)
        then = since + before + silence
        # In an overload of three phases the frames that say it all are far between.
        whole = [number for number in range(then, len(stream.wires) - 3) if "PTEC" in stream.by_label[number]]
        hurt = dice.choice((*range(then, then + 3), *whole[:3]))
        lines = []
        for number in (*range(since, since + before), *range(then, hurt + 3)):
            wire = stream.wires[number]
            if number == hurt and model == FORGERY:
                wire = forge_frame(stream, number, dice)
            elif number == hurt:
                wire = MODELS[model](dice, wire, *dice.choice(stream.lines[number]))
            lines.append((number, wire if with_parity else parity.strip(wire), int(number == hurt)))
        play(stream, lines, tally, quiet=0)
        if tally.hurt >= count:
            return tally
    raise AssertionError("there are no meters")


# --- A bad line, hour after hour ---

#: No power for longer than this (seconds) is a screen that is too old.
OLD = 10.0


def degrade(spec: str, rate: float, frames: int, seed: int = 0) -> tuple[float, float]:
    """Flip a bit in each line of *frames* frames with the probability *rate*.

    Returns:
        Which share of the frames made a reading with its power, its indexes and its period; and for which share of
        the time the last power was not older than OLD.
    """
    options = parse_spec(spec)
    dice = Random(f"{seed}:degrade:{spec}:{rate}")
    decoder, acceptance = FrameDecoder(options.mode, unframed=True), Acceptance(options.mode, live=True)
    kept, ages, last = 0, [], None
    for at, wire in itertools.islice(House(options).frames(), frames):
        for start, end in reversed(_lines(wire)):
            if dice.random() < rate:
                wire = MODELS["1 bit"](dice, wire, start, end)
        now = at.timestamp()
        for frame in decoder.feed(wire):
            if not frame.complete:
                continue
            believed = acceptance.accept(frame, now).frame
            if not believed.groups:
                continue
            reading = interpret(believed, options.mode, at)
            if reading.apparent_power is not None:
                kept += bool(reading.indexes and reading.tariff_period)
                ages.append(0.0 if last is None else now - last)
                last = now
    return kept / frames, 1 - sum(max(0.0, age - OLD) for age in ages) / sum(ages)


# --- Clean lines ---

_CLEAN = (
    "",
    "overload,at=18:28",
    "producer,day=2026-06-21,at=11:00",
    "pv,day=2026-06-21,at=05:30,every=20s",
    "peak,notice=2m,at=06:55",
    "peak,at=00:57",
    "at=21:57",
    "at=05:57",
    "at=23:57,day=2026-03-28",
    "every=60s,day=2026-02-01",
    "every=7s,day=2026-10-24",
    "every=15m",
)


def clean_specs() -> list[str]:
    """Return every kind of house that speaks undisturbed."""
    found = []
    for mode in ("hist", "standard"):
        for contract in ("base", "hc", "ejp", "tempo"):
            for phases in ("mono", "tri"):
                extras = (*_CLEAN, "old,at=18:50") if mode == "hist" else _CLEAN
                found += [f"{mode},{contract},{phases},{extra}" for extra in extras]
    return [f"{spec},seed={number}".replace(",,", ",") for number, spec in enumerate(found)]


def listen(spec: str, frames: int, tally: Tally) -> None:
    """Read *frames* undisturbed frames of a house, half of them live; whatever is held is wrong."""
    options = parse_spec(spec)
    # The house is asked once: its day costs more than some hundreds of frames.
    for live, heard in zip((False, True), itertools.tee(House(options).frames()), strict=True):
        _listen(spec, options.mode, heard, live, frames // 2 or 1, tally)


def _listen(
    spec: str, mode: Mode, heard: Iterator[tuple[datetime, bytes]], live: bool, frames: int, tally: Tally
) -> None:
    decoder, acceptance = FrameDecoder(mode, unframed=True), Acceptance(mode, live=live)
    last = tally.frames + frames
    for at, wire in heard:
        for frame in decoder.feed(wire):
            if not frame.complete:
                continue
            accepted = acceptance.accept(frame, at.timestamp())
            tally.frames += 1
            if accepted.held or not accepted.frame.complete:
                tally.wrong += 1
                tally.held.update(held.cause for held in accepted.held)
                tally.examples.append(f"{spec} {at}: {accepted.held}")
        if tally.frames >= last:
            return
