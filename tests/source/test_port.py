"""A port of a meter: present, absent, and opened again."""

from __future__ import annotations

import os
import random
import socket
import termios
import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest
import serial.rfc2217  # here, so that a test that gives up its rights need not read the library

from linkymonitor.language import speak
from linkymonitor.meter.hunt import Hunter
from linkymonitor.model.terms import Mode
from linkymonitor.source.open import open_source
from linkymonitor.system.clock import SystemClock
from tests.source.wires import FRAME, WIRE, hear, retry
from tests.support.pty_meter import PtyMeter

pytestmark = pytest.mark.usefixtures("english")


def test_a_port_gives_every_byte_as_it_is(meter, opened):
    source = opened(meter.path, speed=1200)
    assert (source.name, source.live, source.is_meter) == (meter.path, True, True)
    assert meter.listened_at == 1200
    assert not meter.canonical
    meter.write(bytes(range(256)))
    assert b"".join(hear(source, 256)) == bytes(range(256))
    assert source.read(0.0) == b""


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
    meter.write(bytes(range(256)))
    assert b"".join(hear(source, 256)) == bytes(range(256))
    source.settle()
    meter.write(b"A" + FRAME)
    assert source.read(0.0) == b"A" + FRAME


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


def test_bytes_gather_in_a_raw_port_for_as_long_as_the_read_may_take(meter, opened, nap):
    source = opened(meter.path)
    for timeout, taken in ((10.0, 0.05), (0.02, 0.02), (0.0, 0.0)):
        meter.write(b"x")
        assert source.read(timeout) == b"x"
        assert nap.taken[-1] == taken


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


class Hunt:
    """The smallest reading loop: a source and a hunter."""

    def __init__(self, source, clock, meter) -> None:
        self.source, self.clock, self.meter = source, clock, meter
        self.hunter = Hunter(clock.monotonic())
        source.set_speed(self.hunter.speed)

    def run(self, seconds: float, mode: Mode, speed: int) -> None:
        """Let the meter send for *seconds*, a line at a time."""
        end = self.clock.monotonic() + seconds
        while True:
            for wire in WIRE[mode].splitlines(keepends=True):
                self.meter.say(wire, speed)
                self.clock.advance(len(wire) * 10 / speed)
                if self.hunter.feed(self.source.read(0.002), self.clock.monotonic()):
                    self.source.set_speed(self.hunter.speed)
                    if self.hunter.mode is not None:
                        self.source.settle()
                if self.clock.monotonic() >= end:
                    return


def test_the_hunt_finds_the_meter_and_finds_it_again_when_it_is_switched(meter, opened, clock):
    # The sleep of a raw port takes no time here: the meter alone moves the clock.
    hunt = Hunt(opened(meter.path, sleep=lambda seconds: None), clock, meter)
    hunt.run(12, Mode.HISTORIQUE, 1200)
    assert (hunt.hunter.mode, meter.listened_at, meter.canonical) == (Mode.HISTORIQUE, 1200, True)
    hunt.run(20, Mode.STANDARD, 9600)
    assert (hunt.hunter.mode, meter.listened_at, meter.canonical) == (Mode.STANDARD, 9600, True)
    hunt.run(20, Mode.HISTORIQUE, 1200)
    assert (hunt.hunter.mode, meter.listened_at, meter.canonical) == (Mode.HISTORIQUE, 1200, True)


class FixedPort:
    """A port of a serial server whose speed is fixed."""

    timeout, bytesize, parity, stopbits = None, 8, "N", 1
    rtscts = xonxoff = break_condition = cts = dsr = ri = cd = False
    rts = dtr = True

    @property
    def baudrate(self):
        return 9600

    @baudrate.setter
    def baudrate(self, speed):
        """Keep the speed; the answer of the server holds the speed that is kept."""

    def reset_input_buffer(self):
        """Do nothing: no byte waits here."""

    reset_output_buffer = reset_input_buffer


def serve_fixed_port(listener, connected):
    """Answer as a server of RFC 2217 does, and append each connection to *connected*."""
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
