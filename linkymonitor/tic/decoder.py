"""Cuts the byte stream of a meter into frames and checks every group."""

# Strategy
#
# - The stream has no end, and a meter does not repeat a frame. So nothing here raises on bad bytes. A group that
#   fails is set aside in Frame.rejected with its cause. A frame that is cut short comes out with
#   complete=False and keeps its good groups. The next STX starts afresh.
# - Bytes are searched and split by functions written in C, never by a loop in Python, which would cost a Pi Zero
#   too much. Nine groups in ten repeat the frame before, so the result of a check is remembered by the group's bytes.
# - STX, ETX and EOT delimit wherever they stand, LF and CR both end a group (docs/protocol.md):
#   what damages one delimiter costs one group.
# - Parity is judged for a whole stretch between two delimiters, so the place where the stream is cut into chunks
#   makes no difference. Inverted parity is judged for a whole stretch, too: a single wrong bit never inverts it.
# - Some adapters damage every STX or every ETX. With unframed=True a frame with one damaged border counts as
#   complete. Without its STX: it stands between two ETX, begins with the meter's address and has no label twice.
#   Without its ETX: a damaged byte stands in the place of the ETX, before the next STX, and the labels are those of
#   the frame before.
# - feed() returns a list, not a generator: a caller that stopped half-way through a generator would
#   leave the decoder half-way through its buffer.

from __future__ import annotations

import re
from zlib import adler32

from linkymonitor.model.terms import Mode
from linkymonitor.tic import parity
from linkymonitor.tic.frame import BORDER, Frame, InfoGroup, Rejected
from linkymonitor.tic.labels import BY_MODE, DIGITS

_STX, _ETX = 0x02, 0x03
# The stream comes with its parity bits, so each delimiter has two forms.
_NOT_DELIMITERS = bytes(byte for byte in range(256) if byte & 0x7F not in (0x02, 0x03, 0x04))
_LINE_END = re.compile(rb"[\n\r\x8a\x8d]+")
# Noise may turn the LF that opens a group into one of these; the group itself is still whole.
_CONTROLS = bytes(byte for byte in range(0x20) if byte != 0x09)
_OF_LABELS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-")

#: Bytes that are kept of a stretch without STX, ETX or EOT: five times the longest frame.
LONGEST = 8192
#: How many groups are remembered, and how many bytes of a rejected group are kept.
_REMEMBERED = 1024
_RAW_KEPT = 160


class FrameDecoder:
    """Turns the bytes of one meter into frames.

    Args:
        mode: the mode, which decides the separator and the bytes that the checksum covers.
        unframed: count a frame with one damaged border as complete.
    """

    __slots__ = (
        "_after_etx",
        "_checked",
        "_in_frame",
        "_labels",
        "_lookup",
        "_mid_line",
        "_pending",
        "_takes_unframed",
        "inverted",
        "mode",
        "parity",
        "unframed",
    )

    def __init__(self, mode: Mode, *, unframed: bool = False) -> None:
        self.mode = mode
        self._takes_unframed = unframed
        #: How many frames with a damaged border were counted as complete.
        self.unframed = 0
        #: True when the source has odd parity where the TIC has even (7O1 for 7E1).
        self.inverted = False
        #: True when the characters carry their parity bit, False when it is stripped, None when not yet known.
        self.parity: bool | None = None
        self._checked = _Checked(mode)
        self._lookup = self._checked.__getitem__
        self._pending = b""
        self._in_frame = self._after_etx = False
        self._labels: list[str] = []
        # Reading may start in the middle of a group: the rest of that group is no damaged group.
        self._mid_line = True

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return the frames that end in *chunk*, oldest first; a chunk has any size and is cut anywhere."""
        frames: list[Frame] = []
        # Only the new bytes are searched: a chunk may be as short as one group, or one byte.
        delimiters = chunk.translate(None, _NOT_DELIMITERS)
        searched = len(self._pending)
        data = self._pending + chunk
        start = 0
        for delimiter in delimiters:
            end = data.index(delimiter, searched)
            stretch = data[start:end]
            if len(stretch) > LONGEST:
                stretch = self._bounded(stretch, frames)
            starts, ends = delimiter & 0x7F == _STX, delimiter & 0x7F == _ETX
            if stretch:
                emitted = len(frames)
                self._emit(stretch, ends and self._in_frame, frames)
                if self._takes_unframed and emitted < len(frames) and not frames[-1].complete:
                    frames[-1] = self._unframed(frames[-1], stretch, starts=starts, ends=ends)
            self._in_frame, self._after_etx = starts, ends
            self._mid_line = False
            start = searched = end + 1
        self._pending = self._bounded(data[start:], frames)
        return frames

    def close(self) -> list[Frame]:
        """End the stream; return at most one frame: the incomplete one at the end, without its last, cut group."""
        frames: list[Frame] = []
        ends = list(_LINE_END.finditer(self._pending))
        whole, self._pending = self._pending[: ends[-1].end()] if ends else b"", b""
        self._emit(whole, False, frames)
        self._in_frame, self._after_etx, self._mid_line = False, False, True
        return frames

    def _unframed(self, frame: Frame, stretch: bytes, *, starts: bool, ends: bool) -> Frame:
        """Return *frame* as complete if only one of its borders is damaged, else unchanged.

        Args:
            frame: an incomplete frame.
            stretch: its bytes.
            starts: True when an STX follows *stretch*.
            ends: True when an ETX follows *stretch*.
        """
        labels = [group.label for group in frame.groups]
        before, self._labels = self._labels, labels
        lost_start = ends and self._after_etx
        lost_end = starts and self._in_frame and _LEFT_OF_ETX.search(stretch) and labels == before
        first = next((label for label in labels if not label.startswith("ADIR")), "")
        if not (lost_start or lost_end) or first not in _FIRST or len(set(labels)) < len(labels):
            return frame
        self.unframed += 1
        # The rest of the damaged border was rejected as if it were a group.
        border = "" if lost_start else labels[-1]
        rejected = tuple(
            group
            for group in frame.rejected
            if group.after != border or len(group.raw.strip(_LF_DAMAGED)) > _LEFT
        )
        # In an overload a three-phase meter sends ADIR before its address (NOI-CPT_02E §2.5.2). The noise at the
        # border may have destroyed that group, and its absence would end the overload.
        if lost_start and "IINST1" in labels:
            rejected += (Rejected(b"", BORDER, ""),)
        return frame._replace(rejected=rejected, complete=True)

    def _bounded(self, stretch: bytes, frames: list[Frame]) -> bytes:
        """Return the end of *stretch*, at most LONGEST bytes; add what stands before it to *frames* as cut frames."""
        while len(stretch) > LONGEST:
            block = stretch[:LONGEST]
            ends = list(_LINE_END.finditer(block))
            if ends:
                cut = ends[-1].end()
                self._emit(block[:cut], False, frames)
                self._mid_line = False
            else:
                cut = LONGEST
                if not self._mid_line:
                    frames.append(Frame((), (Rejected(block[:_RAW_KEPT], "shape"),), False, self.parity))
                self._mid_line = True
            self._in_frame = self._after_etx = False
            stretch = stretch[cut:]
        return stretch

    def _emit(self, stretch: bytes, complete: bool, frames: list[Frame]) -> None:
        if self._mid_line:
            end = _LINE_END.search(stretch)
            stretch = stretch[end.end() :] if end else b""
        if self.inverted:
            self.inverted = not stretch.isascii() or len(stretch) < parity.ENOUGH
            stretch = parity.invert(stretch) if self.inverted else stretch
        sound = self._sound(stretch)
        if sound is None and parity.is_inverted(stretch):
            self.inverted = not self.inverted
            stretch = parity.invert(stretch)
            sound = self._sound(stretch)
        if sound is None:
            self._emit_damaged(stretch, complete, frames)
            return
        groups = tuple(map(self._lookup, filter(None, sound.splitlines())))
        if self._checked.refused:
            self._append(groups, complete, frames)
        elif groups:
            frames.append(Frame(groups, (), complete, self.parity))  # type: ignore[arg-type]

    def _sound(self, stretch: bytes) -> bytes | None:
        """Return *stretch* in 7 bits, or None when a character is wrong; set self.parity."""
        ascii_only = stretch.isascii()
        # While every character has the right parity, self.parity need not be counted again.
        if self.parity and not ascii_only and (sound := parity.strip_checked(stretch)) is not None:
            return sound
        if len(stretch) >= parity.ENOUGH:
            self.parity = not ascii_only and parity.carries_parity(stretch)
        # A first frame may be too short for that count; but if all of its characters are even, it carries parity.
        if self.parity or (self.parity is None and not ascii_only):
            return parity.strip_checked(stretch)
        return stretch if ascii_only else None

    def _emit_damaged(self, stretch: bytes, complete: bool, frames: list[Frame]) -> None:
        """Add the frame of a stretch with wrong characters: each wrong character costs its group."""
        results: list[InfoGroup | Rejected] = []
        for raw in filter(None, _LINE_END.split(stretch)):
            if self.parity and parity.odd(raw.lstrip(_LF_DAMAGED)):
                results.append(Rejected(raw[:_RAW_KEPT], "parity"))
            elif not self.parity and not raw.isascii():
                results.append(Rejected(raw[:_RAW_KEPT], "characters"))
            else:
                results.append(self._checked[parity.strip(raw)])
        self._append(tuple(results), complete, frames)

    def _append(self, results: tuple[InfoGroup | Rejected, ...], complete: bool, frames: list[Frame]) -> None:
        self._checked.refused = False
        groups: list[InfoGroup] = []
        rejected: list[Rejected] = []
        after = ""
        for result in results:
            if isinstance(result, InfoGroup):
                groups.append(result)
                after = result.label
            else:
                rejected.append(result._replace(after=after))
        if results:
            frames.append(Frame(tuple(groups), tuple(rejected), complete, self.parity))


#: The first label of a frame; only ADIR may stand before it, in an overload (NOI-CPT_02E table 5).
_FIRST = frozenset({"ADCO", "ADSC"})
#: Characters at most in the place of a damaged border: the border itself, and one more that noise added.
_LEFT = 2
_LEFT_OF_ETX = re.compile(rb"[\n\r\x8a\x8d][^\n\r\x8a\x8d]{1,2}\Z")
_LF_DAMAGED = bytes(byte | high for byte in _CONTROLS for high in (0, 0x80))


_new_tuple = tuple.__new__

#: Name and length for a label whose data are no fixed number of digits: no line has this length.
_NO_FIGURE = ("", -1)


class _Checked(dict[bytes, "InfoGroup | Rejected"]):
    """Group in 7-bit bytes → the result of its check, which runs when the group comes for the first time."""

    __slots__ = (
        "_beyond",
        "_figures_get",
        "_labels",
        "_mode",
        "_outside",
        "_separator",
        "_separator_byte",
        "_separator_code",
        "refused",
    )

    def __init__(self, mode: Mode) -> None:
        super().__init__()
        self.refused = False
        self._mode = mode
        self._separator_byte, self._separator_code = mode.separator, mode.separator[0]
        self._separator = mode.separator.decode()
        self._labels = BY_MODE[mode]
        # NOI-CPT_02E §1.5.3.2: in historique the sum does not include the last separator.
        self._outside = 0 if mode is Mode.STANDARD else 0x20
        self._beyond = self._outside + 1
        #: Label in bytes → its name, and the length of what follows it: data, separator, check character.
        self._figures_get = {
            name.encode(): (name, row.width + 2)
            for name, row in self._labels.items()
            if row.pattern is DIGITS and not row.stamped and isinstance(row.width, int)
        }.get

    def __missing__(self, line: bytes) -> InfoGroup | Rejected:
        result: InfoGroup | Rejected | None = self._figure(line)
        if result is None:
            result = self._check(line)
            if isinstance(result, Rejected):
                # A damaged group seldom comes twice, and would take the place of a group that does.
                self.refused = True
                return result
        if len(self) >= _REMEMBERED:
            self.clear()
        self[line] = result
        return result

    def _figure(self, line: bytes) -> InfoGroup | None:
        """Return the group of *line* if its data are a fixed number of digits and it is sound, else None.

        Nearly all groups that change from frame to frame are of this kind. On None the caller asks _check().
        """
        label, _, rest = line.partition(self._separator_byte)
        name, length = self._figures_get(label, _NO_FIGURE)
        if len(rest) != length or rest[-2] != self._separator_code:
            return None
        data = rest[:-2]
        check = line[-1]
        # The low half of Adler-32 is the sum of the bytes plus one, faster than sum().
        if not data.isdigit() or (adler32(line) - check - self._beyond & 0x3F) + 0x20 != check:
            return None
        # The same as InfoGroup(...), at half of the cost of this function.
        return _new_tuple(InfoGroup, (name, data.decode(), None))

    def _check(self, line: bytes) -> InfoGroup | Rejected:
        """Check *line*, which runs from its label to its check character (NOI-CPT_02E §1.5.3.2)."""
        # The check character may be a space, so the line is cut by position and never stripped on its right.
        body = line.lstrip(_CONTROLS)
        separator = self._separator
        if len(body) < 4 or body[-2] != ord(separator):
            return Rejected(line[:_RAW_KEPT], "shape")
        text = body.decode("ascii")
        fields = text[:-2].split(separator) if separator == "\t" else text[:-2].split(separator, 1)
        if len(fields) < 2:
            return Rejected(line[:_RAW_KEPT], "shape")
        total = sum(body) - body[-1] - self._outside
        if (total & 0x3F) + 0x20 != body[-1]:
            return Rejected(line[:_RAW_KEPT], "checksum")
        label, data = fields[0], fields[-1]
        horodate = None
        row = self._labels.get(label)
        if row is None:
            if self._mode is Mode.HISTORIQUE and _is_glued_adps(label):
                label, row = "ADPS", self._labels["ADPS"]
            elif not (2 <= len(label) <= 10 and _OF_LABELS.issuperset(label)):
                return Rejected(line[:_RAW_KEPT], "label")
        if len(fields) == 3 and (row.stamped if row else _is_horodate(fields[1])):
            horodate = fields[1]
            if not _is_horodate(horodate):
                return Rejected(line[:_RAW_KEPT], "characters")
        elif len(fields) != 2 or (row is not None and row.stamped):
            return Rejected(line[:_RAW_KEPT], "shape")
        fault = row.fault(data) if row else None if data.isprintable() else "characters"
        return Rejected(line[:_RAW_KEPT], fault) if fault else InfoGroup(label, data, horodate)


# Both functions are given ASCII text. They use no regular expression: compiling one costs a start too much.


def _is_horodate(text: str) -> bool:
    return len(text) == 13 and text[0] in "HEhe " and text[1:].isdigit()


def _is_glued_adps(label: str) -> bool:
    """Return whether *label* is ``ADPSnnn``: some old meters send the value there, and again as the data."""
    return len(label) == 7 and label.startswith("ADPS") and label[4:].isdigit()
