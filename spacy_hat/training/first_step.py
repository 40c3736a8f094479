"""One step of training and an evaluation, as `spacy train` takes them, and what only these show."""

import warnings
from collections.abc import Callable, Iterable
from itertools import islice

from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.util import registry
from thinc.api import Config

from ..packing import PackingWarning
from ..pipeline.findings import HeadWarning
from .corpus_counts import CorpusCounts, Encoding, rows_of
from .report import TrainingReport
from .sample import Sample
from .timed_batch import TimedBatch, time_batch, time_run

N_EVALUATED = 8
"""Documents of dev to time an evaluation with."""


def train_once(
    config: Config,
    encodings: list[Encoding],
    corpora: dict[str, Sample],
    report: TrainingReport,
    use_gpu: int,
    notify: Callable[[str], None],
) -> None:
    """Initialize the pipeline as training does, take a step, and evaluate."""

    def count_rows(example: Example) -> int:
        return sum(rows_of(encoding.count(example.predicted)) for encoding in encodings)

    findings, train, dev = report.findings, report.corpora["train"], report.corpora["dev"]
    doing = "Training fails in its first step"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        # What the packer says was counted, and it says so of the documents too that initializing makes up.
        warnings.simplefilter("ignore", PackingWarning)
        try:
            notify("Initializing the pipeline")
            nlp = init_nlp(config, use_gpu=use_gpu)
            notify("Training on one batch, twice")
            training = registry.resolve(nlp.config.interpolate()["training"], schema=ConfigSchemaTraining)
            on_gpu, share = use_gpu >= 0, share_of(train)
            batch = time_batch(
                nlp, training, corpora["train"], count_rows, n_rows=train.n_rows, share=share, on_gpu=on_gpu
            )
            notify("Evaluating")
            doing = "Evaluation fails"
            some = first_with_text(corpora["dev"](nlp), count_rows)
            n_rows = dev.n_rows / share_of(dev)
            report.batch = time_run(nlp, training, batch, some, count_rows, n_rows=n_rows)
        except Exception as error:
            findings.problem("training fails", f"{doing} ({type(error).__name__}): {error}")
            return
    for warning in caught:
        if isinstance(warning.message, HeadWarning):
            findings.add(warning.message.finding)
        elif issubclass(warning.category, UserWarning):
            findings.warn("said in training", str(warning.message))
    check_losses(report.batch, report)


def check_losses(batch: TimedBatch, report: TrainingReport) -> None:
    """Look for losses that are not numbers."""
    if failures := batch.failures():
        report.findings.problem(
            "loss",
            f"The loss of {', '.join(failures)} is not a number after one step. Got: nan or infinity. Lower the rates "
            "in [training.optimizer], or set mixed_precision = false in the encoder's model.",
        )


def share_of(counts: CorpusCounts) -> float:
    """RETURNS (float): The part of a corpus that was counted; 1 for one without end."""
    return len(counts.docs) / counts.n_docs_in_all if counts.n_docs_in_all else 1.0


def first_with_text(examples: Iterable[Example], count_rows: Callable[[Example], int]) -> list[Example]:
    """RETURNS (list[Example]): Some documents that have pieces; all of them, if there are few."""
    return list(islice((example for example in examples if count_rows(example)), N_EVALUATED))
