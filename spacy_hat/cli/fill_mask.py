"""`python -m spacy hat fill-mask`: the words that a model expects in place of masks."""

import json
from typing import Annotated, Any

import typer

from . import screen
from .command import command

MODEL_HELP = "Folder or hub name of a HAT with a head for masked words"
LONGEST_SHOWN = 80
TEXT_HELP = "A text with [MASK] in place of one or more words; - for stdin"


@command("Cannot fill the masks with {model}")
def fill_mask_cli(
    model: Annotated[str, typer.Argument(help=MODEL_HELP)],
    text: Annotated[str, typer.Argument(help=TEXT_HELP)],
    top_k: Annotated[int, typer.Option("--top-k", "-k", help="Words for each mask, the likeliest first", min=1)] = 5,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON: a list of words for each mask")] = False,
    revision: Annotated[str | None, typer.Option(help="Version of a hub model: branch, tag or commit")] = None,
) -> None:
    """
    Say which words a HAT expects behind masks, in a text of any length.

    Example: python -m spacy hat fill-mask kiddothe2b/hierarchical-transformer-base-4096 "The court [MASK] the appeal."
    """
    if text == "-":
        text = typer.get_text_stream("stdin").read()
    with screen.status(f"Loading {model}"):
        from ..hugging_face.fill_mask import MASK, load_fill_mask

        pipeline = load_fill_mask(model, revision=revision)
    mask = pipeline.tokenizer.mask_token
    if mask is not None and mask not in text:
        text = text.replace(MASK, mask)
    found = pipeline(text, top_k=top_k)
    answers = found if isinstance(found[0], list) else [found]
    if json_:
        screen.line(json.dumps(answers, indent=2, ensure_ascii=False))
        return
    for number, words in enumerate(answers, start=1):
        if len(answers) > 1:
            screen.divider(f"Mask {number} of {len(answers)}")
        rows = [(word["token_str"].strip(), f"{word['score']:.1%}", whole(word)) for word in words]
        screen.table(rows, header=("word", "probability", "text"), aligns=("l", "r", "l"))


def whole(word: dict[str, Any]) -> str:
    """RETURNS (str): What the text becomes by a word; of a long text, nothing."""
    text = word.get("sequence", "")
    return text if len(text) <= LONGEST_SHOWN else ""
