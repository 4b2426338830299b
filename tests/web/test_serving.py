"""What `serve` answers: the pages, their headers, and nothing else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re

import pytest

from tests.web.box import SCRIPT, answers, box, draw, page_of
from tests.web.conftest import NAMES


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "index"),
        *((f"/{name}", name) for name in NAMES),
        *((f"/{name}.html", name) for name in NAMES),
        ("/?utm=1", "index"),
    ],
)
def test_each_drawn_page_has_its_address(open_box, path, name):
    answer = open_box.get(path)
    assert (answer.status, answer.body.decode()) == (200, page_of(name))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/2026-01-14",
        "/2026-13",
        "/2026-1-13",
        "/20260113",
        "/2026-01-13/",
        "/2026-01-13.html.html",
        "/2026-01-13%2ehtml",
        "/2026%2D01-13",
        "/..%252f",
        "/%00",
        "/../etc/passwd",
        "/dygraphs/../index.html",
        "/dygraphs/",
        "/.linkymonitor.lock",
        "//2026",
        "/index.html/",
        "/INDEX",
        "/login",
        "/secret.html",
    ],
)
def test_what_is_no_page_is_not_found(open_box, pages, path):
    (pages / "secret.html").write_text("secret")
    answer = open_box.get(path)
    assert answer.status == 404
    assert b"secret" not in answer.body
    assert "Pas de page ici" in answer.body.decode()


def test_a_head_has_the_headers_of_the_page_and_no_byte(open_box):
    request = b"HEAD /2026 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head, end, body = open_box.raw(request).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert f"Content-Length: {len(page_of('2026'))}".encode() in head
    assert (end, body) == (b"\r\n\r\n", b"")


def test_a_page_is_packed_for_who_can_unpack_it_and_not_sent_again_while_it_is_the_same(open_box, pages):
    plain, packed = open_box.get("/2026"), open_box.get("/2026", accept_encoding="gzip, br")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["etag"] != plain.headers["etag"]
    for answer, coding in ((plain, "identity;q=1, gzip;q=0"), (packed, "br, gzip;q=0.5")):
        tag = answer.headers["etag"]
        again = open_box.get("/2026", accept_encoding=coding, if_none_match=f'"x", W/{tag}')
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    (pages / "new").write_text(page_of("drawn again"))
    (pages / "new").replace(pages / "2026.html")
    after = open_box.get("/2026", if_none_match=plain.headers["etag"])
    assert (after.status, after.body.decode()) == (200, page_of("drawn again"))


def test_the_policy_allows_the_script_that_the_head_of_the_page_names_and_no_other(open_box, pages):
    (pages / "2026.html").write_text(
        page_of(
            '</p><script>alert(1)</script><meta http-equiv="Content-Security-Policy" '
            f"content=\"script-src '{hash_of('alert(1)')}'\"><p>"
        )
    )
    policy = open_box.get("/2026").headers["content-security-policy"]
    (scripts,) = re.findall(r"script-src ([^;]*)", policy)
    assert scripts == f"'self' '{hash_of(SCRIPT)}'"
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy


def hash_of(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@pytest.mark.parametrize("path", ["/", "/2026", "/dygraphs/dygraph.min.js", "/nothing", "/today"])
def test_every_answer_has_the_headers_that_protect_it(open_box, path):
    headers = open_box.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in re.findall(r"script-src ([^;]*)", headers["content-security-policy"])[0]
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_dygraphs_comes_from_where_the_pages_look_for_it(open_box):
    script = open_box.get("/dygraphs/dygraph.min.js")
    assert script.status == 200
    assert script.headers["content-type"].startswith("text/javascript")
    assert open_box.get("/dygraphs/dygraph.min.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("maison:8420", 200),
        ("MAISON.local", 200),
        ("maison.lan.", 200),
        ("compteur.example:1", 200),
        ("192.168.1.20:8420", 200),
        ("[2a01:cb00::1]:8420", 200),
        ("evil.example", 421),
        ("maison.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
        ("localhost@evil.example", 421),
    ],
)
def test_a_name_that_is_not_ours_is_refused(open_box, host, status):
    assert open_box.get("/", host=host).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get"])
def test_nothing_but_get_and_head_is_done(open_box, method):
    answer = open_box.ask(method, "/")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_pages_not_drawn_yet_and_a_folder_that_is_missing_say_so(tmp_path):
    with box(tmp_path / "pages") as served:
        missing = served.get("/")
        assert (missing.status, "Pages illisibles" in missing.body.decode()) == (503, True)
        (tmp_path / "pages").mkdir()
        answer = served.get("/today", accept_language="en-GB,en;q=0.9")
        assert (answer.status, "Not drawn yet" in answer.body.decode()) == (503, True)
        assert answer.headers["retry-after"]
        draw(tmp_path / "pages", "today")
    with box(tmp_path / "pages") as served:
        assert served.get("/today").status == 200


def test_no_link_leads_out_of_the_folder(tmp_path, pages):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (pages / "2026.html").unlink()
    (pages / "2026.html").symlink_to(secret)
    os.link(secret, pages / "2025.html")
    os.mkfifo(pages / "2024.html")
    (pages / "2023.html").mkdir()
    (tmp_path / "link").symlink_to(pages)
    with box(pages) as served:
        for year in ("2026", "2025", "2024", "2023"):
            answer = served.get(f"/{year}")
            assert (answer.status, b"secret" in answer.body) == (503, False), year
        assert served.get("/2026-01").status == 200
    with box(tmp_path / "link") as served:
        assert served.get("/2026-01").status == 503


def test_a_page_that_was_shown_does_not_let_in_a_link_that_takes_its_place(open_box, tmp_path, pages):
    for name in ("2026", "2026-01"):
        assert open_box.get(f"/{name}").status == 200
    (tmp_path / "elsewhere").mkdir()
    for name in ("2026", "2026-01"):
        (tmp_path / f"elsewhere/{name}.html").write_text("secret")
    (pages / "2026.html").unlink()
    (pages / "2026.html").symlink_to(tmp_path / "elsewhere/2026.html")
    behind_a_link = open_box.get("/2026")
    pages.rename(tmp_path / "before")
    pages.symlink_to(tmp_path / "elsewhere")
    for answer in (behind_a_link, open_box.get("/2026-01")):
        assert (answer.status, b"secret" in answer.body) == (503, False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_the_folder_of_another_user_is_not_shown(pages):
    os.chown(pages, 12345, 12345)
    with box(pages) as served:
        assert served.get("/").status == 503


def test_two_requests_that_are_sent_at_once_are_answered_in_their_order(open_box):
    two = b"".join(b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % name for name in (b"2026", b"2026-01"))
    first, second = answers(open_box.raw(two))
    assert (first.body.decode(), second.body.decode()) == (page_of("2026"), page_of("2026-01"))
