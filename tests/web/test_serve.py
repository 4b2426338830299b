"""The command `serve`: its process, its settings, its addresses, and the drawing of the pages."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from linkymonitor.errors import ConfigError
from linkymonitor.settings import load
from linkymonitor.system.storage import Storage
from linkymonitor.web.address import House, addresses_of_house, urls
from linkymonitor.web.drawing import Drawing
from linkymonitor.web.password import write
from linkymonitor.web.qr import qr_lines
from linkymonitor.web.section import Address, read_address
from tests.support.commands import PYTHON, daemon, until
from tests.support.manager import FakeManager
from tests.web.box import PASSWORD, box, draw


def settings_of(folder, lines):
    ini = folder / "box.ini"
    ini.write_text(f"[serve]\n{lines}\n")
    return load(ini)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_the_process_is_ready_serves_and_ends_well_at_sigterm(tmp_path, pages):
    port = free_port()
    ini = tmp_path / "box.ini"
    ini.write_text(f"[report]\ndir = {pages}\n[serve]\nbind = 127.0.0.1:{port}\nrefresh = 0\n")
    with FakeManager(tmp_path) as manager, daemon("serve", "-c", ini, **manager.environ) as process:
        ready = manager.hear_until("READY")
        assert str(port) in ready["STATUS"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/2026") as page:
            assert page.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=100) == 0
        assert manager.hear_until("STOPPING")
        said = process.stderr.read().decode()
    assert f"http://127.0.0.1:{port}/" in said
    assert "Traceback" not in said


def test_a_process_takes_a_new_password_and_new_hosts_at_sighup_and_keeps_the_old_ones_when_they_are_wrong(
    tmp_path, pages
):
    port, ini, state = free_port(), tmp_path / "box.ini", tmp_path / "state/serve"
    state.mkdir(parents=True)

    def configure(hosts: str, password: str = "") -> None:
        ini.write_text(
            f"[general]\nlang = en\nstate_dir = {tmp_path}/state\n[report]\ndir = {pages}\n"
            f"[serve]\nbind = 127.0.0.1:{port}\nopen = no\nrefresh = 0\nhosts = {hosts}\n"
        )
        if password:
            write(state, password, Storage())

    def answer(host: str, method: str = "GET", cookie: str = "", form: str = "") -> http.client.HTTPResponse:
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        path = "/login" if form else "/2026"
        asked.request(method, path, form, {"Host": host, "Cookie": cookie})
        got = asked.getresponse()
        asked.close()
        return got

    configure("first.example", PASSWORD)
    with FakeManager(tmp_path) as manager, daemon("serve", "-c", ini, **manager.environ) as process:
        manager.hear_until("READY")
        entered = answer("first.example", "POST", form=f"password={PASSWORD}")
        cookie = entered.headers["Set-Cookie"].partition(";")[0]
        assert answer("first.example", cookie=cookie).status == 200
        assert answer("second.example", cookie=cookie).status == 421

        configure("second.example", "un-autre-mot-42")
        process.send_signal(signal.SIGHUP)
        manager.hear_until("RELOADING")
        assert "read again" in manager.hear_until("READY")["STATUS"]
        assert answer("first.example").status == 421
        assert answer("second.example", cookie=cookie).status == 303, "a new password signs everybody out"

        configure("http://third.example/")
        process.send_signal(signal.SIGHUP)
        assert "refused" in manager.hear_until("READY")["STATUS"]
        assert answer("second.example").status == 303

        configure("third.example")
        (state / "password.json").write_text("[" * 100_000)
        process.send_signal(signal.SIGHUP)
        assert "refused" in manager.hear_until("READY")["STATUS"]
        assert (answer("second.example").status, answer("third.example").status) == (303, 421)
        process.terminate()
        assert process.wait(timeout=100) == 0
        said = process.stderr.read().decode()
    assert "hosts = http://third.example/" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_and_an_address_of_another_machine_are_one_sentence(call, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for bind in (f"127.0.0.1:{taken.getsockname()[1]}", "203.0.113.7:8420"):
            ini = tmp_path / "box.ini"
            ini.write_text(f"[serve]\nopen = oui\nbind = {bind}\n")
            status, _, err = call("serve", "-c", ini)
            assert status == 1
            assert "impossible d'y écouter" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("127.0.0.1:8420", Address("127.0.0.1", 8420)),
        ("localhost", Address("127.0.0.1", 8420)),
        ("[::]:80", Address("::", 80)),
        ("0.0.0.0:65535", Address("0.0.0.0", 65535)),
    ],
)
def test_an_address_is_read(words, expected):
    assert read_address(words) == expected


@pytest.mark.parametrize(
    "bind", ["", "maison", "1.2.3.4:0", "1.2.3.4:99999", "300.1.1.1", "[::1", "::1", "1.2.3.4:x"]
)
def test_an_address_that_is_none_is_one_sentence(tmp_path, bind):
    with pytest.raises(ConfigError) as wrong:
        settings_of(tmp_path, f"bind = {bind}")
    assert len(wrong.value.faults) == 1


def test_names_and_durations_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(ConfigError) as wrong:
        settings_of(tmp_path, "hosts = http://maison/, b\nrefresh = 1s")
    assert len(wrong.value.faults) == 2
    settings = settings_of(tmp_path, "hosts = compteur.maison.fr\nrefresh = 0\nopen = oui")
    assert settings.serve.open is True


def test_the_addresses_of_the_house_are_found_without_a_packet():
    found = addresses_of_house()
    for own, family in ((found.ipv4, socket.AF_INET), (found.ipv6, socket.AF_INET6)):
        if own is not None:
            with socket.socket(family) as mine:
                mine.bind((own, 0))  # only an address of this machine can be bound


def may_leave_the_network() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return tried.returncode == 0


needs_no_network = pytest.mark.skipif(
    not may_leave_the_network(),
    reason="only root may take the network away from a process, and not in every container",
)


@needs_no_network
def test_serve_without_network_says_that_it_waits_for_an_address(tmp_path):
    ini = tmp_path / "box.ini"
    ini.write_text(
        f"[general]\nstate_dir = {tmp_path}\n[report]\ndir = {tmp_path}\n[serve]\nbind = 0.0.0.0\nopen = oui\n"
    )
    with subprocess.Popen(
        ["unshare", "--net", *PYTHON, "serve", "-c", ini], stderr=subprocess.PIPE, bufsize=0
    ) as process:
        told = b""
        while b"au port 8420" not in told and (line := process.stderr.readline()):
            told += line
        process.terminate()
    assert "prêtes au port 8420, mais cette machine n'a pas encore d'adresse dans la maison" in told.decode()


#: Prints the addresses of the machine; with an argument, the interface lo is first given that address.
ADDRESSES = """
import fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
    for own in sys.argv[1:]:
        fcntl.ioctl(asked, 0x8914, struct.pack("16sH22x", b"lo", 1))  # netdevice(7): SIOCSIFFLAGS, IFF_UP
        address = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(own))
        fcntl.ioctl(asked, 0x8916, struct.pack("16s16s8x", b"lo", address))  # SIOCSIFADDR
from linkymonitor.web.address import addresses_of_house
print(*addresses_of_house())
"""


@needs_no_network
@pytest.mark.parametrize("own", ["192.168.77.20", ""])
def test_a_machine_without_a_router_has_the_address_of_its_interface(own):
    alone = ["unshare", "--net", sys.executable, "-c", ADDRESSES, *filter(None, [own])]
    done = subprocess.run(alone, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{own or None} None"


def test_urls_name_what_a_browser_can_reach():
    house = House("192.168.1.20", "2001:db8::20")
    assert urls(Address("0.0.0.0", 80), house) == ["http://192.168.1.20:80/"]
    assert urls(Address("::", 8420), house) == ["http://192.168.1.20:8420/", "http://[2001:db8::20]:8420/"]
    assert urls(Address("127.0.0.1", 8420), house) == ["http://127.0.0.1:8420/"]


def test_the_qr_code_is_square_and_has_a_light_border():
    pytest.importorskip("segno", reason="segno is not installed: no QR code was drawn")
    lines = qr_lines("http://192.168.1.20:8420/")
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == -(-len(lines[0]) // 2)
    assert set(lines[0]) == {"█"}
    assert {line[:2] for line in lines} == {"██"}


def test_without_segno_there_is_the_address_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "segno", None)
    assert qr_lines("http://192.168.1.20:8420/") == []


def drawing(script: str, **options) -> Drawing:
    return Drawing([sys.executable, "-c", script], 600.0, **options)


def test_an_old_page_is_drawn_afresh_once_in_ten_minutes_by_a_process_that_is_nice(tmp_path):
    now, done = [1000.0], tmp_path / "done"
    made = drawing(
        "import os, time, sys, pathlib\n"
        "end = time.time() + 100\n"
        "while os.getpriority(os.PRIO_PROCESS, 0) < 15 and time.time() < end: time.sleep(0.01)\n"
        f"with open({str(done)!r}, 'a') as file: print(os.getpriority(os.PRIO_PROCESS, 0), file=file)",
        now=lambda: 5000.0,
        monotonic=lambda: now[0],
    )
    assert not made.wish(4999.0)
    assert made.wish(3000.0)
    assert made.wish(None), "the first one is still under way"
    made.wait(100)
    assert not made.wish(None), "too early"
    now[0] += 601
    assert made.wish(9000.0), "a page of the future was drawn by a wrong clock"
    made.wait(100)
    assert done.read_text().split() == [str(min(15 + 0, 19))] * 2


def test_a_drawing_that_fails_is_told_once_and_one_that_hangs_is_ended(caplog):
    now = [0.0]
    made = drawing("import sys; sys.exit('log: absent')", monotonic=lambda: now[0])
    for _ in range(3):
        assert made.wish(None)
        made.wait(100)
        now[0] += 601
    assert [record.getMessage() for record in caplog.records] == ["log: absent"]
    caplog.clear()
    hanging = drawing("import time; time.sleep(60)", longest=0.2)
    began = time.monotonic()
    assert hanging.wish(None)
    hanging.wait(100)
    assert time.monotonic() - began < 50
    assert "0 s" in caplog.text


def test_the_end_of_serve_ends_the_drawing():
    made = drawing("import time; time.sleep(60)")
    assert made.wish(None)
    began = time.monotonic()
    made.close()
    assert time.monotonic() - began < 50
    assert not made.wish(None)


def test_a_program_that_is_not_there_is_one_line(caplog):
    made = Drawing(["/nonexistent/linkymonitor"], 600.0)
    assert not made.wish(None)
    assert len(caplog.records) == 1


def test_a_page_that_is_not_there_is_being_drawn_and_reloads_itself(tmp_path):
    folder = tmp_path / "pages"
    made = drawing(
        f"import sys; sys.path.insert(0, {str(Path.cwd())!r})\n"
        "from pathlib import Path; from tests.web.box import draw\n"
        f"draw(Path({str(folder)!r}), 'index', 'today')"
    )
    with box(folder, drawing=made) as served:
        answer = served.get("/")
        assert (answer.status, b'http-equiv="refresh"' in answer.body) == (503, True)
        assert "Dessin en cours" in answer.body.decode()
        made.wait(60)
        assert until(lambda: served.get("/").status == 200, 30)


def test_a_drawn_page_is_shown_at_once_although_it_is_old(pages):
    made = drawing("import time; time.sleep(60)")
    draw(pages, "today")
    os.utime(pages / "today.html", (1, 1))
    with box(pages, drawing=made) as served:
        assert served.get("/today").status == 200
    assert made.wish(None), "it is being drawn"
    made.close()
