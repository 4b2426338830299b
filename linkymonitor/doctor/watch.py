"""Watches the line while somebody turns the screw of R2: one line, drawn anew each second."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from linkymonitor.doctor import hearing
from linkymonitor.doctor.signal import Meaning, Quality, judge
from linkymonitor.doctor.world import Patience
from linkymonitor.language import Text
from linkymonitor.source.base import Source
from linkymonitor.system.clock import Clock
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.privacy import mask_group

#: The seconds of the line that are judged: three frames of the slowest kind.
_SECONDS = 6
#: The last groups that are shown, and the longest line.
_SHOWN, _WIDTH = 3, 79
#: Seconds without a valid group after which the speed is looked for again.
_LOST = 6
_SHORT = {
    Meaning.CLEAN: Text("bonne", "good"),
    Meaning.ORDINARY: Text("bonne", "good"),
    Meaning.SLOW_RISE: Text("baissez R2", "lower R2"),
    Meaning.WEAK_PULL: Text("montez R2", "raise R2"),
    Meaning.PARITY_BIT: Text("bit de parité faux", "wrong parity bit"),
    Meaning.INTERFERENCE: Text("parasites", "interference"),
    Meaning.UNCLEAR: Text("à suivre", "keep watching"),
    Meaning.LOST: Text("caractères perdus", "characters lost"),
}


def lines(source: Source, clock: Clock, patience: Patience, goes_on: Callable[[], bool]) -> Iterator[Text]:
    """Yield a line for each second in which *source* is heard, while *goes_on* returns True."""
    quick = patience._replace(line=0.0)
    while goes_on():
        heard = hearing.listen(source, clock, quick)
        if heard.mode is None or heard.speed is None:
            counts = ", ".join(f"{speed}: {len(raw)}" for speed, raw in heard.tried.items())
            yield Text(
                f"aucun groupe valide (octets par vitesse : {counts})",
                f"no valid group (bytes at each speed: {counts})",
            )
            continue
        seconds, silent = [heard.raw], 0
        for raw in hearing.blocks(source, clock, 1.0, goes_on):
            seconds = [*seconds, raw][-_SECONDS:]
            received = b"".join(seconds)
            quality = judge(received, heard.mode)
            groups = [group for frame in FrameDecoder(heard.mode).feed(received) for group in frame.groups]
            silent = 0 if raw and quality.groups else silent + 1
            if silent >= _LOST:
                break
            last = "  ".join(
                f"{group.label} {mask_group(group.label, group.data)}" for group in groups[-_SHOWN:]
            )
            yield _line(heard.speed, quality, last)


def _line(speed: int, quality: Quality, last: str) -> Text:
    share = f"{quality.share * 100:.1f}"
    bits = f"1→0 {sum(quality.down)} 0→1 {sum(quality.up)}"
    french = f"{speed} bauds  {share.replace('.', ',')}\u00a0%  {bits}  {_SHORT[quality.meaning].fr}  {last}"
    english = f"{speed} baud  {share}%  {bits}  {_SHORT[quality.meaning].en}  {last}"
    return Text(french[:_WIDTH], english[:_WIDTH])
