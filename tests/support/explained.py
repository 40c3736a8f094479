"""Pipelines whose heads say something without training, and a text to explain."""

from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from .pipelines import initialize, make_nlp, make_text

# Sentences of 2 to 6 words, one far longer than a segment, and one of spaces.
TEXT = " ".join(
    [make_text(1), "we read the whole documents this is that was held and read hello world the court.", make_text(2)]
)
# The sentence to explain, of heads that classify sentences.
HEADS = {
    "textcat": None,
    "textcat_multilabel": None,
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
        layer.set_param("W", (scale * random.normal(size=layer.get_param("W").shape)).astype("float32"))
        if component.model.has_ref("linear_chain"):
            chain = component.model.get_ref("linear_chain")
            for name in chain.param_names:
                chain.set_param(name, random.normal(size=chain.get_param(name).shape).astype("float32") / 5)
    return nlp


def pipeline(folder: Path, *heads: str, **settings: Any) -> Language:
    nlp = make_nlp(folder, *heads, **settings)
    initialize(nlp)
    return make_random(nlp, *heads)


def find_span(doc: Doc, head: str) -> Span | None:
    text = HEADS[head]
    return None if text is None else next(sentence for sentence in doc.sents if sentence.text == text)
