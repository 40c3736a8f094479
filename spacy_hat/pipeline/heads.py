"""Which heads a pipeline has, which encoders, and which encoder each head reads. Asked here, and nowhere else.

sentencizer | hat | textcat, upstream "*" | hat_2 | spancat, upstream "hat_2" | ner, its listener replaced
              ^-----------'                 ^----------------'                  ^ an encoder of its own
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from spacy.language import Language
from spacy.pipeline import SpanCategorizer, TextCategorizer
from thinc.api import Model

from ..choices import Labelled
from ..layers.hat_model import get_shim
from ..layers.shim import HATShim
from ..layers.trf_interface import Transformer, TransformerListener

Head = TextCategorizer | SpanCategorizer
CHAIN = "sentence_chain"
ENSEMBLE = "document_ensemble"
OUR_HEADS: dict[str, Labelled] = {
    "document_classifier": "documents",
    ENSEMBLE: "documents",
    "span_classifier": "spans",
    CHAIN: "spans",
}


@dataclass(frozen=True)
class Encoder:
    """A HAT of a pipeline.

    component (str): Name of the component that holds it.
    layer (Model): The `hat` layer.
    """

    component: str
    layer: Model

    @property
    def shim(self) -> HATShim:
        """RETURNS (HATShim): What holds the PyTorch encoder and its tokenizer."""
        return get_shim(self.layer)


def heads_of(nlp: Language) -> list[Head]:
    """RETURNS (list[Head]): The text and span categorizers of a pipeline, with any model, in order."""
    return [component for _, component in nlp.pipeline if isinstance(component, (TextCategorizer, SpanCategorizer))]


def labelled_by(component: Any) -> Labelled | None:
    """RETURNS (Labelled | None): What a head of this package labels; None for any other component."""
    model = getattr(component, "model", None)
    return OUR_HEADS.get(model.name) if isinstance(model, Model) else None


def has_chain(component: Any) -> bool:
    """RETURNS (bool): Whether a head of this package labels the spans of a document together."""
    return labelled_by(component) is not None and component.model.name == CHAIN


def has_words(component: Any) -> bool:
    """RETURNS (bool): Whether a head of this package has a bag of n-grams beside the encoder."""
    return labelled_by(component) is not None and component.model.name == ENSEMBLE


def encoders_of(nlp: Language) -> list[Encoder]:
    """RETURNS (list[Encoder]): Every HAT of a pipeline, in order, be it a component or inside a head."""
    return [Encoder(name, layer) for name, component in nlp.pipeline for layer in _hats(component)]


def encoder_of(nlp: Language, name: str) -> Encoder | None:
    """Find the HAT that a component reads: its own, or that of the component it listens to.

    nlp (Language): The pipeline.
    name (str): Name of the component.
    RETURNS (Encoder | None): The HAT; None if the component reads none, or listens to something else.
    """
    component = nlp.get_pipe(name)
    if own := _hats(component):
        return Encoder(name, own[0])
    upstream = upstream_of(nlp, name)
    layers = _hats(nlp.get_pipe(upstream)) if upstream is not None else []
    return Encoder(str(upstream), layers[0]) if layers else None


def upstream_of(nlp: Language, name: str) -> str | None:
    """Find what a component listens to, as spaCy links it: a component that runs before it and has the name that the
    listener says. Of several that a listener to '*' is linked with, the last has the word, in training and prediction.

    nlp (Language): The pipeline.
    name (str): Name of the component.
    RETURNS (str | None): Name of the other; None if the component does not listen, or to nothing that is there.
    """
    wanted = _upstream_name(nlp.get_pipe(name))
    return next((other for other in _transformers_before(nlp, name) if wanted in ("*", other)), None)


def overwritten_by(nlp: Language, name: str) -> str | None:
    """Find what stands between a component and the one that it listens to, and would be read in its place.

    In training a listener is handed what it is linked with; in prediction it reads `doc._.trf_data`, which each
    transformer writes anew.

    nlp (Language): The pipeline.
    name (str): Name of the component.
    RETURNS (str | None): Name of the transformer in between; None if there is none.
    """
    last = next(_transformers_before(nlp, name), None)
    return last if upstream_of(nlp, name) not in (None, last) else None


def reads_another(name: str, upstream: str, between: str) -> str:
    """RETURNS (str): What is wrong with a component of which `overwritten_by` says so."""
    return (
        f"Component '{name}' listens to '{upstream}', but would predict from what '{between}' makes of the documents. "
        f"Got: '{between}' between the two in [nlp] pipeline; each encoder writes its output over that of the one "
        f"before. Expected: every head behind its own encoder. Move '{between}' behind '{name}'."
    )


def _hats(component: Any) -> list[Model]:
    return [node for node in _nodes(component) if any(isinstance(shim, HATShim) for shim in node.shims)]


def _upstream_name(component: Any) -> str | None:
    return next((node.upstream_name for node in _nodes(component) if isinstance(node, TransformerListener)), None)


def _nodes(component: Any) -> Iterator[Model]:
    model = getattr(component, "model", None)
    return iter(model.walk() if isinstance(model, Model) else ())


def _transformers_before(nlp: Language, name: str) -> Iterator[str]:
    """YIELDS (str): Names of the transformers that run before a component, which may be disabled; the last first."""
    for other in reversed(nlp.component_names[: nlp.component_names.index(name)]):
        if other in nlp.pipe_names and isinstance(nlp.get_pipe(other), Transformer):
            yield other
