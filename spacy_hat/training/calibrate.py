"""A chain for a trained span classifier, counted on its training documents and weighed on others, without training.

All of it ends as weights of spacy-hat.SentenceChain.v1, so that the pipeline needs nothing else to be loaded and run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from spacy.language import Language
from spacy.pipeline import SpanCategorizer
from spacy.training import Example

from ..layers.chain_sums import ChainWeights
from ..layers.linear_chain import chain_weights, set_chain_weights
from ..layers.sentence_chain import with_chain
from ..pipeline.heads import Head, has_chain, heads_of, labelled_by
from .label_sequences import gold_sequences, scored_sequences
from .weighing import (
    Floats,
    Quality,
    Weighing,
    best_weighing,
    count_chain,
    log_frequencies,
    quality,
    times,
    weighed_scores,
)


@dataclass(frozen=True)
class Calibration:
    """What was done.

    component (str): The categorizer.
    weighing (Weighing): The best on dev.
    before (Quality): On dev, without it.
    after (Quality): On dev, with it.
    n_units (int): Spans of dev.
    n_counted (int): Spans whose labels the chain was counted on; 0 if it was learned.
    """

    component: str
    weighing: Weighing
    before: Quality
    after: Quality
    n_units: int
    n_counted: int


def calibrate(
    nlp: Language,
    dev: Iterable[Example],
    train: Iterable[Example] | None = None,
    *,
    component: str | None = None,
) -> Calibration:
    """Put a chain on a trained span classifier, or weigh the one that it has. The pipeline is changed in place.

    nlp (Language): A trained pipeline with a `spancat_singlelabel` of this package.
    dev (Iterable[Example]): Annotated documents that it was not trained on, to weigh by. They are never those of test.
    train (Iterable[Example] | None): Annotated documents to count labels in: those of training. None: dev itself.
    component (str | None): Name of the categorizer; None: the only one there is.
    RETURNS (Calibration): What was done.
    RAISES (ValueError): If there is no such categorizer, or the documents have no spans.
    """
    head = cast(SpanCategorizer, head_to_calibrate(nlp, component, spans_only=True))
    examples = list(dev)
    scored = scored_sequences(nlp, head, examples)
    if not len(scored):
        raise ValueError(
            f"Component '{head.name}' cannot be calibrated. Got: {len(examples)} documents in which its "
            "suggester finds no spans. Expected: documents with sentences, and labels for them. Give those of dev."
        )
    n_labels = head.model.get_dim("nO")
    learned = _chain_of(head)
    counted = None if learned else gold_sequences(nlp, head, examples if train is None else train)
    chain = learned or count_chain(counted or scored, n_labels)
    prior = log_frequencies((counted or scored).labels, n_labels)
    start = Weighing(neighbours=1.0) if learned else Weighing()
    before = quality(scored, weighed_scores(scored, chain, prior, start))
    weighing = best_weighing(scored, chain, prior, start)
    after = quality(scored, weighed_scores(scored, chain, prior, weighing))
    if not has_chain(head):
        _set_chain(nlp, head)
    _fold(head, chain, prior, weighing)
    return Calibration(head.name, weighing, before, after, len(scored), len(counted or ()))


def _chain_of(head: SpanCategorizer) -> ChainWeights | None:
    """The weights of a chain that has learned something."""
    if not has_chain(head):
        return None
    model = head.model.get_ref("linear_chain")
    weights = chain_weights(model)
    learned = ChainWeights(*map(model.ops.to_numpy, (weights.transitions, weights.first, weights.last)))
    return learned if learned.transitions.any() else None


def _fold(head: SpanCategorizer, chain: ChainWeights, prior: Floats, weighing: Weighing) -> None:
    """Make the weighing the head's own weights."""
    model: Any = head.model
    output = model.get_ref("output_layer")
    output.set_param("W", output.get_param("W") * np.float32(weighing.sharpness))
    bias = model.ops.to_numpy(output.get_param("b")) * weighing.sharpness - weighing.prior * prior
    output.set_param("b", model.ops.asarray1f(bias.astype("float32")))
    xp = model.ops.xp
    weights = times(chain, weighing.neighbours)
    on_device = ChainWeights(*(xp.asarray(part) for part in (weights.transitions, weights.first, weights.last)))
    set_chain_weights(model.get_ref("linear_chain"), on_device)


def _set_chain(nlp: Language, head: SpanCategorizer) -> None:
    """Give a span classifier a chain, in the pipeline and in its config."""
    head.model = with_chain(head.model)
    settings = nlp.get_pipe_config(head.name)["model"]
    settings["@architectures"] = "spacy-hat.SentenceChain.v1"
    settings.pop("exclusive_classes", None)
    settings["recurrent_width"] = 0


def head_to_calibrate(nlp: Language, name: str | None = None, *, spans_only: bool = False) -> Head:
    """Choose a component that can be calibrated.

    nlp (Language): A trained pipeline.
    name (str | None): Its name; None: the only one there is.
    spans_only (bool): Whether it has to be a `spancat_singlelabel`.
    RETURNS (Head): A categorizer of documents, or of one label for each span, with a head of this package.
    RAISES (ValueError): If there is none, or more than one.
    """
    ours = {
        head.name: head
        for head in heads_of(nlp)
        if labelled_by(head) is not None
        and (head.add_negative_label if isinstance(head, SpanCategorizer) else not spans_only)
    }
    if name is None and len(ours) == 1:
        return next(iter(ours.values()))
    if name is not None and name in ours:
        return ours[name]
    if name is None and len(ours) > 1:
        raise ValueError(
            f"There are several components to calibrate. Got: no name, and {', '.join(ours)}. Expected: "
            f"{' or '.join(ours)}. Name it with `component`, or --component."
        )
    wanted = "a `spancat_singlelabel` with spacy-hat.SpanClassifier.v1 or spacy-hat.SentenceChain.v1"
    if not spans_only:
        wanted += ", or a `textcat` or `textcat_multilabel` with spacy-hat.DocumentClassifier.v1"
    raise ValueError(
        f"There is no component to calibrate. Got: {name!r}, and a pipeline with "
        f"{', '.join(nlp.pipe_names) or 'no components'}. Expected: {' or '.join(ours) or 'a component'}, {wanted}. "
        "Name it with `component`."
    )
