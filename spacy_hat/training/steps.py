"""How long to train, and at which rate: what a config gets by its tasks and the size of its corpus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from ..choices import DocumentTask, Optimize, SentenceTask

BATCH_SIZE = 2
"""Documents in a batch, on every machine: small batches learn more from few documents."""

UNKNOWN_DOCS = 400
"""What a corpus that is not given is taken to hold."""

EPOCHS, SENTENCE_EPOCHS = 4, 6
"""How often documents are read, and how often where their sentences have labels: the LSTM over them and the chain
start from zero, and take longer than an encoder that knows the language (docs/compare.md)."""

ENCODER_RATE, LOW_ENCODER_RATE = "0.0001", "0.00005"
"""Highest rates of the encoder. The lower one is for labels of documents alone, in runs of more than SHORT_RUN
steps: one label for a whole document says little of where to go. On licences, the higher rate ended with one label for
all within some hundred steps; in short runs, on speeches, the lower one was not better."""

SHORT_RUN = 400


@dataclass(frozen=True)
class Steps:
    """How long to train.

    max_steps (int): Batches in all.
    eval_frequency (int): Batches between evaluations.
    warmup_steps (int): Batches until the rates are at their highest.
    """

    max_steps: int
    eval_frequency: int
    warmup_steps: int

    @classmethod
    def for_corpus(cls, n_docs: int, epochs: int) -> "Steps":
        """Train for some epochs, but never for less than 200 steps, and evaluate after each, or more often.

        n_docs (int): Training documents.
        epochs (int): How often each is seen.
        RETURNS (Steps): The numbers.
        """
        per_epoch = -(-n_docs // BATCH_SIZE)
        max_steps = max(200, epochs * per_epoch)
        return cls(max_steps, eval_frequency=min(max(per_epoch, 50), 1000), warmup_steps=max_steps // 10)

    def encoder_rate(self, tasks: Sequence[str]) -> str:
        """RETURNS (str): The highest rate of the encoder, for some tasks."""
        is_low = {*tasks} <= {*get_args(DocumentTask)} and self.max_steps > SHORT_RUN
        return LOW_ENCODER_RATE if is_low else ENCODER_RATE


def epochs_of(tasks: Sequence[str], optimize: Optimize) -> int:
    """RETURNS (int): How often documents are read, for some tasks."""
    labels_sentences = bool({*tasks} & {*get_args(SentenceTask)})
    return (SENTENCE_EPOCHS if labels_sentences else EPOCHS) * (2 if optimize == "accuracy" else 1)
