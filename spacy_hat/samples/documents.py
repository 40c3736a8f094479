"""The documents that come with the package, to try everything with. README.md beside this says whose they are."""

import gzip
from pathlib import Path

from ..choices import SampleName

FOLDER = Path(__file__).parent
ABOUT: dict[SampleName, str] = {
    "licences": "licence texts with their category (label) and owner, from licensedcode-data, nexB Inc., CC-BY-4.0",
    "docstrings": "docstrings with the section of each sentence, and their group, from NumPy, BSD-3-Clause",
}


def file_of(name: SampleName) -> Path:
    """RETURNS (Path): Where a sample lies, compressed."""
    return FOLDER / f"{name}.jsonl.gz"


def read_sample(name: SampleName) -> bytes:
    """Read the documents that come with the package.

    name (SampleName): Which of them.
    RETURNS (bytes): JSON lines.
    """
    return gzip.decompress(file_of(name).read_bytes())
