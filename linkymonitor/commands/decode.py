"""``decode``: prints the frames of a source, or one value of it, for people and programs."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.commands.shared import Common, sim_options, without_groups
from linkymonitor.errors import LineError, UsageError
from linkymonitor.language import Text, escape_controls
from linkymonitor.model.terms import Mode, WantedMode
from linkymonitor.source.base import SIMULATED
from linkymonitor.system.clock import SystemClock

if TYPE_CHECKING:
    from linkymonitor.source.base import Source
    from linkymonitor.system.clock import Clock
    from linkymonitor.tic.frame import Frame, InfoGroup

#: When the first bytes leave a doubt about the mode, the mode is found from so many bytes.
_BLOCK = 65536
#: The mode of a file is first looked for in so many bytes: two frames of the longest kind.
_GLANCE = 4096
#: How long one value of a meter is waited for, in seconds: to find speed and mode takes 12 s, two frames take 5 s.
PATIENCE = 30.0


class _Batch(NamedTuple):
    """Some frames of a source, one after the other."""

    mode: Mode
    frames: list[Frame]
    #: Whether the source has odd parity so far, instead of even.
    inverted: bool


def decode(
    common: Common,
    *,
    mode: WantedMode | None,
    source: str,
    values: bool,
    count: bool,
    get: str | None,
    show_ids: bool,
) -> int:
    """Print one JSON object for each frame of a source, and a summary; with *get* the value of that label alone.

    Raises:
        LineError: the source cannot be read, or it has ended without one valid group.
        UsageError: *get* is given together with *values* or *count*.
    """
    wanted = known = mode.mode if mode else None
    if get is not None:
        if values or count:
            raise UsageError(
                Text(
                    "--get ne donne qu'une valeur : sans --values ni --count",
                    "--get prints one value: leave out --values and --count",
                )
            )
        with closing(_open(source, wanted, common)) as opened:
            group = first_group(opened, source, get, wanted, SystemClock())
        print(_value(group, show_ids=show_ids))
        return 0
    complete = incomplete = groups = rejected = 0
    inverted = ended = False
    show = None if count else _printer(values=values, show_ids=show_ids)
    opened = _open(source, wanted, common)
    try:
        # A meter has no end: the user stops with Ctrl-C, and still gets the summary.
        with suppress(KeyboardInterrupt):
            for batch in _batches(opened, wanted, SystemClock()):
                known, inverted = batch.mode, batch.inverted
                for frame in batch.frames:
                    groups += len(frame.groups)
                    rejected += len(frame.rejected)
                    if frame.complete:
                        complete += 1
                    else:
                        incomplete += 1
                    if show:
                        show(frame, known)
            ended = True
    finally:
        opened.close()
        if inverted:
            from linkymonitor.meter.watch import INVERTED_PARITY

            print(INVERTED_PARITY, file=sys.stderr)
    sys.stdout.flush()
    print(
        f"mode={(known or Mode.HISTORIQUE).value} frames={complete} incomplete={incomplete} groups={groups} "
        f"rejected={rejected}",
        file=sys.stderr,
    )
    if ended and not groups:
        raise without_groups(source)
    return 0


def first_group(source: Source, spec: str, label: str, wanted: Mode | None, clock: Clock) -> InfoGroup:
    """Return the first valid group *label* of *source*; a meter is heard for PATIENCE seconds at most.

    Args:
        source: the source.
        spec: the source as the user wrote it.
        label: the label, as the meter spells it.
        wanted: the mode; None to find it out.
        clock: the time of a meter.

    Raises:
        LineError: there is no such group.
    """
    heard = False
    for batch in _batches(source, wanted, clock, clock.monotonic() + PATIENCE):
        for frame in batch.frames:
            for group in frame.groups:
                if group.label == label:
                    return group
            heard = heard or bool(frame.groups)
    if not heard:
        raise without_groups(spec)
    name = escape_controls(label)
    raise LineError(
        Text(
            f"{spec} : aucun groupe {name} ; « linkymonitor decode {spec} » montre ceux qui viennent",
            f"{spec}: no group {name}; 'linkymonitor decode {spec}' shows those that come",
        )
    )


def _value(group: InfoGroup, *, show_ids: bool) -> str:
    """Return what *group* has to say, as sent: its data, or its horodate when it has nothing else, as ``DATE``."""
    from linkymonitor.tic.privacy import mask_group

    data = group.data or group.horodate or ""
    return escape_controls(data if show_ids else mask_group(group.label, data))


def _open(spec: str, mode: Mode | None, common: Common) -> Source:
    """Return the source that *spec* names; reading a file or a simulated meter never waits in real time."""
    if spec.startswith(SIMULATED):
        from linkymonitor.simulator.wire import SimSource

        return SimSource(sim_options(spec[len(SIMULATED) :], mode), SystemClock(), None)
    from linkymonitor.source.plain import open_plain_file

    if (file := open_plain_file(spec)) is not None:
        return file
    from linkymonitor.source.open import open_source

    common.log_to_stderr()
    return open_source(spec, clock=SystemClock(), speed=mode.speed if mode else None)


def _batches(source: Source, wanted: Mode | None, clock: Clock, until: float = math.inf) -> Iterator[_Batch]:
    """Yield the frames of *source* as they come; when the mode *wanted* is None, it is found out.

    Args:
        source: the source.
        wanted: the mode; None to find it out.
        clock: the time of a meter.
        until: when a meter, which has no end, is left, in monotonic seconds.
    """
    if source.is_meter:
        from linkymonitor.meter.meter import Meter

        meter = Meter(source, clock, wanted, unframed=False)
        while clock.monotonic() < until and (frames := meter.frames(1.0)) is not None:
            if meter.mode is not None:
                yield _Batch(meter.mode, [heard.frame for heard in frames], meter.parity_inverted)
        return
    from linkymonitor.tic.decoder import FrameDecoder

    decoder = FrameDecoder(wanted) if wanted else None
    sample = bytearray()
    chunk: bytes | None = b""
    while chunk is not None:
        chunk = source.read(1.0)
        if decoder is not None:
            if chunk:
                yield _Batch(decoder.mode, decoder.feed(chunk), decoder.inverted)
            continue
        sample += chunk or b""
        mode = _mode_of(sample, chunk, live=source.live)
        if mode is not None:
            decoder = FrameDecoder(mode)
            yield _Batch(mode, decoder.feed(bytes(sample)), decoder.inverted)
    if decoder is not None:
        yield _Batch(decoder.mode, decoder.close(), decoder.inverted)


def _mode_of(sample: bytearray, chunk: bytes | None, *, live: bool) -> Mode | None:
    """Return the mode of *sample*; None while more bytes are needed to tell.

    Args:
        sample: all bytes so far.
        chunk: the last of these bytes; None at the end of the source.
        live: True for a source whose bytes are still being sent while they are read, such as a pipe.
    """
    from linkymonitor.tic.detect import count_valid, decided, detect

    mode = None
    if chunk and (live or len(sample) - len(chunk) < _GLANCE):
        # A live source must not wait for a whole block. In a file the first frames nearly always tell the mode.
        mode = decided(count_valid(bytes(sample if live else sample[:_GLANCE])))
    if mode is None and (chunk is None or len(sample) >= _BLOCK):
        mode = detect(bytes(sample)) or Mode.HISTORIQUE
    return mode


def _printer(*, values: bool, show_ids: bool) -> Callable[[Frame, Mode], None]:
    """Return a function that prints a frame as one line of JSON (docs/formats.md).

    Args:
        values: True to add the typed values.
        show_ids: True to show meter addresses and delivery points unmasked.
    """
    import json

    from linkymonitor.tic.labels import BY_MODE
    from linkymonitor.tic.privacy import mask_group, mask_raw

    write = sys.stdout.write
    # The console replaces a letter that the terminal lacks by another. In data it is escaped, so that nothing is lost.
    escaped = (sys.stdout.encoding or "utf-8").lower().replace("-", "") != "utf8"

    def show(frame: Frame, mode: Mode) -> None:
        line: dict[str, object] = {
            "mode": mode.value,
            "complete": frame.complete,
            "groups": [
                {
                    "label": group.label,
                    "horodate": group.horodate,
                    "data": group.data if show_ids else mask_group(group.label, group.data),
                    **({} if group.label in BY_MODE[mode] else {"known": False}),
                }
                for group in frame.groups
            ],
            "rejected": [
                {"raw": raw if show_ids else mask_raw(raw), "why": why}
                for raw, why in (
                    (rejected.raw.decode("latin-1"), rejected.why) for rejected in frame.rejected
                )
            ],
        }
        if values:
            from linkymonitor.live.latest import jsonable
            from linkymonitor.tic.interpret import interpret

            reading = interpret(frame, mode, datetime.now(UTC))
            line["values"] = jsonable(reading.values, show_ids=show_ids)
        # JSON escapes the C0 control characters, but not DEL and C1, which a damaged line may contain.
        write(escape_controls(json.dumps(line, ensure_ascii=escaped)) + "\n")

    return show
