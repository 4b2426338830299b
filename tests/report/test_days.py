"""Days one after another as figures: JSON, and midnights inside a silence."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from linkymonitor.report.range import as_json
from linkymonitor.report.words import Words
from linkymonitor.system.storage import Storage
from tests.report.drawn import DAY, PRICES, build, ejp_day
from tests.report.house import PARIS, flat, local, records, write_log
from tests.support.figures import days


def test_figures_do_not_need_jinja(tmp_path):
    import subprocess
    import sys

    code = "import sys; from linkymonitor.report import days; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_json_comes_from_the_same_figures(tmp_path):
    rows = ejp_day(step=12)
    page = build(tmp_path, rows)["2026-01-13.html"]
    found = as_json(
        tmp_path / "logs",
        (DAY, DAY),
        tz=PARIS,
        prices=PRICES,
        now=local(DAY + timedelta(days=3)),
        storage=Storage(),
    )
    assert json.loads(json.dumps(found)) == found
    words = Words("fr", PARIS)
    assert words.kwh(found["consumed"]["wh"]) in page
    assert words.eur(Decimal(found["total"]["eur"])) in page
    assert found["quality"]["coverage"] == 1.0


def test_a_midnight_inside_a_silence_looks_further_for_its_index(tmp_path):
    silent = [(local(DAY) - timedelta(hours=3), local(DAY, 3))]
    rows = records(
        local(DAY) - timedelta(days=1), local(DAY + timedelta(days=1), 1), power=flat(1000), silent=silent
    )
    write_log(tmp_path / "logs", rows)
    (day,) = days(
        tmp_path / "logs",
        (DAY, DAY),
        tz=PARIS,
        prices=PRICES,
        now=local(DAY + timedelta(days=3)),
        storage=Storage(),
    )
    assert abs(day.consumed - 24000) <= 6
    (gap,) = day.quality.gaps
    assert gap.shared
    assert abs(gap.wh - 3000) <= 9
