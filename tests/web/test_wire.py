"""What comes over the wire: heads that two readers could read in two ways, slow clients, floods."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from linkymonitor.web import server
from tests.support.commands import until
from tests.web.box import answers, everything, page_of

HOST = b"Host: localhost\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /\r\n", 400),  # HTTP/0.9
        (b"GET / HTTP/1.1\n" + HOST, 400),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),  # TLS
        (b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET //evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET *  HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: 1\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X : 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\nHost: evil.example\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\nhello", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", 413),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1073741824\r\n\r\n" + b"x" * 100_000, 405),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 100_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: " + b"a" * 1_000_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: 1\r\n" * 100 + b"\r\n", 431),
        (b"a" * 100_000, 414),
    ],
)
def test_a_request_that_is_not_clear_is_answered_once_and_its_connection_ends(
    open_box, request_bytes, status
):
    # What follows would be a second request to a reader who sees the first one end elsewhere.
    after = b"GET /2026 HTTP/1.1\r\n" + HOST + b"\r\n"
    answer, *more = answers(open_box.raw(request_bytes + after))
    assert answer.status == status
    if status != 404:
        assert more == []
        assert answer.headers["connection"] == "close"


def test_a_client_that_leaves_in_the_middle_costs_nothing(open_box):
    for start in (b"", b"GET", b"GET / HTTP/1.1\r\nHost: loc", b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"):
        with open_box.connect() as connection:
            connection.sendall(start)
    assert open_box.get("/").status == 200


def test_a_slow_client_is_told_so_and_let_go(open_box, monkeypatch):
    monkeypatch.setattr(server, "_HEAD", 0.3)
    with open_box.connect() as slow, open_box.connect() as silent:
        slow.sendall(b"GET / HTTP/1.1\r\n")
        stop = threading.Event()

        def trickle():
            while not stop.wait(0.05):
                try:
                    slow.sendall(b"X: 1\r\n")
                except OSError:
                    return

        feeder = threading.Thread(target=trickle)
        feeder.start()
        began = time.monotonic()
        (answer,) = answers(everything(slow))
        took = time.monotonic() - began
        stop.set()
        feeder.join()
        assert answer.status == 408
        assert took < 4, "each byte has given it new time"
        assert everything(silent) == b""


def test_the_65th_connection_is_told_that_the_box_is_busy_and_the_others_go_on(open_box, monkeypatch):
    monkeypatch.setattr(server, "_HEAD", 30.0)
    with ExitStack() as stack:
        first = [stack.enter_context(open_box.connect()) for _ in range(server.CONNECTIONS)]
        for connection in first:
            connection.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(3):
            late = stack.enter_context(open_box.connect())
            (answer,) = answers(everything(late))
            assert (answer.status, answer.headers["retry-after"]) == (503, "10")
        for connection in first:
            connection.sendall(HOST + b"Connection: close\r\n\r\n")
        assert [answers(everything(connection))[0].status for connection in first] == [200] * len(first)
    assert until(lambda: open_box.get("/").status == 200)


def test_a_client_that_takes_no_byte_of_a_large_answer_is_let_go(open_box, pages, monkeypatch):
    monkeypatch.setattr(server, "_ANSWER", 0.3)
    (pages / "2026.html").write_text(page_of("x" * 6_000_000))
    threads = Path("/proc/self/task")
    before = set(threads.iterdir())

    def serving() -> bool:
        return bool(set(threads.iterdir()) - before)

    with socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.settimeout(30)
        greedy.connect(("127.0.0.1", open_box.port))
        greedy.sendall(b"GET /2026 HTTP/1.1\r\n" + HOST + b"\r\n")
        assert greedy.recv(1, socket.MSG_PEEK), "the answer has begun"
        assert until(lambda: not serving())
        assert len(everything(greedy)) < 6_000_000


def test_a_connection_serves_many_requests_and_then_another_has_to_be_opened(open_box):
    one = b"GET /2026 HTTP/1.1\r\n" + HOST + b"\r\n"
    found = answers(open_box.raw(one * 300))
    assert len(found) == server.REQUESTS
    assert {answer.status for answer in found} == {200}
    assert found[-1].headers["connection"] == "close"
