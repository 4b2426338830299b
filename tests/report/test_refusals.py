"""Why groups were refused, as the page says it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from linkymonitor.meter.acceptance.frame import Held
from linkymonitor.meter.quarantine import Quarantine
from linkymonitor.meter.quarantine_file import FILE_NAME, KEPT
from linkymonitor.system.storage import Storage
from tests.report.drawn import DAY, HOSTILE, build, ejp_day, text_of
from tests.report.house import local, write_log


def write_quarantine(folder: Path, *held: tuple[int, str]) -> None:
    """Hold back a group at each of these minutes of the day, for these causes, as the daemon does.

    Each has a label of its own, so that each has its line.
    """
    folder.mkdir(exist_ok=True)
    quarantine = Quarantine(Storage(), folder)
    for number, (minute, cause) in enumerate(held):
        group = Held(b"PAPP 29990 >", f"PAPP{number}", "29990", cause)
        quarantine.hold([group], local(DAY) + timedelta(minutes=minute), 0.0)
    quarantine.close()


def refused_rows(tmp_path, *held: tuple[int, str], rejected: int = 12, **options) -> str:
    write_log(
        tmp_path / "logs",
        [row._replace(rejected=rejected * (at == 2000)) for at, row in enumerate(ejp_day())],
    )
    if held:
        write_quarantine(tmp_path / "logs", *held)
    return text_of(build(tmp_path, [], **options)[f"{DAY}.html"])


def test_the_page_says_why_groups_were_refused(tmp_path):
    held = [(600, "cross"), (601, "cross"), (700, "index"), (800, "domain"), (900, "order"), (-30, "order")]
    page = refused_rows(tmp_path, *held)
    assert (
        "Groupes refusés 12 illisibles : somme, parité ou forme 7 en désaccord avec leur trame 2 "
        "de valeur impossible 1 index en recul, ou en bond 1 autres causes 1 Trous"
    ) in page


def test_in_english_too(tmp_path):
    page = refused_rows(tmp_path, (600, "cross"), lang="en")
    assert (
        "Groups rejected 12 unreadable: checksum, parity or shape 11 at odds with their frame 1 Gaps" in page
    )


def test_groups_that_are_only_counted_are_counted_on_the_page(tmp_path):
    (tmp_path / "logs").mkdir()
    quarantine = Quarantine(Storage(), tmp_path / "logs")
    for second in range(7000):
        absurd = Held(b"SINSTS1\t48370\tM", "SINSTS1", "48370", "domain")
        quarantine.hold([absurd], local(DAY) + timedelta(hours=9, seconds=second), float(second))
    quarantine.close()
    assert "7 000 de valeur impossible" in refused_rows(tmp_path, rejected=7000).replace(
        "7000 de", "7 000 de"
    )


def test_what_the_quarantine_has_forgotten_is_not_called_unreadable(tmp_path):
    page = refused_rows(tmp_path, *((800, "cross") for _ in range(KEPT)), rejected=KEPT + 7)
    assert "illisibles, ou cause non gardée 7 en désaccord avec leur trame 500" in page


@pytest.mark.parametrize("at", [0, 7, KEPT - 1])
def test_one_line_with_a_wrong_date_does_not_make_the_quarantine_remember_more(tmp_path, at):
    minutes = [800] * (KEPT + 20)
    minutes[20 + at] = -2_000_000
    page = refused_rows(tmp_path, *((minute, "cross") for minute in minutes), rejected=KEPT + 7)
    assert "illisibles, ou cause non gardée 8 en désaccord avec leur trame 499" in page


def test_without_a_quarantine_the_page_gives_the_number_alone(tmp_path):
    assert "Groupes refusés 12 Trous" in refused_rows(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b"\xff\x00\t\t\n" * 50, id="garbage"),
        pytest.param(b"2026/13/45 99:00:00\tcross\tPAPP\n", id="no-such-time"),
        pytest.param(b"2026/01/13 12:00:00\t" + HOSTILE.encode() + b"\tPAPP\n", id="hostile"),
    ],
)
def test_a_damaged_quarantine_costs_the_lines_that_are(tmp_path, damage):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / FILE_NAME).write_bytes(damage)
    page = refused_rows(tmp_path)
    assert "Groupes refusés 12" in page
    assert "onerror" not in page
