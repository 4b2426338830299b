"""One function for each reader of bytes from outside; the function raises when the reader breaks a promise."""

# Strategy
#
# - A target takes any bytes and returns. It must not raise: the errors that the reader may raise are caught
#   here, and its other promises (the same frames wherever the stream is cut, written text reads back) are
#   asserted here. So a fuzzer finds wrong answers, and not only crashes.
# - A checksum stops a fuzzer that only flips bytes. With certain first bytes of the input, each line is
#   given its right checksum, and the fuzzer reaches the code behind the check.
# - No target needs a directory but those whose reader opens its file itself; theirs is in memory where there is one.

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.fuzz import connections, days, files, wires

TARGETS: Mapping[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        wires.decoder,
        files.log,
        files.ini,
        wires.record,
        wires.sim,
        files.state,
        files.salt,
        days.report,
        connections.request,
    )
}
