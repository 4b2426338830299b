"""The documentation is true: links lead somewhere, examples run, nothing that can be set or typed is missing."""

from __future__ import annotations

import configparser
import io
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from linkymonitor import cli
from linkymonitor.commands.table import COMMANDS
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.meter.acceptance.judge import CONTRACT, CROSS, DOMAIN, INDEX, METER, ORDER, UNCONFIRMED
from linkymonitor.model.terms import Mode
from linkymonitor.tic.encoder import write_group
from linkymonitor.tic.frame import InfoGroup
from tests.support.docs_programs import program
from tests.support.markdown import FENCE, blocks, new_files, play
from tests.support.owner_pages import understand, without_sudo

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / name for name in ("README.md", "README.fr.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
READMES = {"en": ROOT / "README.md", "fr": ROOT / "README.fr.md"}
HARDWARE = {"en": ROOT / "docs/hardware.md", "fr": ROOT / "docs/hardware.fr.md"}
SETTINGS = {"en": ROOT / "docs/settings.md", "fr": ROOT / "docs/settings.fr.md"}
PARTS = ("linkymonitor", "tests", "bench", "docs")

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| ", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of *page*, as GitHub makes them."""
    prose = FENCE.sub("", page.read_text("utf-8"))
    titles = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands() -> set[str]:
    """Return the name of each command."""
    return set(COMMANDS)


def typed(page: Path) -> Iterator[str]:
    """Yield the lines that a reader of *page* is told to type, without comments."""
    for block in blocks(page):
        for line in block.text.splitlines():
            if block.kind == "sh" or (block.kind == "console" and line.startswith("$ ")):
                yield re.sub(r"(^|\s+)#.*", "", line.removeprefix("$ "))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page):
    for link in _LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)}: {link} leads nowhere"
        assert target.is_relative_to(ROOT), f"{name(page)}: {link} leads out of the repository"
        if anchor:
            assert anchor in anchors(target), f"{name(page)}: {link} names no heading"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_is_named_is_there(page):
    """In a page that holds today: a path of the repository or of the package, or a name that stands in it."""
    text = page.read_text("utf-8")
    if re.search("^Superseded by", text, re.MULTILINE):
        return
    ours = {path.relative_to(ROOT).as_posix() for part in PARTS for path in (ROOT / part).rglob("*.py")}
    readers = new_files(page)
    for path in re.findall(r"`([a-z_0-9/]+\.py)`", text):
        there = any(f"/{file}".endswith(f"/{path}") for file in ours)
        assert there or path in readers, f"{name(page)}: {path} is nowhere"
    for path in re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)*/)`", text):
        roots = (ROOT, ROOT / "linkymonitor", ROOT / "tests")
        assert any((root / path).is_dir() for root in roots), f"{name(page)}: {path} is nowhere"


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent != ROOT], ids=name)
def test_a_line_has_one_sentence(page):
    """In docs/, but for tables and lists: so a change of a sentence is a change of a line."""
    prose = FENCE.sub("", page.read_text("utf-8"))
    for line in prose.splitlines():
        if not re.match(r"[|\- #]|\d+\. ", line):
            assert not re.search(r"[\w`)\"»][.?!] [A-Z`]", line), f"{name(page)}: {line}"


def test_every_page_can_be_reached():
    reached = {READMES["en"]}
    while True:
        further = {
            (page.parent / link.partition("#")[0]).resolve()
            for page in reached
            if page.suffix == ".md"
            for link in _LINK.findall(page.read_text("utf-8"))
            if "://" not in link and not link.startswith("#")
        }
        if further <= reached:
            break
        reached |= further
    assert set(PAGES) <= reached


def test_decisions_are_numbered_without_a_hole_and_have_the_three_parts():
    pages = sorted((ROOT / "docs/adr").glob("*.md"))
    for number, page in enumerate(pages, 1):
        text = page.read_text("utf-8")
        assert page.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number:04}: ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def documented(page: Path) -> dict[tuple[str, str], str]:
    """Return what *page* says of each key: (section, key) → default."""
    found = {}
    for part in re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        section = part.splitlines()[0].strip("[]").replace(":NOM", ":NAME")
        for key, default in _ROW.findall(part):
            found[section, key] = default.strip("`")
    return found


def shipped() -> dict[tuple[str, str], str]:
    """Return each key of the shipped configuration, those that are commented out included."""
    text = (ROOT / "etc/linkymonitor.ini").read_text("utf-8")
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.read_string(re.sub(r"^#(\[|[a-z_]+ ?=)", r"\1", text, flags=re.MULTILINE))
    return {
        (re.sub(r":.*", ":NAME", section), key): value
        for section in parser.sections()
        for key, value in parser.items(section)
    }


@pytest.mark.parametrize("lang", SETTINGS)
def test_every_setting_is_documented_and_no_other(lang):
    assert documented(SETTINGS[lang]).keys() == shipped().keys()


@pytest.mark.parametrize("lang", SETTINGS)
def test_the_documented_defaults_are_the_shipped_ones(lang):
    words = {"yes": "oui", "no": "non", "–": ""}
    told = documented(SETTINGS[lang])
    for key, value in shipped().items():
        # The relay and the sinks are examples: what they must say has no default.
        if key[0] not in ("relay:NAME", "sink:NAME"):
            assert words.get(told[key], told[key]) == value, key


@pytest.mark.parametrize("lang", READMES)
def test_each_readme_points_to_its_settings(lang):
    assert f"(docs/{SETTINGS[lang].name})" in READMES[lang].read_text("utf-8")


@pytest.mark.parametrize("lang", READMES)
def test_every_command_has_its_example(lang):
    used = {words[1] for words in map(shlex.split, typed(READMES[lang])) if words[:1] == ["linkymonitor"]}
    assert used >= commands()


def test_both_readmes_have_the_same_commands_and_the_same_blocks():
    english, french = READMES["en"], READMES["fr"]
    assert list(typed(english)) == list(typed(french))
    assert [block.kind for block in blocks(english)] == [block.kind for block in blocks(french)]


@pytest.mark.parametrize("pair", [READMES, HARDWARE], ids=["readme", "hardware"])
def test_both_languages_have_the_same_headings_and_tables(pair):
    def shape(page: Path) -> list[str]:
        prose = FENCE.sub("", page.read_text("utf-8"))
        return [re.match(r"#*|\|", line)[0] for line in prose.splitlines() if line[:1] in ("#", "|")]

    assert shape(pair["en"]) == shape(pair["fr"])


@pytest.mark.parametrize("lang", READMES)
def test_a_readme_begins_with_a_picture_and_lists_its_parts(lang):
    text = READMES[lang].read_text("utf-8")
    assert text.index("![") < text.index("```") < text.index("\n## ", text.index("```"))
    prose = FENCE.sub("", text)
    parts = re.findall(r"^## .+$", prose, re.MULTILINE)[1:]
    # The first part comes before the list.
    (contents,) = (line for line in prose.splitlines() if line.count("](#") > 3)
    linked = re.findall(r"\]\(#([^)]+)\)", contents)
    assert linked == [re.sub(r"[^\w\- ]", "", part[3:].lower()).replace(" ", "-") for part in parts]


@pytest.mark.parametrize("page", [page for page in PAGES if not page.stem.startswith("adding-")], ids=name)
def test_every_command_line_is_understood(page):
    """Those that no test runs, because they need a meter, are at least parsed; test_guides.py runs those of guides."""
    for line in typed(page):
        words = without_sudo(shlex.split(line))
        if words[:1] == ["linkymonitor"]:
            understand(words[1:])


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_exists(page):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    text = page.read_text("utf-8")
    for line in [*typed(page), *re.findall(r"`(make [a-z ]+)`", text)]:
        words = shlex.split(line)
        if words[:1] == ["make"]:
            named = [word for word in words[1:] if "=" not in word]
            assert set(named) <= set(targets), f"{name(page)}: {line}"


def said(line: str) -> str:
    """Return what a terminal shows after *line*."""
    words = shlex.split(line)
    if words[0] == "cat":
        return Path(words[1]).read_text("utf-8")
    assert words[0] == "linkymonitor", f"no test knows how to run {line}"
    # One stream, as on a terminal; the notes of the program's log belong to journald.
    with redirect_stdout(io.StringIO()) as shown, redirect_stderr(shown):
        status = cli.main(words[1:])
    assert status == 0, f"{line}: {shown.getvalue()}"
    return "".join(
        row
        for row in shown.getvalue().splitlines(True)
        if not row.startswith(("INFO ", "ATTENTION ", "WARNING "))
    )


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder to type in, with nothing of this machine in the way, and a house with a past of two days."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("linkymonitor.commands.trial_house.PAST", 2)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr("linkymonitor.settings.SYSTEM_PATH", tmp_path / "no.ini")
    for variable in ("LC_ALL", "LC_MESSAGES", "RUNTIME_DIRECTORY"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.mark.parametrize("lang", READMES)
def test_the_examples_of_the_readme_show_what_it_says(lang, home, monkeypatch):
    monkeypatch.setenv("LANG", f"{lang}_FR.UTF-8")
    for block in blocks(READMES[lang]):
        if block.kind == "console":
            play(block, said)


def test_the_library_is_used_as_the_readme_says(home, monkeypatch):
    """With a simulated meter in place of the port, and its house in place of the reader's."""
    examples = {next(b.text for b in blocks(page) if b.kind == "python") for page in READMES.values()}
    (example,) = examples
    simulated = example.replace("/dev/ttyUSB0", "sim:hc,day=2026-01-13,at=08:00,duration=10s,speed=max")
    assert simulated != example
    with redirect_stdout(io.StringIO()) as shown:
        exec(compile(simulated, "README.md", "exec"), {})
    rows = shown.getvalue().splitlines()
    assert len(rows) >= 5
    assert all(re.fullmatch(r"2026-01-13 07:00:\d\d\S*\+00:00 H[CP]\.\. \d+", row) for row in rows), rows


def test_the_cron_line_names_a_command_that_exists():
    lines = re.findall(
        r"^\d+ \d+ \* \* \* .* linkymonitor (\w+.*)", (ROOT / "docs/pi.md").read_text("utf-8"), re.MULTILINE
    )
    assert lines
    for line in lines:
        understand(shlex.split(line))


def test_the_pages_agree_with_the_settings_on_what_a_sync_costs():
    """The bytes that reach the card for a byte of log: at a minute, which is the default, and at five."""
    assert LogSettings().sync_every == timedelta(minutes=1)
    pages = [*READMES.values(), ROOT / "docs/architecture.md", ROOT / "docs/adr/0003-gathered-log.md"]
    for page in pages:
        text = page.read_text("utf-8").replace(",", ".")
        assert re.search(r"\b16\.2\b.*\b6\.2\b", text, re.DOTALL), name(page)


def test_pictures_are_light():
    pictures = list((ROOT / "docs/images").glob("*.png"))
    assert pictures
    assert all(picture.stat().st_size < 150_000 for picture in pictures)


def test_the_picture_of_the_display_is_what_its_code_draws():
    draw_oled = program("images/draw_oled.py")
    for lang, file in (("en", "oled.png"), ("fr", "oled.fr.png")):
        drawn = draw_oled.sheet(lang).convert("RGB")
        with Image.open(ROOT / "docs/images" / file) as kept:
            same = kept.convert("RGB").tobytes() == drawn.tobytes()
        assert same, "the display has changed: run python docs/images/draw_oled.py, and look at the pictures"


def test_the_lines_of_the_log_in_formats_are_read():
    """Each example of a log line is one that the reader of the log believes."""
    from linkymonitor.daily_log.reader import LineReader
    from linkymonitor.daily_log.statements import SERIES, parse_grid

    lines = [
        line
        for block in blocks(ROOT / "docs/formats.md")
        for line in block.text.splitlines()
        if re.match(r"\d{4}/", line)
    ]
    *lines, held, counted = lines
    assert len(lines) == 6
    assert held.split("\t")[1:] == [
        "cross",
        write_group(InfoGroup("PAPP", "29990"), Mode.HISTORIQUE)[1:-1].decode(),
    ]
    absurd = write_group(InfoGroup("SINSTS1", "48370"), Mode.STANDARD)[1:-1].decode()
    assert counted.split("\t")[1:] == ["domain", absurd.replace("\t", " "), "+2571"]
    for line in lines:
        entry = LineReader().parse(line.encode())
        assert entry is not None, line
        told = parse_grid(entry.text) or entry.text.startswith((SERIES, "Horloge : l'heure recule"))
        assert entry.record or entry.contract or told, line


def test_every_cause_of_the_quarantine_is_in_formats():
    text = (ROOT / "docs/formats.md").read_text("utf-8")
    table = text[text.index("| cause | the group |") : text.index("## `latest.json`")]
    told = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))
    assert told == [DOMAIN, CROSS, INDEX, UNCONFIRMED, ORDER, METER, CONTRACT]


def test_the_json_of_formats_is_json():
    examples = [block.text for block in blocks(ROOT / "docs/formats.md") if block.kind == "json"]
    assert examples
    assert all(isinstance(json.loads(example), dict) for example in examples)


def test_nobody_s_meter_is_in_the_documentation():
    """Twelve digits that may be a meter and fourteen that may be a delivery point, but for the two of the examples."""
    for page in PAGES:
        for number in re.findall(r"\b\d{12}\b|\b\d{14}\b", page.read_text("utf-8")):
            assert number in ("012345678901", "12345678901234"), f"{name(page)}: {number}"
