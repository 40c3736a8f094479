"""The pipeline and the corpora that are annotated."""

import json
import random
from pathlib import Path

import spacy
from spacy.util import import_file

from benchmarks.pipelines import load_shipped, make_text, save_tiny_tokenizer
from spacy_hat.modeling import HATConfig, HATModel, load_tokenizer

from .runs import NARROW, STAMPING

TIMES_LONGER = 100
SHORT = 40
"""Words of the documents of which one in a hundred is a hundred times as long."""


def save_pipeline(folder: Path, hidden_size: int) -> None:
    """Write a text classifier around a random encoder that documents leave stamps in.

    folder (Path): Gets `model` and `stamp.py`.
    hidden_size (int): Of the encoder.
    """
    (folder / "stamp.py").write_text(STAMPING, encoding="utf8")
    import_file("stamp", folder / "stamp.py")
    encoder = folder / "encoder"
    tokenizer = load_tokenizer(save_tiny_tokenizer(encoder))
    config = HATConfig(
        vocab_size=len(tokenizer),
        layout="S|SD|S|SD",
        hidden_size=hidden_size,
        intermediate_size=4 * hidden_size,
        num_attention_heads=4,
        segment_length=64,
        max_segments=32,
        pad_token_id=0,
    )
    HATModel(config).save_pretrained(encoder)
    nlp = load_shipped("hat_textcat", encoder)
    nlp.add_pipe("stamp_in", first=True)
    nlp.add_pipe("stamp_out", last=True)
    nlp.to_disk(folder / "model")


def save_corpora(folder: Path, n_docs: int, n_memory: int) -> dict[str, list[int]]:
    """Write corpora.

    folder (Path): Gets `even.jsonl`, with documents of 50 to 350 words; `skewed.jsonl`, of which one in a hundred is a
        hundred times as long as the rest; and `memory.jsonl`, with short ones.
    n_docs (int): Documents of the first; the second has as many words, about.
    n_memory (int): Documents of the last.
    RETURNS (dict[str, list[int]]): Characters of each document of each.
    """
    characters: dict[str, list[int]] = {}
    lengths = random.Random(0)
    even = [lengths.randint(50, 350) for _ in range(n_docs)]
    n_skewed = max(100, sum(even) // (2 * SHORT))
    long = set(lengths.sample(range(n_skewed), n_skewed // 100))
    skewed = [SHORT * (TIMES_LONGER if number in long else 1) for number in range(n_skewed)]
    memory = [lengths.randint(5, 50) for _ in range(n_memory)]
    for name, sizes in {"even": even, "skewed": skewed, "memory": memory}.items():
        with (folder / f"{name}.jsonl").open("w", encoding="utf8") as file:
            texts = [make_text(number, size) for number, size in enumerate(sizes)]
            file.writelines(json.dumps({"id": f"d{n}", "text": text}) + "\n" for n, text in enumerate(texts))
            characters[name] = [len(text) for text in texts]
    return characters


def save_waiting(folder: Path, n_docs: int) -> None:
    """Write a pipeline that waits for each character, as `waiting`, and documents for it, as `long.jsonl`.

    folder (Path): Has `stamp.py`, whose components have been imported.
    n_docs (int): Documents; one in a hundred is longer than ten windows.
    """
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "one_token"}}})
    for name in ("stamp_in", "wait", "stamp_out"):
        nlp.add_pipe(name)
    nlp.to_disk(folder / "waiting")
    long = set(random.Random(0).sample(range(n_docs), n_docs // 100))
    with (folder / "long.jsonl").open("w", encoding="utf8") as file:
        for number in range(n_docs):
            text = "x" * (NARROW // 10 * (TIMES_LONGER if number in long else 1))
            file.write(json.dumps({"id": f"d{number}", "text": text}) + "\n")


def save_blank(folder: Path) -> None:
    """Write a pipeline that does nothing, as `blank`: what is left is what Ray takes."""
    nlp = spacy.blank("en")
    nlp.add_pipe("stamp_in")
    nlp.add_pipe("stamp_out")
    nlp.to_disk(folder / "blank")
