"""How fast a Doc becomes segments, and what part that is of encoding it.

python -m benchmarks.packing models/hat-minilm
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import spacy
import torch
import typer
from rich.console import Console
from rich.table import Table
from spacy.tokens import Doc

from benchmarks.pipelines import save_tiny_hat
from benchmarks.results import Quick
from benchmarks.sizes import BASE, QUICK, Size, full_lengths, random_pieces
from benchmarks.timing import Work, seconds_of
from spacy_hat.modeling import HATModel, load_tokenizer
from spacy_hat.packing import FastTokenizer, Packer, Packing, tokenize

SENTENCE = "The court held that the appeal, which was lodged on 3 May, be dismissed; costs follow. "
# Encoding is timed on so many segments, and scaled: its cost grows with the pieces alone.
TIMED_SEGMENTS = 8


def make_doc(tokenizer: FastTokenizer, n_pieces: int) -> Doc:
    """A Doc with sentence boundaries and at least so many pieces.

    tokenizer (FastTokenizer): A fast Hugging Face tokenizer.
    n_pieces (int): Fewest pieces.
    RETURNS (Doc): The document.
    """
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.max_length = 100 * n_pieces
    per_sentence = len(tokenize(nlp(SENTENCE), tokenizer))
    return nlp(SENTENCE * -(-n_pieces // per_sentence))


def best_seconds(work: Work, repeats: int) -> float:
    """RETURNS (float): The shortest of so many runs, in seconds."""
    return min(seconds_of(work) for _ in range(repeats))


def encoding_seconds(size: Size, n_pieces: int, repeats: int) -> float:
    """Time an encoder with random weights, in float32.

    size (Size): Of the encoder, and of the segments that are timed.
    n_pieces (int): Pieces of the document.
    repeats (int): The best of so many runs counts.
    RETURNS (float): Seconds for the whole document.
    """
    encoder = HATModel(size.hat("|".join(["S", "S", "SD"] * (size.n_layers // 3)))).eval()
    inputs = random_pieces(size, full_lengths(size))
    with torch.no_grad():
        return best_seconds(lambda: encoder.forward_packed(inputs), repeats) * n_pieces / size.n_pieces


def main(
    tokenizer_folder: Annotated[Path | None, typer.Argument(help="Folder with a tokenizer")] = None,
    n_pieces: Annotated[int, typer.Option(help="Pieces of the document")] = 100_000,
    segment_length: Annotated[int, typer.Option(help="Pieces of a segment")] = 128,
    packing: Annotated[Packing, typer.Option(help="sentences, greedy or fixed")] = "greedy",
    repeats: Annotated[int, typer.Option(help="The best of so many runs counts")] = 3,
    quick: Quick = False,
) -> None:
    """Time the tokenizer alone; tokenizer, alignment and packing; and encoding at base size."""
    console = Console()
    size = replace(BASE, n_segments=TIMED_SEGMENTS, segment_length=segment_length)
    if quick:
        size, n_pieces, repeats = replace(QUICK, n_layers=3), 1000, 1
        with TemporaryDirectory() as folder:
            tokenizer = load_tokenizer(save_tiny_hat(Path(folder)))
    elif tokenizer_folder is None:
        raise typer.BadParameter("Give a folder with a tokenizer, such as models/hat-minilm, or --quick.")
    else:
        tokenizer = load_tokenizer(tokenizer_folder)
    doc = make_doc(tokenizer, n_pieces)
    packer = Packer(packing)
    with console.status("timing"):
        seconds = {
            "tokenizer alone": best_seconds(
                lambda: tokenizer.backend_tokenizer.encode(doc.text, add_special_tokens=False), repeats
            ),
            "tokenizer, alignment and packing": best_seconds(
                lambda: packer([doc], tokenizer, segment_length=size.segment_length, max_segments=32), repeats
            ),
            "encoding at base size": encoding_seconds(size, n_pieces, repeats),
        }
    table = Table("work", "seconds", "pieces a second", "share of encoding")
    for work, spent in seconds.items():
        share = spent / seconds["encoding at base size"]
        table.add_row(work, f"{spent:.3f}", f"{n_pieces / spent:,.0f}", f"{share:.2%}")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
