"""Bills whose first or last midnight is no easy one: between two readings, the first of the log, of a day cut short."""

from __future__ import annotations

from tests.billing.house import billed, rows, run_bill

BASE_6 = "[contract]\noffer = tarif-bleu-base\npower = 6\n"


def test_an_index_between_two_readings_is_named_with_its_day_and_how_exact_it_is(tmp_path, capsys):
    """Records are of 23:50 and 00:20, 20 days at 1200 Wh a half hour: 0:00 is exact to 600 Wh."""
    known = [("2026-04-09T23:50", {"TH": 61_000_000}), ("2026-04-30T00:20", {"TH": 62_155_200 - 600 + 1800})]
    log = rows(known, subscribed_power=6000)
    _, out, _ = run_bill(tmp_path, capsys, log, BASE_6, "2026-04-10", "2026-04-29")
    assert "  index of 10 April 2026 at 00:00 estimated between two readings\n" in out
    assert "  index of 30 April 2026 at 00:00 estimated between two readings\n" in out
    step = (log[1].indexes["TH"] - log[0].indexes["TH"] + 1) // 2
    assert (
        f"indexes of 10 April 2026 at 00:00 estimated between the readings of 23:50 and 00:20: TH ± {step} Wh"
        in out
    )


def test_an_index_read_at_midnight_is_not_called_estimated(tmp_path, capsys):
    log = rows(
        [("2026-04-10", {"TH": 61_000_000}), ("2026-04-30", {"TH": 61_300_000})], subscribed_power=6000
    )
    figures = billed(tmp_path, capsys, log, BASE_6, "2026-04-10", "2026-04-29")
    assert not any("estimated" in warning for warning in figures["warnings"])
    assert not any(line.get("estimated") for line in figures["lines"])
