"""Tiny pipelines around a tiny random HAT, and documents that they can learn something from."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Optimizer
from thinc.compat import has_cupy_gpu

from benchmarks.twin_pipelines import LISTENER, STOCK_TEXTCAT
from spacy_hat.modeling import HATConfig, HATModel
from spacy_hat.pipeline.optimizer import adam_v1

from .tiny import randomise
from .tokenizers_tiny import TOKENIZERS

has_gpu = pytest.mark.skipif(
    not (torch.cuda.is_available() and has_cupy_gpu),
    reason="needs a CUDA GPU, and CuPy for spaCy to use it: pip install cupy-cuda12x",
)
SENTENCES = {"@misc": "spacy-hat.sentence_suggester.v1"}
OUTCOMES = ["the appeal was dismissed.", "hello world."]
COSTS = "costs follow."
NO_STEP: Any = False  # spaCy takes it for the optimizer, and does not say so in its types
FILLERS = ["the court held that.", "we read whole documents.", "this is the court.", "that was read and held."]


def document_head(exclusive_classes: bool = True, **settings: Any) -> dict[str, Any]:
    return {
        "@architectures": "spacy-hat.DocumentClassifier.v1",
        "tok2vec": LISTENER,
        "exclusive_classes": exclusive_classes,
        "dropout": 0.0,
        **settings,
    }


def ensemble_head(exclusive_classes: bool = True, **settings: Any) -> dict[str, Any]:
    bag = {"@architectures": "spacy-hat.NgramBag.v1", "exclusive_classes": exclusive_classes}
    ours = {"@architectures": "spacy-hat.DocumentEnsemble.v1", "linear_model": bag}
    head = {name: value for name, value in document_head().items() if name != "exclusive_classes"}
    return head | ours | settings


def span_head(exclusive_classes: bool, **settings: Any) -> dict[str, Any]:
    return document_head(exclusive_classes, **settings) | {"@architectures": "spacy-hat.SpanClassifier.v1"}


def chain_head(**settings: Any) -> dict[str, Any]:
    return {"@architectures": "spacy-hat.SentenceChain.v1", "tok2vec": LISTENER, "dropout": 0.0, **settings}


# Name in the pipeline -> (factory, its config). Span categorizers write to `doc.spans` under their own names.
OURS: dict[str, tuple[str, dict[str, Any]]] = {
    "textcat": ("textcat", {"model": document_head(True)}),
    "textcat_multilabel": ("textcat_multilabel", {"model": document_head(False)}),
    "ensemble": ("textcat", {"model": ensemble_head(True)}),
    "ensemble_multilabel": ("textcat_multilabel", {"model": ensemble_head(False)}),
    "spancat": ("spancat", {"model": span_head(False), "suggester": SENTENCES, "spans_key": "spancat"}),
    "spancat_singlelabel": (
        "spancat_singlelabel",
        {"model": span_head(True), "suggester": SENTENCES, "spans_key": "spancat_singlelabel"},
    ),
    "sentence_chain": (
        "spancat_singlelabel",
        {"model": chain_head(), "suggester": SENTENCES, "spans_key": "sentence_chain"},
    ),
}
STOCK: dict[str, tuple[str, dict[str, Any]]] = {
    "tagger": ("tagger", {"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": LISTENER}}),
    "ner": (
        "ner",
        {
            "model": {
                "@architectures": "spacy.TransitionBasedParser.v2",
                "state_type": "ner",
                "extra_state_tokens": False,
                "hidden_width": 16,
                "maxout_pieces": 2,
                "use_upper": False,
                "tok2vec": LISTENER,
            }
        },
    ),
    "stock_textcat": ("textcat", {"model": STOCK_TEXTCAT}),
    "stock_spancat": (
        "spancat",
        {
            "spans_key": "stock_spancat",
            "suggester": {"@misc": "spacy.ngram_suggester.v1", "sizes": [2, 3]},
            "model": {
                "@architectures": "spacy.SpanCategorizer.v1",
                "tok2vec": LISTENER,
                "reducer": {"@layers": "spacy.mean_max_reducer.v1", "hidden_size": 16},
                "scorer": {"@layers": "spacy.LinearLogistic.v1"},
            },
        },
    ),
}
COMPONENTS = OURS | STOCK


def save_hat(folder: Path, tokenizer: str = "wordpiece", **settings: Any) -> Path:
    """Write the checkpoint of a tiny random HAT.

    folder (Path): Where to; one that is there.
    tokenizer (str): A family of `tokenizers_tiny`.
    **settings: Of its HATConfig, over those here.
    RETURNS (Path): The folder.
    """
    made = TOKENIZERS[tokenizer]()
    config: dict[str, Any] = {
        "vocab_size": len(made),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_attention_heads": 4,
        "layout": "SD|S",
        "segment_length": 12,
        "max_segments": 6,
        "pad_token_id": made.pad_token_id,
        "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "document_position_embeddings": True,
        **settings,
    }
    # As in published files; it makes transformers warn of longer texts where it is asked to cut them.
    made.model_max_length = config["segment_length"]
    randomise(HATModel(HATConfig(**config)), scale=0.2).save_pretrained(folder)
    made.save_pretrained(folder)
    return folder


def make_nlp(name: Path, *components: str, factory: str = "hat", sentencizer: bool = True, **hat: Any) -> Language:
    """Build a pipeline that is not initialized.

    name (Path): Of the encoder's checkpoint.
    *components (str): Names in COMPONENTS.
    factory (str): `hat`, or spacy-transformers' own `transformer`; the component is always called `transformer`.
    sentencizer (bool): Whether to begin with one.
    **hat: Settings of HATModel.v1.
    RETURNS (Language): The pipeline.
    """
    nlp = spacy.blank("en")
    if sentencizer:
        nlp.add_pipe("sentencizer")
    model = {"@architectures": "spacy-hat.HATModel.v1", "name": str(name), **hat}
    nlp.add_pipe(factory, name="transformer", config={"model": model})
    for component in components:
        made_by, config = COMPONENTS[component]
        nlp.add_pipe(made_by, name=component, config=config)
    return nlp


def make_text(number: int) -> str:
    """A document with one telling sentence somewhere, its outcome. Even numbers: dismissed."""
    random = numpy.random.default_rng(number)
    sentences = [FILLERS[i] for i in random.integers(len(FILLERS), size=3)]
    for sentence in (OUTCOMES[number % 2], COSTS):
        sentences.insert(int(random.integers(len(sentences) + 1)), sentence)
    return " ".join(sentences)


def annotate(doc: Doc, number: int) -> Doc:
    """Gold for every component. The label of the sentence about costs depends on another sentence, the outcome."""
    dismissed = number % 2 == 0
    doc.cats = {"DISMISSED": float(dismissed), "ALLOWED": float(not dismissed)}
    costs = next(token.i for token in doc if token.text == "costs")
    court = [token.i for token in doc if token.text == "court"]
    for key in ("spancat", "spancat_singlelabel", "sentence_chain"):
        doc.spans[key] = [Span(doc, costs, costs + 3, "LOST" if dismissed else "WON")]
    doc.spans["stock_spancat"] = [Span(doc, costs, costs + 2, "COSTS")]
    doc.set_ents([Span(doc, i, i + 1, "COURT") for i in court])
    for token in doc:
        token.tag_ = "P" if token.text == "." else "W"
    return doc


def make_examples(nlp: Language, n_docs: int = 12) -> list[Example]:
    texts = [make_text(number) for number in range(n_docs)]
    return [Example(nlp.make_doc(text), annotate(nlp.make_doc(text), n)) for n, text in enumerate(texts)]


def initialize(nlp: Language, seed: int = 0) -> list[Example]:
    """Initialize a pipeline on its examples. RETURNS (list[Example]): These."""
    spacy.util.fix_random_seed(seed)
    torch.manual_seed(seed)
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    return examples


def step(
    nlp: Language,
    examples: list[Example],
    sgd: Optimizer,
    *,
    annotates: Iterable[str] = (),
    exclude: Iterable[str] = (),
) -> dict[str, float]:
    """One step as `spacy train` takes it; nlp.update with an optimizer steps the encoder one batch late.

    nlp (Language): The pipeline.
    examples (list[Example]): The batch.
    sgd (Optimizer): The optimizer.
    annotates (Iterable[str]): Components besides the sentencizer that annotate what later ones train on.
    exclude (Iterable[str]): Frozen components.
    RETURNS (dict[str, float]): The losses.
    """
    annotating = [name for name in ("sentencizer", *annotates) if name in nlp.pipe_names]
    losses = nlp.update(examples, sgd=NO_STEP, annotates=annotating, exclude=exclude, losses={})
    for name, pipe in nlp.pipeline:
        trainable: Any = pipe
        if name not in exclude and getattr(trainable, "is_trainable", False):
            trainable.finish_update(sgd)
    return losses


def train(nlp: Language, examples: list[Example], n_steps: int, **components: Iterable[str]) -> list[dict[str, float]]:
    """Train on all examples at once. RETURNS (list[dict[str, float]]): The losses of each step."""
    sgd = adam_v1(learn_rate=0.01, encoder_learn_rate=0.001)
    return [step(nlp, examples, sgd, **components) for _ in range(n_steps)]


def encoder_of(nlp: Language) -> HATModel:
    """The PyTorch encoder of the component called `transformer`."""
    transformer: Any = nlp.get_pipe("transformer")
    return transformer.model.shims[0].encoder


def weights_of(nlp: Language) -> dict[str, numpy.ndarray]:
    """RETURNS (dict[str, ndarray]): A copy of the encoder's parameters."""
    return {name: value.detach().numpy().copy() for name, value in encoder_of(nlp).named_parameters()}


def predictions(docs: Iterable[Doc]) -> list[dict[str, Any]]:
    """Everything that components of COMPONENTS have written on documents."""
    return [
        {
            "cats": dict(doc.cats),
            "tags": [token.tag_ for token in doc],
            "ents": [(ent.start, ent.end, ent.label_) for ent in doc.ents],
            "spans": {key: [(span.start, span.end, span.label_) for span in group] for key, group in doc.spans.items()},
            "scores": {key: numpy.asarray(group.attrs.get("scores", [])) for key, group in doc.spans.items()},
        }
        for doc in docs
    ]
