"""The methods that are compared, as a table.

All encoders are warm starts of the same MiniLM, trained by the shipped configs with the same steps and rates. They
differ in what a segment may see: nothing beyond itself (layout `S` only), or the other segments (`SD`). Words are tuned
on dev. What labels sentences is tested with a chain as well, counted on train and weighed on dev like ours; encoders
that label documents, with words beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from scripts.compare.chosen_sentences import CHOICES, Choice
from scripts.compare.document_baselines import DocumentBaseline, FrozenVectors, OwnTextcat
from scripts.compare.tasks.table import TASKS
from scripts.compare.tasks.task import Unit

CONFIGS: Mapping[str, Path] = {name: task.config for name, task in TASKS.items()}

SEGMENT_WISE = "S|S|S|S|S|S"
INTERLEAVED = "S|SD|S|SD|S|SD"
TRUNCATED_PIECES = 510  # of 512: the classifier piece, and the separator that other implementations add
WITH_CHAIN = " + chain"
WITH_WORDS = " + words"


@dataclass(frozen=True)
class Words:
    """TF-IDF and a linear classifier, its regularization chosen on dev.

    n_pieces (int | None): Read only so many pieces of a document.
    classifier (Literal): Logistic regression, or a linear support vector machine.
    n_neighbours (int): Sentences on each side whose words are read beside those of a sentence.
    """

    n_pieces: int | None = None
    classifier: Literal["regression", "svm"] = "regression"
    n_neighbours: int = 0


@dataclass(frozen=True)
class Encoder:
    """A warm start of MiniLM, and overrides of the shipped config.

    layout (str): Blocks that are segment-wise, cross-segment or both.
    segment_length (int): Pieces of a segment.
    max_segments (int): Segments that can attend to each other.
    start (str): How cross-segment blocks begin: "identity" or "copy".
    overrides (Mapping[str, str]): Of the config, by dotted name.
    chain (int | None): Learn a chain over sentences with the encoder, after an LSTM of this width (0: none); None: each
        sentence is labelled by itself.
    words (bool): Whether words decide on documents beside it, with the weights that the shipped config gives them.
    epochs (int): How often to read documents, but for the speeches, whose config says it.
    pretrained (bool): Whether it starts from the HAT that has read docstrings of other libraries, or from the
        segment-wise blocks of that.
    chosen (Choice | None): Of long documents, read the start and as many pieces of sentences that are chosen so.
    """

    layout: str = INTERLEAVED
    segment_length: int = 128
    max_segments: int = 128
    start: str = "identity"
    overrides: Mapping[str, str] = field(default_factory=dict)
    chain: int | None = None
    words: bool = False
    epochs: int = 4
    pretrained: bool = False
    chosen: Choice | None = None


@dataclass(frozen=True)
class Chained:
    """Another method, and a chain over its labels that is counted on train and weighed on dev.

    base (str): The method's name.
    """

    base: str


@dataclass(frozen=True)
class WithWords:
    """An encoder, and words beside it that are learned from train and weighed on dev.

    base (str): The encoder's name.
    """

    base: str


Trained = Words | Encoder | DocumentBaseline
Method = Trained | Chained | WithWords


def packed(packing: str, overflow: str = "window") -> dict[str, str]:
    """Overrides that pack documents in another way than the config does."""
    model = "components.transformer.model"
    return {f"{model}.packing": packing, f"{model}.overflow": overflow}


FROZEN: Mapping[str, str] = {
    "components.transformer.model.transformer_config.frozen_blocks": "4",
    "components.transformer.model.segment_cache_mb": "3000",
}
BY_UNIT: Mapping[Unit, Mapping[str, Trained]] = {
    "documents": {
        "TF-IDF, first 510 pieces": Words(TRUNCATED_PIECES),
        "TF-IDF, whole text": Words(),
        "TF-IDF, whole text, SVM": Words(classifier="svm"),
        "spaCy, bag of words": OwnTextcat("bag of words"),
        "spaCy, ensemble": OwnTextcat("ensemble"),
        "frozen vectors of all segments": FrozenVectors(SEGMENT_WISE),
        "truncated to 512 pieces": Encoder(SEGMENT_WISE, 512, 1, overrides=packed("fixed", "truncate")),
        **{
            f"512 pieces and {choice} sentences": Encoder(
                SEGMENT_WISE, 512, 2, overrides=packed("fixed", "truncate"), chosen=choice
            )
            for choice in CHOICES
        },
        "independent segments": Encoder(SEGMENT_WISE, overrides=packed("greedy")),
        "HAT, copied start": Encoder(start="copy"),
        "HAT, identity start": Encoder(),
        "HAT, words as shipped": Encoder(words=True),
        # What cross-segment attention makes of segments that are encoded once.
        "HAT, four blocks frozen": Encoder("S|S|S|S|SD|SD", overrides=FROZEN, epochs=6),
    },
    "sentences": {
        "TF-IDF, sentence alone": Words(),
        "TF-IDF, sentence alone, SVM": Words(classifier="svm"),
        "TF-IDF, two on each side": Words(n_neighbours=2),
        "TF-IDF, five on each side": Words(n_neighbours=5),
        "sentence alone": Encoder(SEGMENT_WISE, overrides=packed("sentences")),
        # Jin and Szolovits 2018: sentence vectors, an LSTM over them and a chain, learned together.
        "HSLN": Encoder(SEGMENT_WISE, overrides=packed("sentences"), chain=256),
        "HAT, copied start": Encoder(start="copy"),
        "HAT, identity start": Encoder(),
        "HAT, chain learned with it": Encoder(chain=0),
        "HAT, LSTM and chain learned with it": Encoder(chain=256),
        # After reading other texts of the kind, without labels; the first two are the control.
        "sentence alone, pretrained": Encoder(SEGMENT_WISE, overrides=packed("sentences"), pretrained=True),
        "HSLN, pretrained": Encoder(SEGMENT_WISE, overrides=packed("sentences"), chain=256, pretrained=True),
        "HAT, pretrained": Encoder(pretrained=True),
        "HAT, pretrained, LSTM and chain learned with it": Encoder(chain=256, pretrained=True),
    },
}


def methods_of(unit: Unit) -> Mapping[str, Method]:
    """RETURNS (Mapping[str, Method]): All methods for documents or sentences, by name."""
    chained = {
        name + WITH_CHAIN: Chained(name)
        for name, method in BY_UNIT[unit].items()
        if unit == "sentences" and not (isinstance(method, Words) and method.classifier == "svm")
    }
    with_words = {
        name + WITH_WORDS: WithWords(name)
        for name, method in BY_UNIT[unit].items()
        if unit == "documents" and isinstance(method, Encoder) and not (method.words or method.chosen)
    }
    return {**BY_UNIT[unit], **chained, **with_words}


METHODS: Mapping[str, Mapping[str, Method]] = {name: methods_of(task.unit) for name, task in TASKS.items()}
