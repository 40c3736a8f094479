"""Parameters of what answers questions and chooses: see `flips`, which has the others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc
from thinc.api import Model

from spacy_hat.architectures import hat_model_v1, multiple_choice_v1, question_answering_v1
from spacy_hat.layers.pair_encoder import pack
from spacy_hat.packing.pairs import Pair
from spacy_hat.pipeline.answer_scores import qa_scorer_v1
from spacy_hat.pipeline.choice_scores import choice_scorer_v1

from .asked import COSTS, WORLD
from .pipelines import make_text, save_hat

NLP = spacy.blank("en")
NLP.add_pipe("sentencizer")


def asking_encoder(folder: str, output: Any = "pieces", **settings: Any) -> Model:
    return hat_model_v1(folder, output=output, **settings)


def asking_model(folder: str, leads: Any = "windows") -> Model:
    return question_answering_v1(asking_encoder(folder), leads=leads)


def choosing_model(folder: str, leads: Any = "windows") -> Model:
    return multiple_choice_v1(asking_encoder(folder, "segments"), leads=leads)


def packed_by(model: Model) -> list[int]:
    """RETURNS (list[int]): Lengths of the segments of a document with its question, and how wide the encoder is."""
    model.initialize()
    encoder = model.layers[0]
    pairs = pack(encoder, [Pair(("costs?",), NLP(make_text(1)))], model.attrs["leads"])
    return [*pairs.segment_lengths.tolist(), encoder.get_dim("nO")]


def asked_doc() -> Doc:
    doc = NLP(make_text(3))
    doc._.questions = [WORLD]
    return doc


def answered(pipe: Any) -> Any:
    """RETURNS (Any): Where answers of a pipe that knows nothing are, by key, and what it was asked."""
    pipe.model.initialize()
    doc = asked_doc()
    pipe.set_annotations([doc], pipe.predict([doc]))
    return {key: ([(s.start, s.end) for s in group], group.attrs["no_answer"]) for key, group in doc.spans.items()}


def cfg(name: str) -> Callable[[Any], Any]:
    return lambda pipe: pipe.cfg[name]


def wider(folder: Path, **settings: Any) -> str:
    return str(save_hat(folder, hidden_size=16, **settings))


ASKED_NEEDED: dict[str, Callable[[str], dict[str, Any]]] = {
    "spacy-hat.QuestionAnswering.v1": lambda hat: {"encoder": asking_encoder(hat)},
    "spacy-hat.MultipleChoice.v1": lambda hat: {"encoder": asking_encoder(hat, "segments")},
    "spacy-hat.qa_scorer.v1": lambda _: {},
    "spacy-hat.choice_scorer.v1": lambda _: {},
    "hat_qa": lambda hat: {
        "nlp": NLP,
        "name": "hat_qa",
        "model": asking_model(hat),
        "spans_key": "answers",
        "questions": [COSTS],
        "n_best": 1,
        "max_answer_tokens": 3,
        "threshold": 0.0,
        "pairs_at_once": 8,
        "scorer": None,
    },
    "hat_choice": lambda hat: {
        "nlp": NLP,
        "name": "hat_choice",
        "model": choosing_model(hat),
        "options": ["one", "two"],
        "question": "",
        "scorer": None,
    },
}
# What leads segments is short enough for those of the tiny encoder; two windows are not read alike.
ASKED_FLIPS: dict[str, dict[str, tuple[Any, Callable[[Any], Any], bool]]] = {
    "spacy-hat.QuestionAnswering.v1": {
        "encoder": (lambda folder: asking_encoder(wider(folder)), packed_by, True),
        "leads": ("windows", packed_by, False),
    },
    "spacy-hat.MultipleChoice.v1": {
        "encoder": (lambda folder: asking_encoder(wider(folder), "segments"), packed_by, True),
        "leads": ("windows", packed_by, False),
        "pooling": ("mean", lambda model: [layer.name for layer in model.layers], False),
        "dropout": (0.9, lambda model: model.get_ref("hidden").attrs["dropout"], False),
    },
    "spacy-hat.qa_scorer.v1": {},
    "spacy-hat.choice_scorer.v1": {},
    "hat_qa": {
        "nlp": (spacy.blank("xx"), lambda pipe: id(pipe.vocab), False),
        "name": ("other", lambda pipe: pipe.name, False),
        "model": (lambda hat: asking_model(str(hat), "segments"), lambda pipe: packed_by(pipe.model), True),
        "spans_key": ("found", answered, False),
        "questions": ([], answered, False),
        "n_best": (2, answered, False),
        "max_answer_tokens": (1, cfg("max_answer_tokens"), False),
        "threshold": (1.0, answered, False),
        "pairs_at_once": (1, cfg("pairs_at_once"), False),
        "scorer": (qa_scorer_v1(), lambda pipe: pipe.scorer, False),
    },
    "hat_choice": {
        "nlp": (spacy.blank("xx"), lambda pipe: id(pipe.vocab), False),
        "name": ("other", lambda pipe: pipe.name, False),
        "model": (lambda hat: choosing_model(str(hat), "segments"), lambda pipe: packed_by(pipe.model), True),
        "options": (["other", "options"], lambda pipe: pipe.choice_for(NLP("Text.")).options, False),
        "question": ("which?", lambda pipe: pipe.choice_for(NLP("Text.")).question, False),
        "scorer": (choice_scorer_v1(), lambda pipe: pipe.scorer, False),
    },
}
