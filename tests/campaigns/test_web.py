"""The pages in the house against those who mean harm: text of a meter, paths, slow clients, a flood, passwords."""

from __future__ import annotations

import random
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from html.parser import HTMLParser
from itertools import product

import pytest

from linkymonitor.report import build
from linkymonitor.report.section import Settings
from linkymonitor.system.storage import Storage
from linkymonitor.web import server
from linkymonitor.web.attempts import Attempts
from tests.report.browsing import DAY, PRICES
from tests.report.house import PARIS, contract, local, records, write_log
from tests.support.commands import until
from tests.support.extent import extent
from tests.support.tally import tally
from tests.web.box import PASSWORD, answers, box, draw, everything

pytestmark = pytest.mark.campaign
HOST = b"Host: localhost\r\n"

#: How markup gets out of where it stands, what it then does, and how both are written.
_OUT = (
    "",
    '"',
    "'",
    "<!--",
    "-->",
    "</title>",
    "</script>",
    "</style>",
    "</textarea>",
    "*/",
    "`",
    "\\",
    "]]>",
    "'>",
    '">',
)
_DOES = (
    "<script>hacked=1</script>",
    "<img src=x onerror=hacked=1>",
    "<svg/onload=hacked=1>",
    "<svg><script>hacked=1</script></svg>",
    "<a href=javascript:hacked=1>x</a>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'>",
    "<math><mtext></p><img src=x onerror=hacked=1>",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>x",
    "<link rel=stylesheet href=//evil.example>",
    " onmouseover=hacked=1 x=",
    " autofocus onfocus=hacked=1 ",
    "javascript:hacked=1",
    "{{7*7}}",
    "${hacked=1}",
    ";hacked=1//",
    "<details open ontoggle=hacked=1>",
    "<video><source onerror=hacked=1>",
)
_WRITTEN = (
    lambda text: text,
    str.upper,
    lambda text: text.replace("<", "&lt;").replace(">", "&gt;"),
    lambda text: text.replace("<", "\\u003c"),
    lambda text: text.replace("<", "%3C"),
    lambda text: text.replace("<", "<\u200b"),
    lambda text: text.replace(" ", "/"),
    lambda text: f"{text}\u202e{text[:5]}",
)
PAYLOADS = [write(out + does) for out, does, write in product(_OUT, _DOES, _WRITTEN)]


class Shape(HTMLParser):
    """The elements of a page with the names of their attributes, where each link leads, and its scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.links: list[str] = []
        self.scripts: set[str] = set()
        self._in_script = False

    def handle_starttag(self, tag, attrs):
        self.elements.add((tag, tuple(sorted(name for name, _ in attrs))))
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "content")]
        self._in_script = tag == "script" and not dict(attrs).get("type")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self._in_script = False

    def handle_endtag(self, tag):
        self._in_script = False

    def handle_data(self, data):
        if self._in_script:
            self.scripts.add(data)


def shape_of(page: bytes) -> Shape:
    shape = Shape()
    shape.feed(page.decode())
    return shape


def pages_with(folder, texts):
    """Draw a page a day from DAY on; the name of the contract of each is one of *texts*, the note too."""
    rows = []
    for count, text in enumerate(texts):
        day = DAY + timedelta(days=count)
        made = contract(text, registers=("F01", "F02"))
        rows += records(local(day), local(day + timedelta(days=1)), contract=made, step=7200)
    write_log(folder / "logs", rows)
    last = DAY + timedelta(days=len(texts) - 1)
    failures = []
    build.build(
        Settings(dir=folder / "pages", note=texts[0]),
        folder / "logs",
        (DAY, last),
        tz=PARIS,
        lang="fr",
        prices=PRICES,
        now=local(last + timedelta(days=1)),
        storage=Storage(),
        with_range=True,
        on_failure=failures.append,
    )
    assert failures == []
    return folder / "pages"


def names(pages):
    return sorted(path.stem for path in pages.glob("*.html"))


def test_no_text_of_a_meter_becomes_markup(tmp_path):
    size = extent(16, 60)
    chosen = random.Random(7).sample(PAYLOADS, extent(size, len(PAYLOADS)))
    harmless = pages_with(tmp_path / "harmless", [f"OFFRE {number}" for number in range(size)])
    with box(harmless) as served:
        shapes = [shape_of(served.get(f"/{name}").body) for name in names(harmless)]
    elements = set().union(*(shape.elements for shape in shapes))
    scripts = set().union(*(shape.scripts for shape in shapes))
    wrong = looked = 0
    for start in range(0, len(chosen), size):
        texts = chosen[start : start + size]
        pages = pages_with(tmp_path / f"at-{start}", [*texts, *texts[: size - len(texts)]])
        with box(pages) as served:
            for name in names(pages):
                shape = shape_of(served.get(f"/{name}").body)
                looked += 1
                out = [link for link in shape.links if "javascript:" in link.lower() and link[:1] != "{"]
                wrong += bool(shape.elements - elements or shape.scripts - scripts or out)
    tally("web: a text of the meter that is markup", len(chosen), wrong=wrong, note=f"{looked} pages")
    assert wrong == 0


@pytest.mark.browser
def test_no_text_of_a_meter_runs_in_a_browser(tmp_path, browser):
    chosen = random.Random(3).sample(PAYLOADS, extent(4, 365))
    pages = pages_with(tmp_path, chosen)
    wrong = 0
    with box(pages) as served, browser.new_page() as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        for name in names(pages):
            page.goto(f"http://127.0.0.1:{served.port}/{name}")
            wrong += page.evaluate("typeof hacked !== 'undefined' || document.forms.length > 0")
        wrong += len(complaints)
    tally("web: a text of the meter that runs in Chromium", len(chosen), wrong=wrong)
    assert (wrong, complaints) == (0, [])


def test_no_path_leads_out_of_the_folder(tmp_path):
    (tmp_path / "secret.html").write_text("canary")
    draw(tmp_path / "pages", "index", "2026")
    (tmp_path / "pages/secret.txt").write_text("canary")
    up = (
        "..",
        "%2e%2e",
        "%252e%252e",
        "..%2f",
        "..%5c",
        "..\\",
        "....//",
        "%c0%ae%c0%ae",
        "..;",
        ".%00.",
        "%uff0e%uff0e",
    )
    between = ("/", "%2f", "%252f", "\\", "%5c", "/./", "//", "%c0%af")
    ends = (
        "secret.html",
        "secret.txt",
        "etc/passwd",
        "secret.html%00.html",
        "pages/secret.txt",
        "secret",
        "2026/../secret.html",
    )
    before = ("/", "/2026/", "/dygraphs/", "/2026.html/", "//", "/static/", "/file:/", "/?/")
    paths = [
        f"{start}{(step + slash) * times}{end}"
        for start, step, slash, end in product(before, up, between, ends)
        for times in (1, 3, 8)
    ]
    chosen = random.Random(5).sample(paths, extent(500, len(paths)))
    wrong = 0
    with box(tmp_path / "pages") as served:
        for path in chosen:
            answer = served.get(path)
            fine = answer.status == 404 or (path.startswith("/?") and answer.status == 200)
            wrong += b"canary" in answer.body or not fine
    tally("web: a path out of the folder", len(chosen), wrong=wrong)
    assert wrong == 0


def test_200_slow_clients_take_64_connections_and_are_let_go(tmp_path, monkeypatch):
    draw(tmp_path / "pages", "index")
    monkeypatch.setattr(server, "_HEAD", 5.0)
    with box(tmp_path / "pages") as served, ExitStack() as stack:
        slow = [stack.enter_context(served.connect()) for _ in range(200)]
        for connection in slow[: server.CONNECTIONS]:
            connection.sendall(b"GET / HT")
        began = time.monotonic()
        found = [answers(everything(connection))[0].status for connection in slow]
        # A connection that was told that it is slow is held for a second more, for its client to read that.
        until(lambda: served.get("/").status == 200, 20)
        took = time.monotonic() - began
    busy = found[server.CONNECTIONS :].count(503)
    wrong = (busy != 200 - server.CONNECTIONS) + (found.count(408) != server.CONNECTIONS)
    tally("web: 200 slow clients", 200, wrong=wrong, recovery=took, note=f"{busy} were told 503")
    assert wrong == 0


def test_a_flood_is_answered_and_leaves_no_memory_behind(tmp_path):
    draw(tmp_path / "pages", "index", "2026")
    wanted = extent(3_000, 100_000)
    one = b"GET /2026 HTTP/1.1\r\n" + HOST + b"Accept-Encoding: gzip\r\n\r\n"
    each = server.REQUESTS
    statuses: list[int] = []
    with box(tmp_path / "pages") as served:

        def flood(connections):
            for _ in range(connections):
                statuses.extend(answer.status for answer in answers(served.raw(one * each)))

        threads = [threading.Thread(target=flood, args=(wanted // each // 5,)) for _ in range(5)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began
        wrong = len(statuses) - statuses.count(200) + (served.get("/").status != 200)
    note = f"{len(statuses) / took * 60:,.0f} a minute on this machine, server and clients in one process"
    tally("web: a flood of requests", len(statuses), wrong=wrong, note=note)
    assert wrong == 0
    assert len(statuses) == wanted // each // 5 * 5 * each


def test_wrong_passwords_are_few_and_never_right(tmp_path):
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    addresses = [f"10.0.0.{number}" for number in range(50)]
    judged = 0
    tries = extent(5_000, 200_000)
    for number in range(tries):
        judged += attempts.begin(addresses[number % len(addresses)]) == 0
        now[0] += 1.0
    # 30 at once, then one each 20 s, whoever asks.
    wrong = int(judged > 30 + tries / 20 + 1)
    draw(tmp_path / "pages", "index")
    words = [PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), "", "%00", PASSWORD + "%00", "x" * 1900]
    with box(tmp_path / "pages", tmp_path / "state") as served:
        found = [served.sign_in(word) for word in words * 3]
        wrong += sum("set-cookie" in answer.headers or answer.status not in (403, 429) for answer in found)
        paused = [answer.status for answer in found].count(429)
        wrong += paused != len(found) - 5
    tally("web: wrong passwords", tries + len(found), wrong=wrong, note=f"{judged} of {tries:,} were judged")
    assert wrong == 0
