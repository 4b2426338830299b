"""URLs of pyserial as sources."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest
import serial

from linkymonitor.errors import LineBusy, LineError
from linkymonitor.source.url import SILENCE
from tests.source.wires import FRAME, hear, retry

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def server():
    """A serial server on loopback, which accepts a connection when the test asks for it."""
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
        assert source.read(60.0) == b""  # connects; the descriptor is ready to be read, and holds no byte
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
