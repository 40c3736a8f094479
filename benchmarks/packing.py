"""How fast a Doc becomes segments, and what part that is of encoding it.

python benchmarks/packing.py models/hat-minilm
"""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import spacy
import torch
import typer
from rich.console import Console
from rich.table import Table
from spacy.tokens import Doc

from spacy_hat.modeling import HATConfig, HATModel, PackedInputs, load_tokenizer
from spacy_hat.packing import FastTokenizer, Packer, Packing, tokenize

SENTENCE = "The court held that the appeal, which was lodged on 3 May, be dismissed; costs follow. "
# Encoding is timed on so many segments, and scaled: its cost grows with the pieces alone.
TIMED_SEGMENTS = 8


def make_doc(tokenizer: FastTokenizer, n_pieces: int) -> Doc:
    """A Doc with sentence boundaries and at least so many pieces.

    tokenizer (FastTokenizer): a fast Hugging Face tokenizer.
    n_pieces (int): fewest pieces.
    RETURNS (Doc): the document.
    """
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.max_length = 100 * n_pieces
    per_sentence = len(tokenize(nlp(SENTENCE), tokenizer))
    return nlp(SENTENCE * -(-n_pieces // per_sentence))


def best_seconds(work: Callable[[], object], repeats: int) -> float:
    """RETURNS (float): the shortest of so many runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


def encoding_seconds(n_pieces: int, segment_length: int, repeats: int) -> float:
    """Time an encoder of base size (768 wide, 12 segment-wise blocks) with random weights, float32.

    n_pieces (int): pieces of the document.
    segment_length (int): pieces of a segment.
    repeats (int): the best of so many runs counts.
    RETURNS (float): seconds for the whole document.
    """
    config = HATConfig(layout="|".join(["S", "S", "SD"] * 4), segment_length=segment_length)
    encoder = HATModel(config).eval()
    n_timed = TIMED_SEGMENTS * segment_length
    lengths = np.full(TIMED_SEGMENTS, segment_length)
    inputs = PackedInputs(np.full(n_timed, 5), lengths, np.array([TIMED_SEGMENTS]), np.arange(TIMED_SEGMENTS))
    with torch.no_grad():
        return best_seconds(lambda: encoder.forward_packed(inputs), repeats) * n_pieces / n_timed


def main(
    tokenizer_folder: Annotated[Path, typer.Argument(help="Folder with a tokenizer")],
    n_pieces: Annotated[int, typer.Option(help="Pieces of the document")] = 100_000,
    segment_length: Annotated[int, typer.Option(help="Pieces of a segment")] = 128,
    packing: Annotated[Packing, typer.Option(help="sentences, greedy or fixed")] = "greedy",
    repeats: Annotated[int, typer.Option(help="The best of so many runs counts")] = 3,
) -> None:
    """Time the tokenizer alone; tokenizer, alignment and packing; and encoding at base size."""
    console = Console()
    tokenizer = load_tokenizer(tokenizer_folder)
    doc = make_doc(tokenizer, n_pieces)
    packer = Packer(packing)
    with console.status("timing"):
        seconds = {
            "tokenizer alone": best_seconds(
                lambda: tokenizer.backend_tokenizer.encode(doc.text, add_special_tokens=False), repeats
            ),
            "tokenizer, alignment and packing": best_seconds(
                lambda: packer([doc], tokenizer, segment_length=segment_length, max_segments=32), repeats
            ),
            "encoding at base size": encoding_seconds(n_pieces, segment_length, repeats),
        }
    table = Table("work", "seconds", "pieces a second", "share of encoding")
    for work, spent in seconds.items():
        share = spent / seconds["encoding at base size"]
        table.add_row(work, f"{spent:.3f}", f"{n_pieces / spent:,.0f}", f"{share:.2%}")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
