"""One real batch of training and an evaluation, timed, and what follows from them for an epoch and the run."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from spacy.language import Language
from spacy.training import Example
from spacy.training.loop import create_train_batches, subdivide_batch
from thinc.api import Optimizer

from ..machine.memory import memory_now, watch_peak
from .run_length import RunLength, run_length

Batcher = Callable[[Iterable[Example]], Iterable[list[Example]]]


@dataclass(frozen=True)
class TimedBatch:
    """What a batch took, the second time that it was trained on, and an estimate for the rest.

    n_docs (int): Documents of the batch.
    n_rows (int): Pieces of the batch, classifier pieces included.
    seconds (float): Of the step.
    losses (dict[str, float]): Of the step, by component.
    memory_before (int | None): Bytes in use before the first step; None where the system does not tell.
    memory_peak (int | None): The most bytes in use in the two steps; None where the system does not tell.
    seconds_per_epoch (float): For all training documents, at the same time per piece, without evaluation.
    steps_per_epoch (int): Batches that the training documents make.
    n_rows_largest (int): Pieces of the largest batch there can be: the longest documents together.
    memory_largest (int | None): Bytes for it, if what grew in the two steps grows with the pieces.
    n_steps (int | None): Steps of the run, if patience does not end it earlier; None if nothing else ends it.
    n_evaluations (int | None): Its evaluations.
    seconds_per_evaluation (float | None): For all documents of dev; None before it was timed.
    seconds_per_run (float | None): Of all steps and evaluations.
    """

    n_docs: int
    n_rows: int
    seconds: float
    losses: dict[str, float]
    memory_before: int | None
    memory_peak: int | None
    seconds_per_epoch: float
    steps_per_epoch: int
    n_rows_largest: int
    memory_largest: int | None
    n_steps: int | None = None
    n_evaluations: int | None = None
    seconds_per_evaluation: float | None = None
    seconds_per_run: float | None = None

    def with_run(self, length: RunLength, seconds_per_evaluation: float) -> "TimedBatch":
        """RETURNS (TimedBatch): The same, with what a run of that length takes."""
        seconds = None
        if length.n_steps is not None and length.n_evaluations is not None:
            step_seconds = length.n_steps * self.seconds_per_epoch / self.steps_per_epoch
            seconds = step_seconds + length.n_evaluations * seconds_per_evaluation
        return replace(
            self,
            n_steps=length.n_steps,
            n_evaluations=length.n_evaluations,
            seconds_per_evaluation=seconds_per_evaluation,
            seconds_per_run=seconds,
        )

    def failures(self) -> list[str]:
        """RETURNS (list[str]): Components whose loss is not a number."""
        return [name for name, loss in self.losses.items() if not math.isfinite(loss)]


def time_batch(
    nlp: Language,
    training: dict[str, Any],
    read: Callable[[Language], Iterable[Example]],
    count_rows: Callable[[Example], int],
    *,
    n_rows: int,
    share: float = 1.0,
    on_gpu: bool,
) -> TimedBatch:
    """Train on one batch as `spacy train` does, twice: the first time is not counted.

    nlp (Language): An initialized pipeline. It is changed.
    training (dict[str, Any]): The [training] section, resolved.
    read (Callable): The training corpus.
    count_rows (Callable): Pieces of an example, classifier pieces included.
    n_rows (int): Those of all documents that are read.
    share (float): The part of the training documents that is read.
    on_gpu (bool): Whether the pipeline is on a GPU.
    RETURNS (TimedBatch): The times.
    """
    batches = create_train_batches(nlp, read, training["batcher"], training["max_epochs"])
    # A batch of nothing but empty documents says nothing.
    batch = next(batch for _, batch in batches if any(count_rows(example) for example in batch))
    batch_rows = sum(count_rows(example) for example in batch)
    longest = sorted(read(nlp), key=count_rows, reverse=True)
    largest_rows = max(batch_rows, sum(count_rows(example) for example in next(iter(training["batcher"](longest)))))
    del longest
    before = memory_now(on_gpu)
    peak_since = watch_peak(on_gpu)
    take_step(nlp, batch, training)
    begin = perf_counter()
    losses = take_step(nlp, batch, training)
    seconds = perf_counter() - begin
    peak = peak_since()
    largest = None
    if before is not None and peak is not None:
        peak = max(peak, before)  # Linux counts the two by different clocks, some pages apart
        largest = int(before + (peak - before) * largest_rows / batch_rows)
    return TimedBatch(
        n_docs=len(batch),
        n_rows=batch_rows,
        seconds=seconds,
        losses=losses,
        memory_before=before,
        memory_peak=peak,
        seconds_per_epoch=seconds * n_rows / batch_rows / share,
        steps_per_epoch=max(round(sum(1 for _ in training["batcher"](read(nlp))) / share), 1),
        n_rows_largest=largest_rows,
        memory_largest=largest,
    )


def take_step(nlp: Language, batch: list[Example], training: dict[str, Any]) -> dict[str, float]:
    """One step of spaCy's training loop, which has it in the middle of a function.

    nlp (Language): The pipeline.
    batch (list[Example]): The documents.
    training (dict[str, Any]): The [training] section, resolved.
    RETURNS (dict[str, float]): The losses, as plain numbers: on a GPU, this waits for them.
    """
    optimizer: Optimizer = training["optimizer"]
    dropout, frozen = training["dropout"], training["frozen_components"]
    losses: dict[str, Any] = {}
    for part in subdivide_batch(batch, training["accumulate_gradient"]):
        nlp.update(
            part,
            drop=dropout if isinstance(dropout, float) else next(dropout),
            losses=losses,
            sgd=False,  # type: ignore[arg-type]
            exclude=frozen,
            annotates=training["annotating_components"],
        )
    for name, pipe in nlp.pipeline:
        if name not in frozen and getattr(pipe, "is_trainable", False) and pipe.model not in (True, False, None):  # type: ignore[attr-defined]
            pipe.finish_update(optimizer)  # type: ignore[attr-defined]
    optimizer.step_schedules()
    return {name: float(loss) for name, loss in losses.items()}


def time_run(
    nlp: Language,
    training: dict[str, Any],
    batch: TimedBatch,
    dev: list[Example],
    count_rows: Callable[[Example], int],
    *,
    n_rows: float,
) -> TimedBatch:
    """Evaluate on some documents as `spacy train` does, and estimate the whole run.

    nlp (Language): The pipeline after some steps.
    training (dict[str, Any]): The [training] section, resolved.
    batch (TimedBatch): What a batch took.
    dev (list[Example]): Documents of dev, at least one with pieces.
    count_rows (Callable): Pieces of an example, classifier pieces included.
    n_rows (float): Those of all documents of dev.
    RETURNS (TimedBatch): The batch, with what the run takes.
    """
    sample_rows = sum(map(count_rows, dev))
    begin = perf_counter()
    with nlp.use_params({}):
        nlp.evaluate(dev)
    seconds = (perf_counter() - begin) * n_rows / max(sample_rows, 1)
    return batch.with_run(run_length(training, batch.steps_per_epoch), seconds)
