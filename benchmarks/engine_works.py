"""What engines are to encode: full segments, ordinary sentences, and the segments of real documents."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import spacy

from benchmarks.sizes import Ints, Size, full_lengths, random_pieces, sentence_lengths
from spacy_hat.modeling import PackedInputs, load_tokenizer
from spacy_hat.packing import Packer
from spacy_hat.samples.documents import read_sample

FULL, SENTENCES = "full segments", "ordinary sentences"
SAMPLES = {"licences, greedy": ("licences", "greedy"), "docstrings, by sentence": ("docstrings", "sentences")}
WORKS = (FULL, SENTENCES, *SAMPLES)
PIECES = 4096


def sample_lengths(size: Size, sample: Any, packing: Any, tokenizer_folder: Path) -> Ints:
    """RETURNS (Ints): (n_segments,) of the first documents of a sample, up to PIECES pieces."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    tokenizer, packer = load_tokenizer(tokenizer_folder), Packer(packing)
    lengths = np.zeros(0, dtype=np.int64)
    for line in read_sample(sample).splitlines():
        if lengths.sum() >= PIECES:
            break
        record = json.loads(line)
        text = record.get("text") or " ".join(sentence["text"] for sentence in record["sentences"])
        packed = packer([nlp(text)], tokenizer, segment_length=size.segment_length, max_segments=size.n_segments)
        lengths = np.append(lengths, packed.segment_lengths)
    return lengths[lengths.cumsum() <= PIECES]


def inputs_of(work: str, size: Size, tokenizer_folder: Path) -> PackedInputs:
    """RETURNS (PackedInputs): The segments of a work, of random pieces."""
    made = {FULL: full_lengths, SENTENCES: sentence_lengths}
    if work in made:
        return random_pieces(size, made[work](size))
    return random_pieces(size, sample_lengths(size, *SAMPLES[work], tokenizer_folder))
