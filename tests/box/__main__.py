"""``make box``: installs, lives and removes in booted roots of Debian, and prints what was seen of each step.

The roots are made once (root rights, 3 GB, 10 minutes, most of it for the emulated ARM); a run, about 15 minutes.
The exit status is 1 when a step is not as it has to be. ``--only WORD`` runs the boxes that have WORD in their name;
``-o FILE`` also writes the table to FILE.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.box import arm, release, ways
from tests.box.roots import ARMEL, BOOKWORM, ROOT, TRIXIE, Kind, ready, run_arm_programs
from tests.box.stand import Box, booted, copy_checkout, layer, meter, room_for_layers
from tests.box.table import Table
from tests.support.namespaces import run_apart

#: Name of the way → what is done in the box.
WAYS: dict[str, Callable[[Box, Table, str], None]] = {
    "deb": ways.package,
    "clone": ways.clone,
    "by hand, deb": ways.by_hand_to_package,
    "by hand, clone": ways.by_hand_to_clone,
}


def main(words: list[str]) -> int:
    """Run the boxes; return the exit status."""
    parser = argparse.ArgumentParser(prog="make box")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(words)
    if os.geteuid():
        print("*** this needs root, for roots of Debian: sudo make box", file=sys.stderr)
        return 1
    return run_apart(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Run the boxes that the *options* name, two at a time; return the exit status."""
    room_for_layers()
    began = time.monotonic()
    table = Table()
    with tempfile.TemporaryDirectory() as name:
        files = built(Path(name))
        threads = [
            threading.Thread(target=several, args=(one, options, files, table), daemon=True)
            for one in ((BOOKWORM,), (TRIXIE, ARMEL))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    order = [f"{kind.name}, {way}" for kind in (BOOKWORM, TRIXIE) for way in WAYS] + [arm.NAME, arm.BOOTED]
    text = table.markdown(order)
    minutes = (time.monotonic() - began) / 60
    end = f"{len(table.rows)} steps, {len(table.faults)} faults, {minutes:.0f} minutes, {datetime.now(UTC):%Y-%m-%d}"
    print(f"\n{text}\n\n{end}")
    if options.output:
        options.output.write_text(f"{text}\n\n{end}\n")
    return 1 if table.faults or not table.rows else 0


def built(folder: Path) -> dict[str, Path]:
    """Build the package, and the wheel of version 0.1.0, into *folder*; return path inside the boxes → file."""
    build = [sys.executable, "packaging/build_deb.py", str(folder)]
    subprocess.run(build, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    (deb,) = folder.glob("*.deb")
    wheels = {ways.WHEEL: release.build_wheel(folder)} if release.is_there() else {}
    return {ways.DEB: deb, **wheels}


def several(
    kinds: tuple[Kind, ...], options: argparse.Namespace, files: dict[str, Path], table: Table
) -> None:
    """Run all boxes of *kinds*, one after the other."""
    for kind in kinds:
        boxes = {f"{kind.name}, {way}": live for way, live in WAYS.items()}
        for name, live in ({arm.NAME: None, arm.BOOTED: None} if kind is ARMEL else boxes).items():
            if options.only not in name:
                continue
            try:
                one(kind, name, live, options.folder, files, table)
            except (Exception, SystemExit):
                table.add(name, "the run of this box", traceback.format_exc(limit=-4), False)


def one(
    kind: Kind,
    name: str,
    live: Callable[[Box, Table, str], None] | None,
    folder: Path,
    files: dict[str, Path],
    table: Table,
) -> None:
    """Run one box; *live* is None for those of the emulated ARM."""
    if kind is ARMEL:
        run_arm_programs()
    root = ready(folder, kind)
    with meter("--contract", "ejp") as port, layer(root, name.replace(", ", "-").replace(" ", "-")) as top:
        for inside, file in files.items():
            shutil.copy(file, top / inside[1:])
        if name == arm.NAME:
            arm.live(top, port, table)
            return
        if live is None:
            with booted(top, port, arm=True) as box:
                arm.live_booted(box, table)
            return
        copy_checkout(top)
        with booted(top, port) as box:
            live(box, table, name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
