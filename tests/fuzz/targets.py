"""One function for each reader of bytes from outside; the function raises when the reader breaks a promise."""

# Strategy
#
# - A target takes any bytes and returns. It must not raise: the errors that the reader may raise are caught
#   here, and its other promises (the same frames wherever the stream is cut, written text reads back) are
#   asserted here. So a fuzzer finds wrong answers, and not only crashes.
# - A checksum stops a fuzzer that only flips bytes. With certain first bytes of the input, each line is
#   given its right checksum, and the fuzzer reaches the code behind the check.
# - No target needs a directory but those whose reader opens its file itself; theirs is in memory where there is one.

from __future__ import annotations

import atexit
import gzip
import os
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from linkymonitor.daily_log.files import Statistics, entries, file_of, records
from linkymonitor.daily_log.line import format_record
from linkymonitor.daily_log.reader import LineReader
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.statements import format_contract
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.errors import ConfigError, LineError
from linkymonitor.live.latest import Document
from linkymonitor.meter.hunt import Hunter
from linkymonitor.model.reading import Reading, View
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.settings import load
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.source import recording
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.state.tariff import TariffFold
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from linkymonitor.tic.decoder import LONGEST, FrameDecoder
from linkymonitor.tic.detect import detect
from linkymonitor.tic.encoder import checksum, write_frame
from linkymonitor.tic.interpret import interpret
from linkymonitor.web.attempts import Attempts
from linkymonitor.web.door import Door
from linkymonitor.web.drawing import Drawing
from linkymonitor.web.hosts import names_of
from linkymonitor.web.own_pages import OwnPages
from linkymonitor.web.pages import Pages
from linkymonitor.web.password import write as write_password
from linkymonitor.web.request import BadRequest, line_is_wrong, parse
from linkymonitor.web.server import written
from linkymonitor.web.site import Site
from tests.support.crash_model import CrashDisk

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOG = Path("/log")
TODAY = file_of(LOG, NOON.date())
_ZONE = ZoneInfo("Europe/Paris")
_SEAL, _STANDARD = 0x01, 0x02


@cache
def _scratch() -> Path:
    """Return a folder, in memory if the machine has such a place; it is removed with the process."""
    memory = Path("/dev/shm")
    where = Path(tempfile.mkdtemp(prefix="fuzz", dir=memory if os.access(memory, os.W_OK) else None))
    atexit.register(shutil.rmtree, where, ignore_errors=True)
    return where


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

    ledger, fold, aggregator = Ledger(_ZONE), TariffFold(), Aggregator(2)
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


def log(data: bytes) -> None:
    """A file of the daily log; one in four gzipped too, and the compressed file cut or no such file at all."""
    found = _read(data, ".log")
    for record in found:
        assert record.ended_at.date() == NOON.date()
        assert LineReader().parse(f"2026/11/21 12:00:00\tDATA\t{format_record(record)}".encode()) is not None
    if crc32(data) % 4:
        return
    packed = gzip.compress(data, 1, mtime=0)
    assert _read(packed, ".log.gz") == found, "a compressed file reads otherwise"
    cut = _read(packed[: len(packed) - 7], ".log.gz")
    assert cut == found[: len(cut)], "a cut file reads otherwise"
    _read(data, ".log.gz")


def _read(data: bytes, suffix: str) -> list[Record]:
    path = TODAY.with_suffix(suffix)
    storage = Storage(CrashDisk({str(path): data}))
    statistics = Statistics()
    found = list(
        records(
            LOG, NOON - timedelta(days=1), NOON + timedelta(days=1), statistics=statistics, storage=storage
        )
    )
    by_entry = [entry.record for entry in entries(path, storage=storage) if entry.record]
    assert by_entry == found, "entries() and records() do not agree"
    return found


def ini(data: bytes) -> None:
    """The configuration."""
    path = _scratch() / "linkymonitor.ini"
    path.write_bytes(data)
    faults: tuple[object, ...] = ("",)
    try:
        load(path)
    except ConfigError as error:
        faults = error.faults
    assert faults, "refused without a word"
    for fault in faults:
        assert len(str(fault).splitlines()) <= 1, "a fault takes more than a line"


def record(data: bytes) -> None:
    """A recording, plain and gzipped: its times never decrease."""
    start = recording.header(NOON, 9600)
    for content in (data, start + data, gzip.compress(start + data, 1, mtime=0)):
        path = _scratch() / "recording"
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


def state(data: bytes) -> None:
    """A log directory with damaged files: the daily log starts, writes on, and its lines read back."""
    first, _, second = data.partition(b"\xff\xfe\xfd")
    before = file_of(LOG, NOON.date() - timedelta(days=1))
    ahead = file_of(LOG, date(2031, 1, 1))
    content = {
        str(TODAY): first,
        str(before) + ".gz": second,
        str(LOG / f".{before.name}.gz.77.tmp"): second,
        str(LOG / "salt"): data,
    }
    if data[:1] == b"\x01":
        content[str(ahead)] = first
    if data[:1] == b"\x02":  # today's file was compressed: the clock went back
        content = {str(TODAY) + ".gz": gzip.compress(first, 1, mtime=0)[: len(first) + 9]}
    disk = CrashDisk(content)
    storage = Storage(disk)
    storage.lock(LOG).close()
    clock = WireClock(NOON)
    log = DailyLog(
        storage,
        LogSettings(dir=LOG, compress_after=timedelta(days=1), retention=timedelta(days=30)),
        clock,
        lang="en",
    )
    clock.advance(5)
    one = Record(
        started_at=clock.now() - timedelta(seconds=5),
        ended_at=clock.now(),
        contract=None,
        tariff_period="HN..",
        apparent_power=1234,
        indexes={"HN": 688322},
        frames=3,
    )
    log.append(one)
    log.note("WARN", "fuzz")
    for _ in range(12):
        clock.advance(60)
        log.tick(clock.monotonic())
    log.close()
    assert not log.refused
    assert log.pending == 0
    assert disk.descriptors == 0, "a file stays open"
    told = [
        record
        for path in disk.content()
        if path.endswith((".log", ".log.gz"))
        for record in records(LOG, NOON - timedelta(days=3), NOON + timedelta(days=2000), storage=storage)
        if record.apparent_power == 1234 and record.frames == 3 and path
    ]
    assert told, "what was written after the start does not read back"
    for path, held in disk.content().items():
        if path.endswith(".log"):
            assert not held or held.endswith(b"\n"), "a torn line was left"


def salt(data: bytes) -> None:
    """The salt file: whatever is in it, the salt has at least 16 characters, and is the same at the next start."""
    from linkymonitor.commands import folders

    where = _scratch() / "salted"
    where.mkdir(exist_ok=True)
    path = where / "salt"
    path.write_bytes(data)
    drawn = folders.salt(Storage(), where)
    assert len(drawn.strip()) >= 16
    assert folders.salt(Storage(), where) == drawn, (
        "another salt at the next start: the meter would be another one"
    )
    with suppress(FileNotFoundError):
        path.unlink()


_FIRST_DAY = date(2026, 1, 12)
_PRICES = PriceBook(Prices(hc=Decimal("0.2068"), hp=Decimal("0.27"), subscription_month=Decimal("12.44")))
_INSERTED = (
    b"\tINFO\tGrille: heures=A",
    b"\tINFO\tGrille: heures=B, demain=00:00 HC; 06:00 HP, nouveau=1",
    b"\tINFO\tGrille: demain=; ;, noms=F01 x; , neuf=2",
    b"\tINFO\tContrat: mode=historique, option=HC, puissance=6000, phases=1, producteur=, compteur=0440",
    b"\tINFO\tContrat: mode=standard, option=BASE, puissance=0, phases=3, producteur=oui, compteur=",
    b"\tINFO\tContrat: mode=historique, option=X, puissance="
    + b"9" * 400
    + b", phases=1, producteur=, compteur=1",
    b"\tDATA\tPeriode=HP.., IndexHN=000688322, IndexHPM=000080072, PuissConsommee=00000, IConsommee=013",
    b"\tWARN\t<script>\xff\x1b[2J",
)


@cache
def _week() -> Mapping[str, tuple[bytes, ...]]:
    """Return file → the lines of three UTC days of a house, a record every half an hour."""
    made = Contract(mode=Mode.STANDARD, option="HC", registers=("HC", "HP"), subscribed_power=9000, phases=1)
    files: dict[str, list[bytes]] = {}
    counts = {"HC": 1_000_000, "HP": 2_000_000}
    for n in range(145):
        at = datetime(2026, 1, 11, 22, tzinfo=UTC) + timedelta(minutes=30 * n)
        name = "HC" if at.hour < 6 else "HP"
        counts[name] += 300 + 7 * (n % 13)
        one = Record(
            started_at=at,
            ended_at=at,
            contract=made,
            tariff_period=f"{name}..",
            apparent_power=700,
            indexes=dict(counts),
            total_index=sum(counts.values()),
            injected_power=0,
            frames=8,
        )
        lines = files.setdefault(str(file_of(LOG, at.date())), [])
        stamp = at.strftime("%Y/%m/%d %H:%M:%S")
        if not lines:
            lines.append(f"{stamp}\tINFO\t{format_contract(made, 'a grain of salt')}".encode())
        lines.append(f"{stamp}\tDATA\t{format_record(one)}".encode())
    return {name: tuple(lines) for name, lines in files.items()}


def _damaged(data: bytes) -> dict[str, bytes]:
    """Return the log of three days with the damages of *data*: four bytes for each damage."""
    files = {name: list(lines) for name, lines in _week().items()}
    names = list(files)
    for at in range(0, min(len(data) - 3, 64), 4):
        what, where, more = data[at] % 9, data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        lines = files[names[where % len(names)]]
        if not lines:
            continue
        place = more % len(lines)
        one = lines[place]
        if what == 0:
            del lines[place : place + 1 + where // 8]
        elif what == 1:
            lines.insert(place, one)
        elif what == 2:
            lines[place] = re.sub(rb"(Index(?:HC|HP|Total))=\d{9}", rb"\1=", one, count=1 + where % 3)
        elif what == 3:  # the clock is set back
            lines[place:place] = lines[max(place - where, 0) : place]
        elif what == 4:
            lines.insert(place, one[:19] + _INSERTED[where % len(_INSERTED)])
        elif what == 5:
            cut = more % (len(one) + 1)
            lines[place] = one[:cut] + data[at : at + 1 + where % 40] + one[cut + where % 3 :]
        elif what == 6:
            lines[place] = one + b", Neuf=7\r"
        elif what == 7:
            digit = 20 + more % (max(len(one), 21) - 20)
            if one[digit : digit + 1].isdigit():
                lines[place] = one[:digit] + b"%d" % (where % 10) + one[digit + 1 :]
        else:
            lines.clear()
    return {name: b"".join(line + b"\n" for line in lines) for name, lines in files.items()}


def report(data: bytes) -> None:
    """A damaged log: pages and figures are made, the days add up to the range, and a day is the same alone."""
    from linkymonitor.report import build as reports
    from linkymonitor.report.range import as_json
    from linkymonitor.report.section import Settings
    from tests.support.figures import days

    disk = CrashDisk(_damaged(data))
    storage = Storage(disk)
    failures: list[str] = []
    last = _FIRST_DAY + timedelta(days=2)
    common: dict[str, Any] = {
        "tz": _ZONE,
        "prices": _PRICES,
        "now": datetime(2026, 1, 20, tzinfo=UTC),
        "storage": storage,
    }
    together = list(days(LOG, (_FIRST_DAY, last), **common))
    for one in together:
        (alone,) = days(LOG, (one.date, one.date), **common)
        assert alone == one, "a day is another one in a range"
        assert one.consumed is None or one.consumed >= 0
    found = as_json(LOG, (_FIRST_DAY, last), **common, on_failure=failures.append)
    used = [one.consumed for one in together if one.consumed is not None]
    consumed: Any = found["consumed"]
    assert consumed["wh"] is None or consumed["wh"] == sum(used), "the days are not the range"
    if crc32(data) % 8 == 0:
        where = Settings(dir=Path("/pages"))
        options = common | {"lang": "fr" if len(data) % 2 else "en", "on_failure": failures.append}
        reports.build(where, LOG, (_FIRST_DAY, last), **options)
    assert not failures, failures


@cache
def _site() -> Site:
    """Return a site of three pages, with a password that nobody has."""
    folder = _scratch() / "web"
    folder.mkdir()
    for name in ("index", "2026", "2026-01-13"):
        (folder / f"{name}.html").write_text("<!doctype html><footer></footer>")
    write_password(folder, "personne-ne-le-sait", Storage())
    closed = Door(folder, Storage(), Attempts(lambda: 0.0))
    return Site(Pages(folder), OwnPages(None), names_of("maison", ()), Drawing([], 0), closed)


def request(data: bytes) -> None:
    """The bytes of a connection, to heads, to answers: each is whole, and none has a page without the password."""
    site = _site()
    line_is_wrong(data)
    for head in data.split(b"\r\n\r\n")[:8]:
        try:
            parsed = parse(head)
        except BadRequest as error:
            written(site.failure(error.status), body=True)
            continue
        assert "\n" not in "".join((parsed.path, parsed.query, *parsed.headers, *parsed.headers.values()))
        body = data[-parsed.length :] if site.takes_body(parsed) else b""
        answer = site.answer(parsed, body, "192.0.2.7")
        assert answer.status in (200, 303, 304, 403, 404, 405, 413, 421, 429), answer.status
        names = {name for name, _ in answer.headers}
        assert {"Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"} <= names
        sent = written(answer, body=parsed.method != "HEAD")
        lines = sent.partition(b"\r\n\r\n")[0].split(b"\r\n")
        assert len(lines) <= len(answer.headers) + 3, "a value has made a header of its own"
        assert b"<footer>" not in answer.body
        assert "Set-Cookie" not in names or parsed.path == "/logout"


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (decoder, log, ini, record, sim, state, salt, report, request)
}

__all__ = ["TARGETS"]
