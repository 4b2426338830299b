"""Every reader against the kept corpus and random inputs; ``python -m tests.fuzz`` tries more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS
from tests.support.extent import extent

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus"
#: The slowest targets get fewer inputs: one call may take milliseconds.
SHORT = {
    "decoder": 200,
    "log": 200,
    "state": 150,
    "ini": 200,
    "sim": 150,
    "record": 200,
    "salt": 200,
    "report": 40,
    "request": 300,
}

each_target = pytest.mark.parametrize("name", list(TARGETS))


def kept(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


@each_target
def test_the_kept_inputs_pass(name):
    assert kept(name)
    for data in kept(name):
        TARGETS[name](data)


def mutations(name: str) -> st.SearchStrategy[bytes]:
    """Random bytes, and kept inputs with pieces removed, added, doubled, changed or swapped."""
    seeds = st.sampled_from(kept(name))
    edit = st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=40))

    def edited(seed: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
        for share, length, put in edits:
            at = int(share * len(seed))
            seed = seed[:at] + put + seed[at + length :]
        return seed[:4096]

    def crossed(one: bytes, other: bytes, share: float) -> bytes:
        return (one[: int(share * len(one))] + other[int(share * len(other)) :])[:4096]

    return st.one_of(
        st.builds(edited, seeds, st.lists(edit, min_size=1, max_size=6)),
        st.builds(crossed, seeds, seeds, st.floats(0, 1)),
        st.binary(max_size=400),
    )


@pytest.mark.campaign
@each_target
def test_made_up_inputs_pass(name):
    @settings(
        max_examples=extent(SHORT[name], 2000),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(mutations(name))
    def passes(data: bytes) -> None:
        TARGETS[name](data)

    passes()


@pytest.mark.campaign
@each_target
def test_atheris_finds_nothing_in_a_while(name):
    """A short ``python -m tests.fuzz``: guided by coverage, it goes further than random inputs."""
    pytest.importorskip("atheris", reason="atheris is not installed: pip install 'linkymonitor[fuzz]'")
    runs = extent(300, 20_000)
    process = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", name, f"-runs={runs}", "-artifact_prefix=/tmp/"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr[-3000:]
