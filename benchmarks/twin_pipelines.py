"""Pipelines around the same weights: a HAT that starts from them, and spacy-transformers with the encoder as it is."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from transformers import BertConfig, BertModel

from benchmarks.pipelines import label, load_shipped, make_texts, save_tiny_tokenizer
from spacy_hat.modeling import load_tokenizer, warm_start

LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "pooling": {"@layers": "reduce_mean.v1"},
    "grad_factor": 1.0,
}
STOCK_TEXTCAT = {
    "@architectures": "spacy.TextCatReduce.v1",
    "exclusive_classes": True,
    "use_reduce_first": False,
    "use_reduce_last": False,
    "use_reduce_max": False,
    "use_reduce_mean": True,
    "tok2vec": LISTENER,
}
STRIDED = {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 128, "stride": 96}
WHOLE = {"@span_getters": "spacy-transformers.doc_spans.v1"}


@dataclass(frozen=True)
class Twins:
    """An encoder, and the HAT that starts from it.

    source (Path): Folder of the encoder.
    hat (Path): Folder of the HAT.
    """

    source: Path
    hat: Path

    @classmethod
    def start(cls, source: Path, hat: Path, layout: str) -> "Twins":
        """RETURNS (Twins): The source, and a HAT of this layout, written to a folder."""
        started = warm_start(source, layout=layout, segment_length=128, max_segments=128)
        started.model.save_pretrained(hat)
        started.tokenizer.save_pretrained(hat)
        return cls(source, hat)

    def ours(self, precision: str = "float32") -> Language:
        """RETURNS (Language): The shipped text classifier around the HAT."""
        return load_shipped("hat_textcat", self.hat, components__transformer__model__precision=precision)

    def stock(self, get_spans: dict[str, Any]) -> Language:
        """RETURNS (Language): `transformer` and `textcat` as spaCy brings them, around the encoder as it is."""
        nlp = spacy.blank("en")
        model = {
            "@architectures": "spacy-transformers.TransformerModel.v3",
            "name": str(self.source),
            "tokenizer_config": {"use_fast": True},
            "get_spans": get_spans,
        }
        nlp.add_pipe("transformer", config={"model": model})
        nlp.add_pipe("textcat", config={"model": STOCK_TEXTCAT})
        examples = [label(nlp, text, number) for number, text in enumerate(make_texts(4, 20, 40))]
        with warnings.catch_warnings():
            # transformers finds no weights for the pooler above the encoder, which nothing here uses.
            warnings.simplefilter("ignore")
            nlp.initialize(lambda: examples)
        nlp.max_length = 10**9
        return nlp


def save_bert(folder: Path, tokenizer_source: Path | None, **sizes: int) -> Path:
    """Write a BERT of random weights.

    folder (Path): Where to.
    tokenizer_source (Path | None): Folder with the tokenizer; None: a tiny one.
    **sizes (int): Of its BertConfig; base size where they say nothing.
    RETURNS (Path): The folder.
    """
    tokenizer = load_tokenizer(tokenizer_source or save_tiny_tokenizer(folder))
    BertModel(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
