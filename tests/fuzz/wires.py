"""The readers of what a meter sends: the decoder and all behind it, recordings, simulated meters."""

from __future__ import annotations

import gzip
import random
from datetime import timedelta
from itertools import islice
from zlib import crc32

from linkymonitor.daily_log.line import format_record
from linkymonitor.daily_log.reader import LineReader
from linkymonitor.errors import LineError
from linkymonitor.live.latest import Document
from linkymonitor.meter.hunt import Hunter
from linkymonitor.model.reading import Reading, View
from linkymonitor.model.record import Record
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.source import recording
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.state.tariff import TariffFold
from linkymonitor.tic.decoder import LONGEST, FrameDecoder
from linkymonitor.tic.detect import detect
from linkymonitor.tic.encoder import checksum, write_frame
from linkymonitor.tic.interpret import interpret
from tests.fuzz.shared import NOON, ZONE, scratch

_SEAL, _STANDARD = 0x01, 0x02


def decoder(data: bytes) -> None:
    """Bytes of a line, to frames, to readings, to records, to a line of the log, and back."""
    if not data:
        return
    mode = Mode.STANDARD if data[0] & _STANDARD else Mode.HISTORIQUE
    wire = _sealed(data[1:], mode) if data[0] & _SEAL else data[1:]
    whole = FrameDecoder(mode)
    frames = whole.feed(wire)
    cuts = random.Random(len(wire))
    pieces, at, again = FrameDecoder(mode), 0, []
    while at < len(wire):
        step = cuts.choice((1, 2, 7, 64, LONGEST))
        again += pieces.feed(wire[at : at + step])
        at += step
    assert again == frames, "where the stream is cut makes a difference"
    frames += whole.close()
    assert again + pieces.close() == frames, "where the stream is cut makes a difference at its end"

    detect(wire)
    hunter = Hunter(0.0)
    for second in (0.0, 5.0, 30.0):
        hunter.feed(wire, second)

    ledger, fold, aggregator = Ledger(ZONE), TariffFold(), Aggregator(2)
    made: list[Record] = []
    at_time = NOON
    for frame in frames:
        at_time += timedelta(seconds=2)
        reading = interpret(frame, mode, at_time)
        if not frame.complete:
            continue
        if not frame.rejected:
            assert FrameDecoder(mode).feed(write_frame(frame, mode))[0].groups == frame.groups
        made += _pass_on(reading, ledger, fold, aggregator)
    last = aggregator.close()
    for record in [*made, *([last] if last else [])]:
        line = f"2026/11/21 12:00:00\tDATA\t{format_record(record)}".encode()
        read = LineReader().parse(line)
        assert read is not None, f"what was written does not read back: {line!r}"
        assert read.record is not None
        assert dict(read.record.indexes) == {
            name: index for name, index in record.indexes.items() if index < 10**9
        }


def _pass_on(reading: Reading, ledger: Ledger, fold: TariffFold, aggregator: Aggregator) -> list[Record]:
    tariff = fold.update(reading)
    view = View(reading=reading, tariff=tariff, today=ledger.update(reading), now=100.0)
    Document().of(view)
    return aggregator.add(reading)


def _sealed(data: bytes, mode: Mode) -> bytes:
    """Return *data* with STX and ETX around it, each of its lines as a meter would send it."""
    lines = []
    for line in data.split(b"\n"):
        text = (
            bytes(byte & 0x7F for byte in line)
            .replace(b"\r", b"")
            .replace(b"\x02", b"")
            .replace(b"\x03", b"")
        )
        if text == b"--":
            lines.append(b"\x03\x02")
            continue
        body = text + mode.separator
        lines.append(b"\n" + body + bytes([checksum(body, mode)]) + b"\r")
    return b"\x02" + b"".join(lines) + b"\x03"


def record(data: bytes) -> None:
    """A recording, plain and gzipped: its times never decrease."""
    start = recording.header(NOON, 9600)
    for content in (data, start + data, gzip.compress(start + data, 1, mtime=0)):
        path = scratch() / "recording"
        path.write_bytes(content)
        latest = 0.0
        try:
            recording.read_header(path)
            for offset, chunk in recording.read_recording(path):
                assert offset >= latest
                assert chunk
                latest = offset
        except LineError:
            assert content is data, "a damaged line hid the others"


def sim(data: bytes) -> None:
    """The words after ``sim:``, and the first frames of their house."""
    text = data.decode(errors="replace")
    try:
        options = parse_spec(text)
    except ValueError:
        return
    # A house takes a third of a second to make: one house in 256 is made, and one in 16 of the unusual ones.
    if crc32(data) % (256 if 2000 <= options.first_day.year < 2100 else 16):
        return
    for _, wire in islice(House(options).frames(), 2):
        assert wire
