"""A corpus as three runs of numbers on the disk, packed once, as a pipeline packs: no process holds all of it.

pieces     all segments of all documents after one another, each opened by the classifier piece
segments   pieces of each segment
windows    segments of each window, and which document it is of
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from spacy.tokens import Doc
from spacy.util import minibatch

from ..choices import Packing
from ..machine.atomic_output import new_folder
from ..modeling import PackedInputs
from ..packing.packer import Packer
from ..ragged import Ints1d, concatenate, ranges, starts_of

DTYPE = np.int32
DOCS_AT_ONCE = 64


@dataclass(frozen=True)
class PackedCorpus:
    """Windows of documents.

    pieces (Any): (n_pieces,) int32, as all of them on the disk; classifier pieces included.
    segments (Any): (n_segments,) pieces of each segment.
    windows (Any): (n_windows,) segments of each window.
    window_docs (Any): (n_windows,) the document that each window is of.
    """

    pieces: Any
    segments: Any
    windows: Any
    window_docs: Any

    @classmethod
    def open(cls, folder: Path) -> "PackedCorpus":
        """RETURNS (PackedCorpus): What `pack_corpus` has written; read from the disk as it is needed."""
        return cls(*(_numbers(folder / name) for name in FILES))

    @cached_property
    def _segment_starts(self) -> Ints1d:
        """(n_windows + 1,) the first segment of each window, then n_segments"""
        return np.append(0, np.cumsum(self.windows, dtype=np.int64))

    @cached_property
    def _piece_starts(self) -> Ints1d:
        """(n_windows + 1,) the first piece of each window, then n_pieces"""
        return np.append(0, np.cumsum(self.segments, dtype=np.int64))[self._segment_starts]

    @property
    def window_pieces(self) -> Ints1d:
        """RETURNS (Ints1d): (n_windows,) pieces of each window."""
        return np.diff(self._piece_starts)

    def take(self, windows: Sequence[int] | Ints1d) -> PackedInputs:
        """RETURNS (PackedInputs): Some windows, in this order."""
        firsts, starts = self._segment_starts, self._piece_starts
        lengths = np.asarray(self.windows[windows], dtype=np.int64)
        return PackedInputs(
            piece_ids=concatenate([self.pieces[starts[one] : starts[one + 1]] for one in windows]),
            segment_lengths=concatenate([self.segments[firsts[one] : firsts[one + 1]] for one in windows]),
            window_lengths=lengths,
            segment_positions=ranges(np.zeros_like(lengths), lengths),
        )


FILES = tuple(one.name for one in fields(PackedCorpus))


def pack_corpus(docs: Iterable[Doc], tokenizer: Any, config: Any, folder: Path, *, packing: Packing) -> None:
    """Pack documents, and write them down.

    docs (Iterable[Doc]): The documents, with sentences.
    tokenizer (PreTrainedTokenizerBase): A fast tokenizer.
    config (HATConfig): How long segments and windows can be.
    folder (Path): Where to, whole or not at all. If it is there, nothing is done.
    packing (Packing): How sentences become segments.
    """
    if folder.is_dir():
        return
    packer, n_docs = Packer(packing), 0
    with new_folder(folder) as made:
        files = {name: (made / name).open("wb") for name in FILES}
        try:
            for batch in minibatch(docs, DOCS_AT_ONCE):
                packed = packer(
                    batch, tokenizer, segment_length=config.segment_length, max_segments=config.max_segments
                )
                owners = _owners(packed.segments_per_doc, packed.window_lengths) + n_docs
                parts = (packed.piece_ids, packed.segment_lengths, packed.window_lengths, owners)
                for name, numbers in zip(FILES, parts, strict=True):
                    files[name].write(numbers.astype(DTYPE).tobytes())
                n_docs += len(batch)
        finally:
            for file in files.values():
                file.close()


def _numbers(file: Path) -> Any:
    """What is in a file; an empty one cannot be mapped."""
    return np.memmap(file, dtype=DTYPE, mode="r") if file.stat().st_size else np.zeros(0, dtype=DTYPE)


def _owners(segments_per_doc: Ints1d, window_lengths: Ints1d) -> Ints1d:
    """(n_windows,) the document whose segments each window begins with; one without segments has no window"""
    ends = np.cumsum(segments_per_doc)
    return np.searchsorted(ends, starts_of(window_lengths), side="right")
