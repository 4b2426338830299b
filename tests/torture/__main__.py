"""The whole campaign against wrong figures, as a table: ``python -m tests.torture``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing import Pool

from linkymonitor.model.terms import Mode
from tests.support.campaign import FORGERY, begin, clean_specs, corrupt, forge, listen
from tests.support.noise import MODELS
from tests.support.oracle import Tally
from tests.support.tally import tally as keep

#: The counts of the short form and of the full form.
SHORT = {"lines": 20_000, "forged": 4_000, "clean": 20_000, "beginnings": 2_000}
LONG = {"lines": 2_050_000, "forged": 52_000, "clean": 1_020_000, "beginnings": 136_000}

Job = tuple[str, str, str, bool, int]


def work(job: Job) -> tuple[Job, Tally]:
    """Do one part of the campaign."""
    kind, mode, name, with_parity, count = job
    if kind == "noise":
        return job, corrupt(Mode(mode), name, with_parity, count)
    if kind == "forgery":
        return job, forge(Mode(mode), count, seed=int(name))
    if kind == "beginning":
        return job, begin(Mode(mode), name, with_parity, count)
    tally = Tally()
    listen(name, count, tally)
    return job, tally


def jobs(lines: int, forged: int, clean: int, beginnings: int) -> list[Job]:
    """Return the parts of a campaign of so many corrupted lines, forged lines, clean frames and bad beginnings."""
    modes = [mode.value for mode in Mode]
    kinds = [
        (mode, model, with_parity) for mode in modes for model in MODELS for with_parity in (True, False)
    ]
    specs = clean_specs()
    found: list[Job] = [("noise", *kind, -(-lines // len(kinds))) for kind in kinds]
    found += [("forgery", mode, str(seed), True, -(-forged // 8)) for mode in modes for seed in range(4)]
    found += [("clean", "", spec, True, -(-clean // len(specs))) for spec in specs]
    kinds += [(mode, FORGERY, True) for mode in modes]
    found += [("beginning", *kind, -(-beginnings // len(kinds))) for kind in kinds]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign, print its table and return 1 if a wrong value was accepted."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a hundredth of it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    for name, size in LONG.items():
        parser.add_argument(f"--{name}", type=int, help=f"instead of {size}")
    options = parser.parse_args(arguments)
    sizes = {name: getattr(options, name) or (SHORT if options.short else LONG)[name] for name in LONG}
    began = time.monotonic()
    total: dict[str, Tally] = {}
    rows: dict[tuple[str, str], dict[tuple[str, bool], Tally]] = {}
    with Pool(options.jobs) as pool:
        for (kind, mode, name, with_parity, _), tally in pool.imap_unordered(work, jobs(**sizes)):
            total[kind] = total.get(kind, Tally()) + tally
            if kind == "noise":
                rows.setdefault((kind, name), {})[mode, with_parity] = tally
    print("| noise | lines hurt | decoded | held | wrong values believed |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for (_, name), tallies in sorted(rows.items(), key=lambda row: list(MODELS).index(row[0][1])):
        all_of = sum(tallies.values(), Tally())
        print(f"| {name} | {all_of.hurt} | {all_of.decoded} | {sum(all_of.held.values())} | {all_of.wrong} |")
    noise, forgery, clean, begun = (total[kind] for kind in ("noise", "forgery", "clean", "beginning"))
    print(f"\nheld from forged lines, by cause: {dict(forgery.held.most_common())}")
    print(f"{time.monotonic() - began:.0f} s on {options.jobs} processes")
    keep(
        "corrupted lines",
        noise.hurt,
        wrong=noise.wrong,
        note=f"{len(MODELS)} models, two modes, with and without parity; {noise.decoded:,} decoded all the same",
    )
    keep("forged lines whose checksum is right", forgery.hurt, wrong=forgery.wrong)
    keep("clean frames", clean.frames, wrong=clean.wrong, note="wrong: any group of them held")
    keep(
        "starts, and ends of silences, on a corrupted or forged line",
        begun.hurt,
        wrong=begun.wrong,
        note="in one of the first three frames",
    )
    wrong = noise.wrong + forgery.wrong + clean.wrong + begun.wrong
    for tally in total.values():
        for example in tally.examples:
            print(example, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
