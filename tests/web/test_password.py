"""The password of the house: who has it comes in, and nobody else."""

from __future__ import annotations

import json
import logging
import os
import pty
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from linkymonitor.errors import StorageError
from linkymonitor.system.storage import Storage
from linkymonitor.web.attempts import Attempts
from linkymonitor.web.door import Door
from linkymonitor.web.password import Password, write
from linkymonitor.web.section import PASSWORD_FILE
from linkymonitor.web.sessions import LIFE, Sessions
from tests.support.commands import PYTHON
from tests.web.box import PASSWORD, box, page_of


def cookie_of(answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def test_without_the_password_there_is_the_form_and_nothing_else(closed_box):
    for path in ("/", "/2026", "/2030", "/nothing", "/logout", "/..%2f"):
        answer = closed_box.get(path)
        assert (answer.status, answer.body) == (303, b"")
        assert answer.headers["location"].startswith("/login")
    form = closed_box.get("/login?/2026-01")
    assert form.status == 200
    assert 'name="back" value="/2026-01"' in form.body.decode()
    assert "form-action 'self'" in form.headers["content-security-policy"]


def test_the_right_password_opens_the_page_that_was_asked_for(closed_box):
    entered = closed_box.sign_in(back="%2F2026-01")
    assert (entered.status, entered.headers["location"]) == (303, "/2026-01")
    given = entered.headers["set-cookie"]
    assert re.fullmatch(r"linkymonitor=[0-9a-f]{64}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Strict", given)
    page = closed_box.get("/2026-01", cookie=f"a=b; {cookie_of(entered)}")
    assert page.status == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.body.decode().replace('<span><a href="/logout">Se déconnecter</a></span>', "") == page_of(
        "2026-01"
    )


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "%2F%2Fevil.example",
        "/a%0d%0aX:1",
        '"><b>',
    ],
)
def test_the_form_leads_to_no_page_but_ours(closed_box, back):
    assert closed_box.sign_in(back=back).headers["location"] == "/"
    form = closed_box.get(f"/login?{back.replace(' ', '')}")
    assert form.status != 200 or 'name="back" value="/"' in form.body.decode()


def test_a_wrong_password_is_told_so_and_after_five_there_is_a_pause_for_all_but_those_inside(closed_box):
    inside = cookie_of(closed_box.sign_in())
    for _ in range(5):
        answer = closed_box.sign_in("faux+mot")
        assert (answer.status, "set-cookie" in answer.headers) == (403, False)
    paused = closed_box.sign_in()
    assert paused.status == 429
    assert 0 < int(paused.headers["retry-after"]) <= 60
    assert "Trop d’essais" in paused.body.decode()
    assert closed_box.get("/2026", cookie=inside).status == 200


def test_signing_out_ends_the_session_and_takes_the_cookie_away(closed_box):
    cookie = cookie_of(closed_box.sign_in())
    assert b'action="/logout"' in closed_box.get("/logout", cookie=cookie).body
    out = closed_box.ask("POST", "/logout", cookie=cookie)
    assert (out.status, "Max-Age=0" in out.headers["set-cookie"]) == (303, True)
    assert closed_box.get("/2026", cookie=cookie).status == 303


def test_a_form_of_another_site_is_refused(closed_box):
    body = f"password={PASSWORD}".encode()
    assert closed_box.ask("POST", "/login", body, origin="http://evil.example").status == 403
    assert closed_box.ask("POST", "/login", body, origin="null").status == 403
    own = f"http://127.0.0.1:{closed_box.port}"
    assert closed_box.ask("POST", "/login", body, origin=own).status == 303


def test_a_form_that_is_too_long_is_not_read(closed_box):
    assert closed_box.ask("POST", "/login", b"password=" + b"a" * 5000).status == 413
    assert closed_box.ask("POST", "/2026", b"password=a").status == 405


def test_a_session_survives_a_restart_and_ends_with_a_new_password(pages, tmp_path):
    state = tmp_path / "state"
    with box(pages, state) as first:
        cookie = cookie_of(first.sign_in())
    word = cookie.partition("=")[2]
    assert Door(state, Storage()).sessions.has(word)
    assert word not in (state / "sessions.json").read_text()
    write(state, "un autre mot de passe", Storage())
    assert not Door(state, Storage()).sessions.has(word)


def test_a_running_server_takes_a_new_password(closed_box, tmp_path):
    write(tmp_path / "state", "nouveau-mot-8", Storage())
    assert closed_box.sign_in().status == 403
    assert closed_box.sign_in("nouveau-mot-8").status == 303


def test_a_session_ends_after_its_life_and_the_oldest_makes_room(tmp_path):
    now = [1_000_000.0]
    sessions = Sessions(tmp_path, Storage(), "mark", lambda: now[0])
    first = sessions.begin()
    now[0] += LIFE - 1
    assert sessions.has(first)
    now[0] += 1
    assert not sessions.has(first)
    words = [sessions.begin() for _ in range(70)]
    assert [sessions.has(word) for word in words] == [False] * 6 + [True] * 64


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"password": "mark"}', '{"password": "mark", "ends": {"a": "b"}}', "[" * 100_000],
)
def test_a_damaged_file_of_sessions_signs_everybody_out(tmp_path, content):
    (tmp_path / "sessions.json").write_text(content)
    sessions = Sessions(tmp_path, Storage(), "mark")
    assert sessions.has(sessions.begin())


def test_the_file_of_the_password_has_neither_the_password_nor_readers(tmp_path):
    write(tmp_path, PASSWORD, Storage())
    first = (tmp_path / PASSWORD_FILE).read_text()
    assert PASSWORD not in first
    assert (tmp_path / PASSWORD_FILE).stat().st_mode & 0o777 == 0o600
    write(tmp_path, PASSWORD, Storage())
    assert json.loads(first)["salt"] != json.loads((tmp_path / PASSWORD_FILE).read_text())["salt"]
    kept = Password(tmp_path, Storage())
    assert kept.is_right(PASSWORD)
    assert not kept.is_right(PASSWORD + "x")
    write(tmp_path, "caf\u00e9 au lait", Storage())
    assert Password(tmp_path, Storage()).is_right("cafe\u0301 au lait")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"scrypt": [1], "salt": "zz", "hash": "00"}',
        "[" * 100_000,
        '{"salt":' * 100_000,
        "1" * 9000,
    ],
)
def test_a_damaged_password_lets_nobody_in(tmp_path, content):
    (tmp_path / PASSWORD_FILE).write_text(content)
    with pytest.raises(StorageError, match="--set-password"):
        Door(tmp_path, Storage())


def test_a_password_that_was_set_when_its_hash_took_more_memory_still_opens(tmp_path):
    salt, digest = bytes(range(16)).hex(), "486f1c7d543c8fb7a11c4de28dee02f1ab7fdcc6b007c9035cb60abc0fd416e5"
    (tmp_path / PASSWORD_FILE).write_text(f'{{"scrypt": [8192, 8, 3], "salt": "{salt}", "hash": "{digest}"}}')
    kept = Password(tmp_path, Storage())
    assert kept.is_right(PASSWORD)
    assert not kept.is_right(PASSWORD + "x")


def test_attempts_come_back_with_time_and_one_house_has_one_count():
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    assert [attempts.begin("2a01:db8:0:1::7") for _ in range(5)] == [0] * 5
    assert attempts.begin("2a01:db8:0:1::8") == 60
    assert attempts.begin("192.168.1.30") == 0
    now[0] = 60.0
    assert attempts.begin("2a01:db8:0:1::9") == 0
    assert sum(attempts.begin(f"10.0.0.{number}") == 0 for number in range(100)) < 40
    attempts.forgive("10.0.0.1")


def test_no_password_is_in_a_log(closed_box, caplog):
    caplog.set_level(logging.DEBUG)
    closed_box.sign_in("canari-du-mot-de-passe")
    closed_box.sign_in()
    assert "canari" not in caplog.text
    assert PASSWORD not in caplog.text


def ini_of(tmp_path: Path, *lines: str) -> Path:
    ini = tmp_path / "box.ini"
    ini.write_text(
        f"[general]\nstate_dir = {tmp_path}/state\n[report]\ndir = {tmp_path}/pages\n[serve]\n"
        + "\n".join(lines)
    )
    return ini


def test_an_address_of_the_house_without_password_is_refused(call, tmp_path):
    ini = ini_of(tmp_path, "bind = 0.0.0.0:8420")
    for command, expected in (("serve", 78), ("check", 1)):
        status, _, err = call(command, "-c", ini)
        assert status == expected
        assert "sans mot de passe : serve refuse de démarrer" in err
        assert "serve --set-password" in err
        assert "open = oui" in err


def test_check_says_where_the_pages_are_shown_and_whether_a_password_is_asked_for(call, tmp_path):
    assert (
        "pages : 127.0.0.1:8420, pour cette machine seule, sans mot de passe\n"
        in call("check", "-c", ini_of(tmp_path))[1]
    )
    (tmp_path / "state/serve").mkdir(parents=True)
    write(tmp_path / "state/serve", PASSWORD, Storage())
    out = call("check", "-c", ini_of(tmp_path, "bind = 0.0.0.0:8420"))[1]
    assert "pages : 0.0.0.0:8420, avec un mot de passe\n" in out
    (tmp_path / "closed").symlink_to("closed")  # a folder in which this user sees nothing, whoever that is
    ini = ini_of(tmp_path, "bind = 0.0.0.0:8420")
    ini.write_text(ini.read_text().replace("/state\n", "/closed\n"))
    status, out, _ = call("check", "-c", ini)
    assert status == 0
    assert "non vu (liens symboliques en boucle) : « sudo linkymonitor check »" in out


def test_the_password_is_asked_for_twice_at_a_terminal(tmp_path):
    ini = ini_of(tmp_path, "")
    for second, right in (("autre chose", False), (PASSWORD, True)):
        keyboard, terminal = pty.openpty()
        process = subprocess.Popen(
            [*PYTHON, "serve", "-c", str(ini), "--set-password"],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        shown = ""
        for question, words in (("Mot de passe", PASSWORD), ("Encore une fois", second)):
            while question not in shown:
                shown += os.read(keyboard, 1000).decode()
            os.write(keyboard, f"{words}\n".encode())
        status = process.wait(timeout=60)
        with suppress(OSError):  # at the end of what was printed
            while more := os.read(keyboard, 1000):
                shown += more.decode("utf-8", "replace")
        os.close(keyboard)
        assert (status == 0, (tmp_path / "state/serve" / PASSWORD_FILE).exists()) == (right, right)
        assert PASSWORD not in shown
        assert "Mot de passe des pages (8 à 128 caractères) : " in shown
    assert "sudo systemctl restart linkymonitor-serve" in shown
    assert Password(tmp_path / "state/serve", Storage()).is_right(PASSWORD)


def test_a_password_that_is_too_short_is_refused(tmp_path):
    done = subprocess.run(
        [*PYTHON, "serve", "-c", str(ini_of(tmp_path, "")), "--set-password"],
        input="court\n",
        capture_output=True,
        text=True,
    )
    assert (done.returncode, "de 8 à 128" in done.stderr, "court" in done.stderr) == (2, True, False)


def test_a_folder_that_cannot_be_looked_at_is_told_in_a_sentence(call, tmp_path):
    (tmp_path / "x.ini").write_text(f"[general]\nlang = en\nstate_dir = /{'x' * 300}\n")
    status, _, err = call("serve", "-c", str(tmp_path / "x.ini"), "--bind", "0.0.0.0:8420")
    assert status == 1
    assert "password.json: " in err
