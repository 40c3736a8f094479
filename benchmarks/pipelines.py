"""Pipelines and documents to measure: shipped configs around a HAT, and texts of given lengths."""

import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import load_config, load_model_from_config
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from spacy_hat.modeling import HATConfig, HATModel, RotaryHATConfig, load_tokenizer

CONFIGS = Path(__file__).parents[1] / "configs"
SENTENCE = (
    "the court held that an appeal lodged by either party may be dismissed with costs unless leave is given to read "
    "out the whole of each document on which it relies and to call those who wrote it"
)
WORDS = SENTENCE.split()
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def save_tiny_hat(folder: Path) -> Path:
    """Write a HAT of a few thousand random weights, for --quick.

    folder (Path): Where to.
    RETURNS (Path): The folder.
    """
    tokenizer = load_tokenizer(save_tiny_tokenizer(folder))
    config = HATConfig(
        vocab_size=len(tokenizer),
        layout="S|SD|S|SD",
        hidden_size=32,
        intermediate_size=64,
        num_attention_heads=2,
        segment_length=16,
        max_segments=8,
        pad_token_id=0,
    )
    HATModel(config).save_pretrained(folder)
    return folder


def save_rotary_hat(folder: Path, tiny: bool = False) -> Path:
    """Write a HAT with rotary blocks of random weights, as wide as one from MiniLM: memory is that of any weights.

    folder (Path): Where to.
    tiny (bool): Whether for --quick.
    RETURNS (Path): The folder.
    """
    tokenizer = load_tokenizer(save_tiny_tokenizer(folder))
    width, heads = (32, 2) if tiny else (384, 12)
    config = RotaryHATConfig(
        vocab_size=len(tokenizer),
        layout="S|SD|S|SD|S|SD",
        hidden_size=width,
        intermediate_size=2 * width,
        num_attention_heads=heads,
        pad_token_id=0,
    )
    HATModel(config).save_pretrained(folder)
    return folder


def save_tiny_tokenizer(folder: Path) -> Path:
    """RETURNS (Path): The folder, with a tokenizer that knows the words of `make_text`."""
    vocab = {piece: i for i, piece in enumerate([*SPECIALS, ".", *sorted(set(WORDS))])}
    backend = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **dict(zip(names, SPECIALS, strict=True)))
    tokenizer.save_pretrained(folder)
    return folder


def make_text(number: int, n_words: int) -> str:
    """A text of sentences of 5 to 30 words. Nearly every word is one piece.

    number (int): Different numbers give different texts.
    n_words (int): Words and full stops of it.
    RETURNS (str): The text.
    """
    rng = random.Random(number)
    words: list[str] = []
    while len(words) < n_words:
        words += [*rng.choices(WORDS, k=rng.randint(5, 30)), "."]
    return " ".join(words[: n_words - 1]) + " ."


def make_texts(n_docs: int, shortest: int, longest: int) -> Iterator[str]:
    """YIELDS (str): So many texts, of lengths between the two."""
    lengths = random.Random(0)
    for number in range(n_docs):
        yield make_text(number, lengths.randint(shortest, longest))


def load_shipped(config: str, hat: Path, **overrides: Any) -> Language:
    """Make the pipeline of a shipped config around a HAT, with heads that are not trained.

    config (str): Its name, such as hat_textcat.
    hat (Path): The encoder.
    **overrides: further settings; `__` stands for the dots of their names.
    RETURNS (Language): The pipeline.
    """
    settings = {"paths.hat": str(hat), **{name.replace("__", "."): value for name, value in overrides.items()}}
    shipped = load_config(CONFIGS / f"{config}.cfg", overrides=settings, interpolate=True)
    return initialized(load_model_from_config(shipped, auto_fill=True))


def initialized(nlp: Language) -> Language:
    """Give a pipeline heads of two labels that are not trained, and texts of any length.

    nlp (Language): The pipeline, with an encoder.
    RETURNS (Language): The same.
    """
    examples = [label(nlp, text, number) for number, text in enumerate(make_texts(4, 20, 40))]
    with warnings.catch_warnings():
        # Initialization shows the model documents that no sentencizer has seen.
        warnings.filterwarnings("ignore", message="A Doc has no sentence boundaries")
        nlp.initialize(lambda: examples)
    nlp.max_length = 10**9
    return nlp


def label(nlp: Language, text: str, number: int) -> Example:
    """RETURNS (Example): A document with one of two labels, on itself and on its first sentence."""
    gold = nlp.make_doc(text)
    end = next(token.i for token in gold if token.text == ".") + 1
    gold.cats = {"A": float(number % 2), "B": float(not number % 2)}
    gold.spans["sc"] = [spacy.tokens.Span(gold, 0, end, label="AB"[number % 2])]
    return Example(nlp.make_doc(text), gold)
