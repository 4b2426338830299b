"""The campaign against wrong figures: compares the accepted values of damaged and forged lines with those sent."""

# Strategy
#
# - The simulator sends some minutes of each kind of house (streams.py), across its changes of period, its peaks and
#   its overloads: the truth. Each run plays these minutes again with other faults (noise.py, forgery.py).
# - The accepted values of decoder and acceptance are compared with the truth (oracle.py).

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from random import Random

from linkymonitor.meter.acceptance.frame import Acceptance
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic import parity
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.interpret import interpret
from tests.support.forgery import forge_frame
from tests.support.noise import MODELS, Model
from tests.support.oracle import Tally, play
from tests.support.streams import QUIET, Stream, lines_of, streams


def corrupt(mode: Mode, model: str, with_parity: bool, lines: int, seed: int = 0) -> Tally:
    """Damage *lines* lines of the meters of one mode by one model of noise, one line in each frame.

    Args:
        mode: of the meters.
        model: a name in noise.MODELS.
        with_parity: False for a source that strips bit 7.
        lines: how many lines are damaged, at least.
        seed: other faults for another one.
    """
    tally, run = Tally(), 0
    apply = MODELS[model]
    # Damage with a right checksum is a forgery: acceptance needs true frames beside it to notice it.
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
            # Some models damage a whole frame, the others one line of it.
            arrived = set(received.split(b"\x8d" if with_parity else b"\r"))
            lines = sum(line not in arrived for line in wire.split(b"\x8d" if with_parity else b"\r"))
        yield number, received, lines
        hurt += lines
        if hurt >= most:
            return


def forge(mode: Mode, lines: int, seed: int = 0) -> Tally:
    """Forge at least *lines* lines with right checksum, width and characters: one line in every fourth frame."""
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


#: How many frames are left out in a silence.
_SILENCES = (8, 12, 20, 60, 150)
FORGERY = "forgery"


def begin(mode: Mode, model: str, with_parity: bool, count: int, seed: int = 0) -> Tally:
    """Damage a line in one of the first three frames, *count* times: half after a start, half after a silence.

    When a meter sends short frames in an overload, its first three long frames are damaged as well.

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
        # In an overload of three phases there are many short frames between two long ones.
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


#: A screen is too old when no power has come for longer than this, in seconds.
OLD = 10.0


def degrade(spec: str, rate: float, frames: int, seed: int = 0) -> tuple[float, float]:
    """Flip a bit in each line of *frames* frames with the probability *rate*.

    Returns:
        The share of the frames that made a reading with power, indexes and tariff period; and the share of
        the time in which the last power was not older than OLD.
    """
    options = parse_spec(spec)
    dice = Random(f"{seed}:degrade:{spec}:{rate}")
    decoder, acceptance = FrameDecoder(options.mode, unframed=True), Acceptance(options.mode, live=True)
    kept, ages, last = 0, [], None
    for at, wire in itertools.islice(House(options).frames(), frames):
        for start, end in reversed(lines_of(wire)):
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
    """Return the options of every kind of house that sends undamaged frames."""
    specs = []
    for mode in ("hist", "standard"):
        for contract in ("base", "hc", "ejp", "tempo"):
            for phases in ("mono", "tri"):
                extras = (*_CLEAN, "old,at=18:50") if mode == "hist" else _CLEAN
                specs += [f"{mode},{contract},{phases},{extra}" for extra in extras]
    return [f"{spec},seed={number}".replace(",,", ",") for number, spec in enumerate(specs)]


def listen(spec: str, frames: int, tally: Tally) -> None:
    """Read *frames* undamaged frames of a house, half of them live; a group that is held back is a fault."""
    options = parse_spec(spec)
    # The house is made once: making its day costs more than some hundreds of frames.
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
            if accepted.held or accepted.refused:
                tally.wrong += 1
                tally.held.update(held.cause for held in accepted.held)
                tally.examples.append(f"{spec} {at}: {accepted.held}")
        if tally.frames >= last:
            return
