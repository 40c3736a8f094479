"""How fast a Doc becomes segments: `python benchmarks/packing.py path/to/tokenizer`."""

from pathlib import Path
from time import perf_counter
from typing import Annotated

import spacy
import typer
from spacy.tokens import Doc
from transformers import AutoTokenizer

from spacy_hat.packing import FastTokenizer, Packer, Packing, tokenize

SENTENCE = "The court held that the appeal, which was lodged on 3 May, be dismissed; costs follow. "


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


def main(
    tokenizer_folder: Annotated[Path, typer.Argument(help="Folder with tokenizer.json")],
    n_pieces: Annotated[int, typer.Option(help="Pieces of the document")] = 100_000,
    segment_length: Annotated[int, typer.Option(help="Pieces of a segment")] = 128,
    packing: Annotated[Packing, typer.Option(help="sentences, greedy or fixed")] = "greedy",
    repeats: Annotated[int, typer.Option(help="The best of so many runs counts")] = 5,
) -> None:
    """Print pieces per second of the tokenizer alone, and of tokenizer, alignment and packing together."""
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder, use_fast=True)
    doc = make_doc(tokenizer, n_pieces)
    packer = Packer(packing)

    def tokenizer_alone() -> int:
        return len(tokenizer.backend_tokenizer.encode(doc.text, add_special_tokens=False))

    def everything() -> int:
        packed = packer([doc], tokenizer, segment_length=segment_length, max_segments=32)
        return len(packed.piece_ids) - len(packed.segment_lengths)

    for what, run in [("tokenizer alone", tokenizer_alone), ("with alignment and packing", everything)]:
        seconds = []
        for _ in range(repeats):
            start = perf_counter()
            n_done = run()
            seconds.append(perf_counter() - start)
        typer.echo(f"{what:>27}: {n_done:,} pieces in {min(seconds):.3f} s, {n_done / min(seconds):,.0f} pieces/s")


if __name__ == "__main__":
    typer.run(main)
