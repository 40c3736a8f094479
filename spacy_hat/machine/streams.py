"""Places that are written to and never replaced: stdout, devices, FIFOs: all that is neither a file nor a folder."""

import os
import re
import stat
import sys
from pathlib import Path

STDOUT = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/(?:fd/\d+|std(?:in|out|err))")


def is_stream(place: Path) -> bool:
    """RETURNS (bool): Whether a place is written to. Descriptors count even where they lead to a file."""
    if str(place) == "-" or _DESCRIPTOR.fullmatch(str(place)):
        return True
    try:
        mode = place.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_stdout(place: Path | None) -> bool:
    """RETURNS (bool): Whether a place is this process's own output, which then has the result and nothing else."""
    return place is not None and str(place) in STDOUT


def write_stream(place: Path, content: bytes) -> None:
    """Write to a stream, which a FIFO makes wait until somebody reads.

    place (Path): The stream.
    content (bytes): What to write.
    """
    if is_stdout(place):
        sys.stdout.flush()
        try:
            sys.stdout.buffer.write(content)
        except AttributeError:  # in a notebook, or wherever somebody put text in its place
            sys.stdout.write(content.decode("utf8"))
        sys.stdout.flush()
        return
    # Not truncated: a descriptor may lead to a file that others write to as well.
    with os.fdopen(os.open(place, os.O_WRONLY), "wb") as file:
        file.write(content)
