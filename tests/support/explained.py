"""Pipelines whose heads say something without training, and a text to explain."""

from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from thinc.api import Model

from spacy_hat.layers.ngram_bag import words_of

from .pipelines import initialize, make_nlp, make_text

# Sentences of 2 to 6 words, one far longer than a segment, and one of spaces.
TEXT = " ".join(
    [make_text(1), "we read the whole documents this is that was held and read hello world the court.", make_text(2)]
)
# The sentence to explain, of heads that classify sentences.
HEADS = {
    "textcat": None,
    "textcat_multilabel": None,
    "ensemble": None,
    "ensemble_multilabel": None,
    "spancat": "costs follow.",
    "spancat_singlelabel": "costs follow.",
    "sentence_chain": "costs follow.",
}


def make_random(nlp: Language, *heads: str, scale: float = 0.5) -> Language:
    """Give heads an output that is not all zeros, without training."""
    random = np.random.default_rng(0)
    for head in heads:
        component: Any = nlp.get_pipe(head)
        layer = component.model.get_ref("output_layer")
        if component.model.name == "document_ensemble":
            say_something(component.model, random)
        layer.set_param("W", (scale * random.normal(size=layer.get_param("W").shape)).astype("float32"))
        if component.model.has_ref("linear_chain"):
            chain = component.model.get_ref("linear_chain")
            for name in chain.param_names:
                chain.set_param(name, random.normal(size=chain.get_param(name).shape).astype("float32") / 5)
    return nlp


def say_something(ensemble: Model, random: np.random.Generator) -> None:
    """Have words learn labels that nobody gave."""
    nlp = spacy.blank("en")
    docs = [nlp(make_text(number)) for number in range(8)]
    shape = len(docs), ensemble.get_dim("nO")
    truth = np.eye(shape[1])[random.integers(shape[1], size=shape[0])]
    words_of(ensemble.layers[2]).learn(docs, truth.astype("float32"))


def pipeline(folder: Path, *heads: str, **settings: Any) -> Language:
    nlp = make_nlp(folder, *heads, **settings)
    initialize(nlp)
    return make_random(nlp, *heads)


def find_span(doc: Doc, head: str) -> Span | None:
    text = HEADS[head]
    return None if text is None else next(sentence for sentence in doc.sents if sentence.text == text)
