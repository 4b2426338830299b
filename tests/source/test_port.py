from __future__ import annotations

import grp
import gzip
import os
import pwd
import random
import socket
import subprocess
import sys
import termios
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial.rfc2217  # here, so that a test that gives up its rights need not read the library
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkymonitor.errors import LineBusy, LineError
from linkymonitor.language import speak
from linkymonitor.meter.hunt import Hunter
from linkymonitor.model.terms import Mode
from linkymonitor.source.files import BLOCK
from linkymonitor.source.open import open_source
from linkymonitor.source.recording import block, header
from linkymonitor.source.url import SILENCE
from linkymonitor.system.clock import SystemClock, WireClock
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import write_frame, write_group
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.pty_meter import Dongle, PtyMeter

pytestmark = pytest.mark.usefixtures("english")

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GROUPS = {
    Mode.HISTORIQUE: (
        InfoGroup("ADCO", "012345678901"),
        InfoGroup("OPTARIF", "EJP."),
        InfoGroup("EJPHN", "000688322"),
        InfoGroup("PTEC", "HP.."),
        InfoGroup("IINST", "013"),
        InfoGroup("PAPP", "02990"),
    ),
    Mode.STANDARD: (
        InfoGroup("ADSC", "012345678901"),
        InfoGroup("VTIC", "02"),
        InfoGroup("DATE", "", "H261121120000"),
        InfoGroup("NGTF", "      BASE      "),
        InfoGroup("EASD01", "000000000"),
        InfoGroup("SMAXSN1-1", "05230", "H261120120000"),
        InfoGroup("STGE", "003A0001"),
    ),
}
WIRE = {mode: write_frame(Frame(groups), mode, parity=True) for mode, groups in GROUPS.items()}
FRAME = WIRE[Mode.HISTORIQUE]

both_modes = pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)


class Nap:
    """A sleep that takes no time but the clock's."""

    def __init__(self, clock: WireClock) -> None:
        self.clock = clock
        self.taken: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.taken.append(round(seconds, 3))
        self.clock.advance(seconds)


@pytest.fixture
def clock():
    return WireClock(NOON)


@pytest.fixture
def nap(clock):
    return Nap(clock)


@pytest.fixture
def opened(clock, nap):
    """Opens sources on a clock that only moves by hand, and closes them at the end."""
    sources = []

    def opened(spec, **how):
        sources.append(open_source(str(spec), **{"clock": clock, "sleep": nap, **how}))
        return sources[-1]

    yield opened
    for source in sources:
        source.close()


@pytest.fixture
def meter():
    with PtyMeter() as meter:
        yield meter


@pytest.fixture
def dongle(tmp_path):
    with Dongle(tmp_path / "teleinfo") as dongle:
        yield dongle


@pytest.fixture
def said(caplog):
    """The lines of the log so far, as LEVEL text."""
    caplog.set_level("INFO", "linkymonitor")
    return lambda: [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


@pytest.fixture
def nobody():
    """Somebody who may not open what is not open to all; root may open anything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def everything(source) -> bytes:
    chunks = []
    while (chunk := source.read(5.0)) is not None:
        chunks.append(chunk)
    return b"".join(chunks)


def hear(source, count: int) -> list[bytes]:
    """Read until *count* bytes have come; a byte that does not come in fifty reads of 0.1 s never will."""
    chunks, missing, reads = [], count, 0
    while missing > 0:
        assert reads < 50, f"{missing} of {count} bytes did not come"
        if chunk := source.read(0.1):  # a settled port waits for the end of a frame, which may not come
            chunks.append(chunk)
            missing -= len(chunk)
        reads = 0 if chunk else reads + 1
    return chunks


def retry(source, clock) -> None:
    """Let the longest pause go by and have *source* opened again."""
    clock.advance(10.0)
    assert source.read(0.0) == b""


# --- files


def test_a_file_gives_a_frame_a_read_and_then_its_end(tmp_path, opened):
    path = tmp_path / "meter.tic"
    path.write_bytes(b"OO 1 x\r\x03" + FRAME + WIRE[Mode.STANDARD] + b"\x82\nAD")
    source = opened(path)
    chunks = [source.read(5.0) for _ in range(4)]
    assert chunks == [b"OO 1 x\r\x03", FRAME, WIRE[Mode.STANDARD], b"\x82\nAD"]
    assert source.read(5.0) is None
    assert source.read(5.0) is None
    assert (source.name, source.live, source.is_meter) == (str(path), False, False)


def test_an_end_of_frame_with_bit_7_set_ends_a_read_too(tmp_path, opened):
    path = tmp_path / "meter.tic"
    path.write_bytes(b"A\x83B\x03C")
    source = opened(path)
    assert [source.read(5.0), source.read(5.0), source.read(5.0)] == [b"A\x83", b"B\x03", b"C"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    content=st.lists(st.sampled_from([b"\x03", b"\x83", b"x" * 5000, b"y" * 4096, FRAME, b"z"]), max_size=60)
)
def test_a_file_is_given_whole_in_bounded_pieces(tmp_path, opened, content):
    path = tmp_path / "meter.tic"
    path.write_bytes(b"".join(content))
    source = opened(path)
    chunks = list(iter(lambda: source.read(5.0), None))
    source.close()
    assert b"".join(chunks) == b"".join(content)
    assert all(0 < len(chunk) <= BLOCK for chunk in chunks)
    assert all(chunk.count(b"\x03") + chunk.count(b"\x83") <= 1 for chunk in chunks)


def test_a_gzipped_file_is_read_even_cut_short(tmp_path, opened):
    path = tmp_path / "meter.tic.gz"
    packed = gzip.compress(FRAME)
    for content in (packed, packed[:-4]):
        path.write_bytes(content)
        assert everything(opened(path)) == FRAME


def test_a_recording_gives_its_chunks_and_their_times(tmp_path, opened):
    path = tmp_path / "meter.rec"
    path.write_bytes(header(NOON, 1200) + block(0.5, FRAME[:10]) + block(1.25, FRAME[10:]))
    source = opened(path)
    assert (source.started_at, source.live, source.is_meter) == (NOON, False, False)
    assert (source.read(5.0), source.offset) == (FRAME[:10], 0.5)
    assert (source.read(5.0), source.offset) == (FRAME[10:], 1.25)
    assert source.read(5.0) is None
    assert source.offset == 1.25


def test_what_is_no_port_can_be_told_a_speed_and_to_settle(tmp_path, opened):
    path = tmp_path / "meter.tic"
    path.write_bytes(FRAME)
    with opened(path) as source:
        source.set_speed(1200)
        source.settle()
        assert source.read(5.0) == FRAME


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [("fr", "fichier absent ; donnez un port"), ("en", "there is no such file; give a port")],
)
def test_a_missing_file_is_an_error(tmp_path, opened, lang, sentence):
    speak(lang)
    with pytest.raises(LineError, match=sentence):
        opened(tmp_path / "nowhere.tic")
    with pytest.raises(LineError, match=sentence):
        opened("sim:standard")


def test_a_folder_is_no_source(tmp_path, opened):
    with pytest.raises(LineError, match="neither a port nor a file"):
        opened(tmp_path)


def test_a_file_that_may_not_be_read_is_an_error(tmp_path, opened, nobody):
    as_root = os.geteuid() == 65534
    if as_root:
        os.seteuid(0)
    path = tmp_path / "meter.tic"
    path.write_bytes(FRAME)
    if as_root:
        os.seteuid(65534)
    set_rights(path, 0, as_root)
    with pytest.raises(LineError, match=r"Permission denied.*; check the file and the right to read it"):
        opened(path)
    speak("fr")
    with pytest.raises(LineError, match=r"illisible \(accès refusé\) ; vérifiez"):
        opened(path)


def test_a_recording_of_another_version_is_an_error(tmp_path, opened):
    path = tmp_path / "meter.rec"
    path.write_bytes(header(NOON).replace(b"recording 1", b"recording 9"))
    with pytest.raises(LineError, match="not that of a recording"):
        opened(path)


# --- stdin and pipes


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    ends = {"reader": reader, "writer": writer}
    yield ends
    for fd in ends.values():
        os.close(fd)


@pytest.mark.parametrize("spec", ["-", "stdin"])
def test_stdin_gives_bytes_as_they_come_cut_after_each_frame(opened, pipe, spec):
    source = opened(spec, stdin=pipe["reader"])
    assert (source.name, source.live, source.is_meter) == ("stdin", True, False)
    assert source.read(0.0) == b""
    os.write(pipe["writer"], FRAME + FRAME + b"\x82\nAD")
    assert [source.read(0.0) for _ in range(3)] == [FRAME, FRAME, b"\x82\nAD"]
    assert source.read(0.0) == b""
    os.close(pipe.pop("writer"))
    assert source.read(5.0) is None
    source.close()
    os.fstat(pipe["reader"])  # whoever lent the descriptor keeps it


def test_a_closed_stdin_is_an_error(opened):
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    with pytest.raises(LineError, match="stdin"):
        opened("-", stdin=reader)


def test_a_named_pipe_is_read_like_stdin(tmp_path, opened):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)  # so that opening the other end does not wait
    source = opened(path)
    assert (source.live, source.is_meter) == (True, False)
    os.write(writer, FRAME)
    assert source.read(5.0) == FRAME
    os.close(writer)
    assert source.read(5.0) is None


def test_a_character_device_that_is_no_port_is_read_like_stdin(opened):
    source = opened("/dev/null")
    assert (source.is_meter, source.read(5.0)) == (False, None)


# --- a port that is there


def test_a_port_gives_every_byte_as_it_is(meter, opened):
    source = opened(meter.path, speed=1200)
    assert (source.name, source.live, source.is_meter) == (meter.path, True, True)
    assert meter.listened_at == 1200
    assert not meter.canonical
    meter.write(bytes(range(256)))
    assert b"".join(hear(source, 256)) == bytes(range(256))
    assert source.read(0.0) == b""


@both_modes
@pytest.mark.parametrize("stripped", [False, True], ids=["with parity", "stripped"])
def test_a_settled_port_gives_a_group_a_read(meter, opened, mode, stripped):
    wire = (parity.strip(WIRE[mode]) if stripped else WIRE[mode]) * 4
    source = opened(meter.path)
    source.settle()
    assert meter.canonical
    meter.write(wire)
    chunks = hear(source, len(wire))
    assert b"".join(chunks) == wire
    assert len(chunks) <= 4 * (len(GROUPS[mode]) + 3)


@both_modes
def test_a_settled_port_gives_a_frame_with_odd_parity_a_read(meter, opened, mode):
    """Its LF ends no line for the kernel, its ETX does."""
    wire = parity.invert(WIRE[mode])
    source = opened(meter.path)
    source.settle()
    for _ in range(10):
        meter.write(wire)
        assert source.read(1.0) == wire


def test_a_settled_port_gives_every_byte_as_it_is(meter, opened):
    """No control character may do anything: EOT is VEOF elsewhere, 0x7F VERASE, 0x13 stops the flow."""
    source = opened(meter.path)
    source.settle()
    noise = bytes(range(256)) + b"\n"
    meter.write(noise)
    assert b"".join(hear(source, len(noise))) == noise


def test_a_port_left_in_a_terminals_settings_is_cleaned(meter, opened):
    slave = os.open(meter.path, os.O_RDWR | os.O_NOCTTY)
    attributes = termios.tcgetattr(slave)
    attributes[0] |= (
        termios.ICRNL
        | termios.IXON
        | termios.ISTRIP
        | termios.BRKINT
        | termios.INPCK
        | termios.PARMRK
        | termios.IGNCR
    )
    attributes[3] |= termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    os.close(slave)
    source = opened(meter.path)
    noise = bytes(range(256)) + b"\n"
    for settled in (False, True):
        if settled:
            source.settle()
        meter.write(noise)
        assert b"".join(hear(source, len(noise))) == noise


def test_a_port_goes_raw_when_its_speed_is_set_even_to_the_same(meter, opened):
    source = opened(meter.path, speed=9600)
    source.settle()
    meter.write(b"no line end")
    assert source.read(0.0) == b""
    source.set_speed(9600)
    assert not meter.canonical
    assert b"".join(hear(source, 11)) == b"no line end"
    source.settle()
    source.set_speed(1200)
    assert (meter.canonical, meter.listened_at) == (False, 1200)


@pytest.mark.parametrize("settled", [False, True], ids=["raw", "settled"])
@pytest.mark.parametrize("piece", [1, 7, 3000])
def test_the_size_of_the_pieces_makes_no_difference(meter, opened, settled, piece):
    wire = (WIRE[Mode.HISTORIQUE] + WIRE[Mode.STANDARD]) * 10
    source = opened(meter.path)
    if settled:
        source.settle()
    got = b""
    for at in range(0, len(wire), piece):
        meter.write(wire[at : at + piece])
        if at % (40 * piece) == 0:
            got += source.read(0.0)
    got += b"".join(hear(source, len(wire) - len(got)))
    assert got == wire


def test_a_line_without_end_is_bounded_and_does_not_stop_what_follows(meter, opened):
    source = opened(meter.path)
    source.settle()
    for _ in range(50):
        meter.write(b"x" * 1000)
    meter.write(b"\n")
    assert len(source.read(0.2)) == 4096  # no end of a frame is in it, and so it waits for more
    meter.write(FRAME)
    assert b"".join(hear(source, len(FRAME))) == FRAME


# --- a port that is away


def test_a_port_that_is_not_there_is_said_once_and_tried_for_ever(opened, nap, said):
    source = opened("/dev/ttyNOWHERE9")
    for _ in range(7):
        assert source.read(60.0) == b""
    assert nap.taken == [1, 2, 4, 8, 10, 10, 10]
    assert said() == [
        "WARNING /dev/ttyNOWHERE9: not there; plug the TIC module in or correct [meter] port; "
        "trying until it is there"
    ]


def test_the_log_speaks_french(opened, said):
    speak("fr")
    opened("/dev/ttyNOWHERE9")
    assert said()[0].startswith("WARNING /dev/ttyNOWHERE9 : absent ; branchez le module TIC")


def test_a_read_waits_no_longer_than_it_was_told_to(opened, clock, nap):
    source = opened("/dev/ttyNOWHERE9", pause=30.0)
    for _ in range(4):
        source.read(60.0)
    before = clock.monotonic()
    assert source.read(0.25) == b""
    assert source.read(2.5) == b""
    assert clock.monotonic() - before == pytest.approx(2.75)


def test_a_dongle_that_comes_back_under_another_name_is_read_again(dongle, opened, clock, nap, said):
    first = dongle.plug()
    source = opened(dongle.link, speed=1200)
    source.settle()
    first.write(FRAME)
    assert b"".join(hear(source, len(FRAME))) == FRAME
    keep_the_name_busy = PtyMeter()
    dongle.unplug()
    for _ in range(6):
        assert source.read(60.0) == b""
    assert nap.taken[-5:] == [1, 2, 4, 8, 10]
    second = dongle.plug()
    keep_the_name_busy.unplug()
    retry(source, clock)
    assert (second.listened_at, second.canonical) == (1200, True)
    second.write(FRAME)
    assert b"".join(hear(source, len(FRAME))) == FRAME
    assert said() == [
        f"WARNING {dongle.link}: stopped answering (Input/output error); trying again until it is back",
        f"INFO {dongle.link}: readable again",
    ]


def test_bytes_bring_the_tries_back_to_the_shortest_pause(dongle, opened, clock, nap):
    dongle.plug()
    source = opened(dongle.link)
    for _ in range(3):
        dongle.meter.write(FRAME)
        hear(source, len(FRAME))
        dongle.unplug()
        nap.taken.clear()
        for _ in range(4):
            source.read(60.0)
        assert nap.taken == [1, 2, 4]
        dongle.plug()
        retry(source, clock)


def test_a_dangling_link_to_a_device_is_waited_for(dongle, opened, clock, said):
    dongle.link.symlink_to("/dev/serial/by-id/usb-nothing")
    source = opened(dongle.link)
    assert source.read(60.0) == b""
    dongle.plug()
    retry(source, clock)
    dongle.meter.write(FRAME)
    assert b"".join(hear(source, len(FRAME))) == FRAME
    assert [line.split()[0] for line in said()] == ["WARNING", "INFO"]


def test_setting_a_port_that_is_away_or_just_gone_raises_nothing(dongle, opened, clock):
    dongle.plug()
    source = opened(dongle.link)
    dongle.unplug()
    source.settle()
    source.set_speed(1200)
    source.settle()
    assert source.read(0.0) == b""
    meter = dongle.plug()
    retry(source, clock)
    assert (meter.listened_at, meter.canonical) == (1200, True)


@pytest.mark.parametrize("seed", range(20))
def test_any_schedule_of_unplugging_is_survived_within_ten_seconds(dongle, opened, clock, seed):
    chance = random.Random(seed)
    dongle.plug()
    source = opened(dongle.link)
    for _ in range(5):
        if chance.random() < 0.5:
            dongle.meter.write(FRAME[: chance.randrange(1, len(FRAME))])
            source.read(0.0)
        dongle.unplug()
        gone_until = clock.monotonic() + chance.choice([0.0, 0.5, 3.0, 40.0, 4000.0])
        source.read(0.0)
        while clock.monotonic() < gone_until:
            assert source.read(chance.choice([0.1, 1.0, 60.0])) == b""
        dongle.plug()
        retry(source, clock)
        dongle.meter.write(FRAME)
        assert b"".join(hear(source, len(FRAME))) == FRAME


# --- a port that is somebody else's


def test_a_second_reader_is_told_who_holds_the_port_and_reads_nothing(meter, opened):
    source = opened(meter.path)
    meter.write(FRAME)
    name = Path("/proc/self/comm").read_text().strip()
    with pytest.raises(LineBusy) as refusal:
        opened(meter.path, speed=1200)
    assert (
        str(refusal.value) == f"{meter.path}: already read by {name} (process {os.getpid()}); stop it first"
    )
    assert meter.listened_at == 9600
    assert b"".join(hear(source, len(FRAME))) == FRAME


def test_a_second_process_is_kept_out_too(meter, opened):
    source = opened(meter.path)
    meter.write(FRAME)
    second = (
        "import sys\n"
        "from linkymonitor.system.clock import SystemClock\n"
        "from linkymonitor.errors import LineBusy\n"
        "from linkymonitor.source.open import open_source\n"
        "try:\n"
        "    open_source(sys.argv[1], clock=SystemClock()).read(1.0)\n"
        "except LineBusy as refusal:\n"
        "    print(refusal)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", second, meter.path],
        env={**os.environ, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"(processus {os.getpid()}) ; arrêtez-le d'abord" in run.stdout
    assert b"".join(hear(source, len(FRAME))) == FRAME


def test_the_port_is_free_once_it_is_closed(meter, opened):
    for _ in range(3):
        source = opened(meter.path)
        meter.write(FRAME)
        assert b"".join(hear(source, len(FRAME))) == FRAME
        source.close()


def fake_root(path: Path, *, cmdline: str = "quiet", holder: tuple[int, str, str] | None = None) -> Path:
    """A machine with this kernel command line, and a process that has a file open."""
    proc = path / "proc"
    proc.mkdir()
    (proc / "cmdline").write_text(cmdline + "\n")
    if holder is not None:
        pid, name, target = holder
        (proc / str(pid) / "fd").mkdir(parents=True)
        (proc / str(pid) / "comm").write_text(name + "\n")
        (proc / str(pid) / "fd" / "3").symlink_to(target)
    return path


def test_the_holder_is_found_by_its_open_files_where_locks_are_not_told(meter, opened, tmp_path):
    opened(meter.path)
    root = fake_root(tmp_path, holder=(123, "minicom", meter.path))
    with pytest.raises(LineBusy, match=r"already read by minicom \(process 123\)"):
        opened(meter.path, root=root)


def test_a_holder_that_cannot_be_seen_is_another_program(meter, opened, tmp_path):
    opened(meter.path)
    with pytest.raises(LineBusy, match="already read by another program"):
        opened(meter.path, root=fake_root(tmp_path))


def test_a_port_that_somebody_takes_while_it_was_away_is_waited_for(dongle, opened, clock, said):
    dongle.plug()
    source = opened(dongle.link)
    dongle.unplug()
    source.read(0.0)
    dongle.plug()
    thief = opened(dongle.link)
    for _ in range(5):
        assert source.read(60.0) == b""
    thief.close()
    retry(source, clock)
    dongle.meter.write(FRAME)
    assert b"".join(hear(source, len(FRAME))) == FRAME
    assert [line.split()[0] for line in said()] == ["WARNING", "WARNING", "INFO"]
    assert "already read by" in said()[1]


def test_a_reader_that_did_not_ask_is_pointed_out(meter, opened, said, tmp_path):
    root = fake_root(tmp_path, holder=(123, "cat", meter.path))
    opened(meter.path, root=root)
    assert said() == [
        f"WARNING {meter.path}: also open in cat (process 123), which will take some of the bytes; stop it"
    ]


def test_the_far_end_of_a_pty_is_no_reader_of_it(meter, opened, said, tmp_path):
    root = fake_root(tmp_path, holder=(123, "socat", meter.path))
    (root / "proc/123/fd/4").symlink_to("/dev/ptmx")
    opened(meter.path, root=root)
    assert said() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be two users")
def test_a_process_that_was_killed_leaves_a_pty_that_anybody_can_open(meter, opened):
    opened(meter.path)
    Path(meter.path).chmod(0o666)
    os.seteuid(65534)
    try:
        descriptor = os.open(meter.path, os.O_RDWR | os.O_NOCTTY)
        assert os.isatty(descriptor)
        os.close(descriptor)
    finally:
        os.seteuid(0)


# --- a port that may not be opened


def test_a_refusal_names_the_cure_and_is_tried_again(meter, opened, clock, said, nobody):
    rights = Path(meter.path)
    as_root = os.geteuid() == 65534
    set_rights(rights, 0, as_root)
    source = opened(meter.path)
    for _ in range(5):
        assert source.read(60.0) == b""
    user = pwd.getpwuid(os.geteuid()).pw_name
    group = grp.getgrgid(rights.stat().st_gid).gr_name
    group = "dialout" if group in ("tty", "root") else group
    (line,) = said()
    assert line.startswith(
        f"WARNING {meter.path}: access denied to user {user}; run “sudo adduser {user} {group}”"
    )
    set_rights(rights, 0o666, as_root)
    retry(source, clock)
    meter.write(FRAME)
    assert b"".join(hear(source, len(FRAME))) == FRAME
    assert said()[1:] == [f"INFO {meter.path}: readable again"]


def set_rights(path: Path, rights: int, as_root: bool) -> None:
    if as_root:
        os.seteuid(0)
    path.chmod(rights)
    if as_root:
        os.seteuid(65534)


@pytest.mark.parametrize("cause", ["kernel", "login"])
def test_a_serial_console_is_pointed_out_with_its_cure(meter, opened, said, tmp_path, cause):
    number = Path(meter.path).name
    if cause == "kernel":
        root = fake_root(tmp_path, cmdline=f"console=tty1 console=pts/{number},115200 quiet")
    else:
        root = fake_root(tmp_path)
        wants = root / "etc/systemd/system/getty.target.wants"
        wants.mkdir(parents=True)
        (wants / f"serial-getty@{number}.service").touch()
    opened(meter.path, root=root)
    (line,) = said()
    assert "the serial console uses this port" in line
    assert f"sudo systemctl mask --now serial-getty@{number}" in line


# --- URLs


@pytest.fixture
def server():
    """A serial server on the network: a loopback one, that accepts when it is told to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def address(listener) -> str:
    return f"socket://127.0.0.1:{listener.getsockname()[1]}"


def test_a_network_server_is_read_and_read_again_after_a_cut(server, opened, clock, said):
    source = opened(address(server))
    assert (source.live, source.is_meter) == (True, True)
    source.settle()
    source.set_speed(1200)
    assert source.read(0.0) == b""
    for _ in range(2):
        link, _ = server.accept()
        with link:
            link.sendall(FRAME)
            assert b"".join(hear(source, len(FRAME))) == FRAME
        assert source.read(5.0) == b""  # notices
        retry(source, clock)
    assert [line.split()[0] for line in said()] == ["WARNING", "INFO"] * 2


def test_a_flood_from_the_network_is_read_whole(server, opened):
    source = opened(address(server))
    link, _ = server.accept()
    flood = FRAME * 1000
    with link:
        link.setblocking(False)
        got, sent = b"", 0
        while len(got) < len(flood):
            if sent < len(flood):
                sent += link.send(flood[sent : sent + 65536])
            got += b"".join(hear(source, 1))
    assert got == flood


def test_a_server_that_is_not_there_yet_is_waited_for(server, opened, clock, said, nap):
    url = address(server)
    port = server.getsockname()[1]
    server.close()
    source = opened(url)
    for _ in range(4):
        assert source.read(60.0) == b""
    assert nap.taken == [1, 2, 4, 8]
    (line,) = said()
    assert "does not open (Connection refused)" in line
    with socket.create_server(("127.0.0.1", port)) as late:
        late.settimeout(10)
        retry(source, clock)
        link, _ = late.accept()
        with link:
            link.sendall(FRAME)
            assert b"".join(hear(source, len(FRAME))) == FRAME
    assert said()[1:] == [f"INFO {url}: readable again"]


def test_a_server_that_always_hangs_up_is_said_once_and_tried_less_and_less(server, opened, said, nap):
    def hang_up():
        with suppress(OSError):
            while True:
                server.accept()[0].close()

    caller = threading.Thread(target=hang_up)
    caller.start()
    source = opened(address(server))
    for _ in range(5):
        assert source.read(60.0) == b""  # connects, is told that there is something to read, and there is not
    server.shutdown(socket.SHUT_RDWR)
    caller.join()
    assert nap.taken == [1, 2, 4, 8]
    assert len(said()) == 1


def test_a_connection_that_has_long_been_silent_is_made_anew(server, opened, clock, said):
    source = opened(address(server))
    first, _ = server.accept()
    clock.advance(SILENCE - 1)
    assert source.read(0.0) == b""
    clock.advance(1)
    assert source.read(0.0) == b""
    second, _ = server.accept()
    with first, second:
        second.sendall(FRAME)
        assert b"".join(hear(source, len(FRAME))) == FRAME
    assert said() == []


@pytest.mark.parametrize(
    "url", ["nothing://here", "socket://127.0.0.1", "socket://127.0.0.1:1?what=1", "alt://x?y=1"]
)
def test_a_url_that_can_never_be_opened_is_an_error(opened, url):
    with pytest.raises(LineError, match="not a URL that can be read"):
        opened(url)


def test_a_url_without_a_descriptor_waits_on_the_clock(opened, clock):
    source = opened("loop://")
    before = clock.monotonic()
    assert source.read(1.0) == b""
    assert clock.monotonic() - before == pytest.approx(1.0)


@pytest.mark.parametrize("url", ["spy://{port}", "alt://{port}?class=PosixPollSerial"])
def test_a_url_around_a_port_reads_it_and_locks_it(meter, opened, url):
    spec = url.format(port=meter.path)
    source = opened(spec, speed=1200)
    assert meter.listened_at == 1200
    meter.write(FRAME)
    assert b"".join(hear(source, len(FRAME))) == FRAME
    with pytest.raises(LineBusy):
        opened(meter.path)
    with pytest.raises(LineBusy):
        opened(spec)


def test_no_error_of_the_serial_library_comes_out(dongle, opened):
    dongle.plug()
    source = opened(f"alt://{dongle.link}?class=PosixPollSerial")
    dongle.unplug()
    try:
        assert [source.read(0.0), source.read(5.0)] == [b"", b""]
    except serial.SerialException as error:
        pytest.fail(f"{error!r} came out")


# --- the hunt, on a real port


class Hunt:
    """A reading loop at its simplest: a source and a hunter."""

    def __init__(self, source, clock, meter) -> None:
        self.source, self.clock, self.meter = source, clock, meter
        self.hunter = Hunter(clock.monotonic())
        source.set_speed(self.hunter.speed)

    def run(self, seconds: float, mode: Mode, speed: int) -> None:
        """Let the meter speak for *seconds*, a group at a time."""
        end = self.clock.monotonic() + seconds
        while True:
            for group in GROUPS[mode]:
                wire = parity.add(write_group(group, mode))
                self.meter.say(wire, speed)
                self.clock.advance(len(wire) * 10 / speed)
                if self.hunter.feed(self.source.read(0.002), self.clock.monotonic()):
                    self.source.set_speed(self.hunter.speed)
                    if self.hunter.mode is not None:
                        self.source.settle()
                if self.clock.monotonic() >= end:
                    return


def test_the_hunt_finds_the_meter_and_finds_it_again_when_it_is_switched(meter, opened, clock):
    # Reading raw takes no time here: the clock is the meter's.
    hunt = Hunt(opened(meter.path, sleep=lambda seconds: None), clock, meter)
    hunt.run(12, Mode.HISTORIQUE, 1200)
    assert (hunt.hunter.mode, meter.listened_at, meter.canonical) == (Mode.HISTORIQUE, 1200, True)
    hunt.run(20, Mode.STANDARD, 9600)
    assert (hunt.hunter.mode, meter.listened_at, meter.canonical) == (Mode.STANDARD, 9600, True)
    hunt.run(20, Mode.HISTORIQUE, 1200)
    assert (hunt.hunter.mode, meter.listened_at, meter.canonical) == (Mode.HISTORIQUE, 1200, True)


class FixedPort:
    """A port at the far end that cannot change its speed."""

    timeout, bytesize, parity, stopbits = None, 8, "N", 1
    rtscts = xonxoff = break_condition = cts = dsr = ri = cd = False
    rts = dtr = True

    @property
    def baudrate(self):
        return 9600

    @baudrate.setter
    def baudrate(self, speed):
        """It stays as it is, and the answer says so."""

    def reset_input_buffer(self):
        """Nothing waits."""

    reset_output_buffer = reset_input_buffer


def serve_fixed_port(listener, connected):
    """Answer as a server of RFC 2217 does, and tell *connected* of each connection."""
    while True:
        try:
            far, _ = listener.accept()
        except OSError:
            return
        with far:
            connected.append(far)
            answers = SimpleNamespace(write=lambda data, far=far: far.sendall(bytes(data)))
            manager = serial.rfc2217.PortManager(FixedPort(), answers)
            with suppress(OSError):
                while data := far.recv(1024):
                    for _ in manager.filter(data):
                        pass


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pyserial
def test_a_server_that_refuses_a_speed_is_heard_at_the_one_it_has():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connected = []
        threading.Thread(target=serve_fixed_port, args=(listener, connected), daemon=True).start()
        url = f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"
        source = open_source(url, clock=SystemClock(), speed=9600)
        try:
            source.set_speed(1200)
            assert not source.away
            connected[0].sendall(FRAME)
            assert b"".join(hear(source, len(FRAME))) == FRAME
        finally:
            source.close()
        listener.shutdown(socket.SHUT_RDWR)
