"""Fuzzes one target with atheris: ``python -m tests.fuzz TARGET -runs=200000``; without a target, lists the targets."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def main(words: list[str]) -> int:
    """Run libFuzzer on one target; its options follow the name of the target."""
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: pip install 'linkymonitor[fuzz]'", file=sys.stderr)
        return 2
    with atheris.instrument_imports(include=["linkymonitor"]):
        from tests.fuzz.targets import TARGETS
    if not words or words[0] not in TARGETS:
        print(
            f"python -m tests.fuzz TARGET [libFuzzer options]; TARGET is one of {', '.join(TARGETS)}",
            file=sys.stderr,
        )
        return 2
    name, *options = words
    # libFuzzer writes new inputs into the first folder, which must not be the committed one.
    folders = [word for word in options if not word.startswith("-")] or [
        tempfile.mkdtemp(prefix="fuzz-found-")
    ]
    options = [word for word in options if word.startswith("-")]
    # Short inputs are tried ten times as often, and a frame of a few groups is as good as a long one.
    defaults = ["-timeout=10", "-rss_limit_mb=512", f"-max_len={400 if name in ('decoder', 'ini') else 2048}"]
    atheris.Setup([sys.argv[0], *defaults, *options, *folders, str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
