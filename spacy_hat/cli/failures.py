"""From an error to what the user reads: what, got, expected, remedy."""

import errno
import os
import re
import sys
from collections.abc import Callable

BUG = (
    "This is an error of spacy-hat itself, or of something that it uses ({what}), and not yours. Add --debug to see "
    "where it comes from, and please report it with what you see."
)
# What to do when the system refuses.
REMEDIES = {
    errno.ENOSPC: "Free some space there, or choose another place.",
    errno.EDQUOT: "Free some space there, or choose another place.",
    errno.EFBIG: "Choose a place that takes larger files.",
    errno.ENAMETOOLONG: "Choose a shorter name: file systems take up to 255 bytes.",
    errno.EACCES: "Choose a place that you may read or write.",
    errno.EPERM: "Choose a place that you may read or write.",
    errno.EROFS: "Choose a place that can be written to.",
    errno.ENOENT: "Check the path.",
    errno.ELOOP: "The links there lead to each other. Name the place itself.",
    errno.EMFILE: "Close other files of this process, or raise its limit (ulimit -n).",
}
MEMORY = (
    "There is not enough memory for this{detail}. Expected: as much as sizes and documents ask for. Choose smaller "
    "sizes, shorter documents or fewer at once, or a machine with more."
)
# PyTorch has no class of its own for these: an allocation on a CPU that fails, sizes whose product overflows.
_ALLOCATIONS = re.compile(r"allocate|out of memory|Storage size calculation overflowed|Trying to resize storage")
_NUMBERED = re.compile(r"\[E\d{3,4}\] ")


def reason_for(error: Exception, *, debug: bool = False) -> str:
    """Say what happened, in sentences.

    error (Exception): The error.
    debug (bool): Whether the user sees the traceback already.
    RETURNS (str): What, got, expected, remedy, as far as they are known.
    """
    error = _as_os_error(error)
    for kind, explain in _FAMILIES:
        if isinstance(error, kind) and (reason := explain(error)):
            return reason
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"{what}. Please report it with what you see above." if debug else BUG.format(what=what)


def _as_os_error(error: Exception) -> Exception:
    """An error of safetensors, which has the system's number in its words only, as the OSError that it is."""
    safetensors = sys.modules.get("safetensors")
    if safetensors is None or not isinstance(error, safetensors.SafetensorError):
        return error
    number = re.search(r"os error (\d+)|code: (\d+)", str(error))
    if number is None:
        return ValueError(f"Weights cannot be read or written: {error}. Fetch the file again, whole.")
    code = int(number[1] or number[2])
    return OSError(code, os.strerror(code))


def _of_system(error: Exception) -> str:
    """What a system said, the files it is about, and what to do."""
    assert isinstance(error, OSError)
    if error.errno is None or error.strerror is None:  # of a library, which has its own words
        return str(error)
    files = " -> ".join(str(_text(name)) for name in (error.filename, error.filename2) if name is not None)
    where = f"{files}: " if files else ""
    remedy = REMEDIES.get(error.errno, "Check the path, the disk and the rights to it.")
    return f"{where}{error.strerror}. {remedy}"


def _text(name: object) -> object:
    return os.fsdecode(name) if isinstance(name, bytes) else name


def _of_encoding(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"A file is not text in UTF-8 ({error.reason} at byte {error.start}). Save it as UTF-8."
    assert isinstance(error, UnicodeEncodeError)
    letters = ascii(error.object[error.start : error.end][:10])
    return f"A name or a text holds {letters}, which is not a character. Expected: UTF-8. Rename the file, or mend it."


def _of_memory(error: Exception) -> str:
    detail = str(error).strip().partition("\n")[0]
    return MEMORY.format(detail=f": {detail}" if detail else "")


def _of_torch(error: Exception) -> str:
    """The RuntimeErrors that say that memory is missing; others are not told apart."""
    return _of_memory(error) if _ALLOCATIONS.search(str(error)) else ""


def _of_spacy(error: Exception) -> str:
    """spaCy numbers what it says to its users, such as [E952], whatever the class of the error."""
    told = str(error.args[0]) if error.args else ""
    return told if _NUMBERED.match(told) else ""


def _of_imports(error: Exception) -> str:
    assert isinstance(error, ImportError)
    package = error.name and error.name.partition(".")[0]
    install = f" Install it: python -m pip install {package}" if package else " Install what it names."
    return f"A package is missing. Got: {' '.join(str(error).split())}.{install}"


_FAMILIES: tuple[tuple[type[Exception], Callable[[Exception], str]], ...] = (
    (UnicodeError, _of_encoding),
    (ValueError, str),
    (OSError, _of_system),
    (MemoryError, _of_memory),
    (
        RecursionError,
        lambda _: "Something is nested too deeply, as JSON can be. Expected: a few levels. Flatten it.",
    ),
    (RuntimeError, _of_torch),
    (OverflowError, lambda error: f"A number is too large ({error}). Choose a smaller one."),
    (ImportError, _of_imports),
    (Exception, _of_spacy),
)
