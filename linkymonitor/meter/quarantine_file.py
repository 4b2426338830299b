"""The file of the groups that acceptance held back: its name, and the bounds of what it holds."""

# Quarantine writes the file and the report reads it. The report needs no more of quarantine than this.

FILE_NAME = "quarantine.log"
#: Lines that are kept: about 50 kB.
KEPT = 500
#: Seconds between two writes at the least.
EVERY = 600.0
#: Bytes at the end of the file that are looked at: what is larger is no file of ours.
LARGEST = 200 * KEPT
