"""How long a training run is, in steps and evaluations, and whether that suits the corpus."""

import math
from dataclasses import dataclass
from typing import Any

from .findings import Findings


@dataclass(frozen=True)
class RunLength:
    """What training does, unless patience ends it earlier.

    n_steps (int | None): Batches; None if nothing but patience ends it.
    n_evaluations (int | None): Evaluations, the one of the untrained pipeline included.
    """

    n_steps: int | None
    n_evaluations: int | None


def run_length(training: dict[str, Any], steps_per_epoch: int | None) -> RunLength:
    """Find out when `spacy train` stops.

    training (dict[str, Any]): The [training] section.
    steps_per_epoch (int | None): Batches that the training corpus has; None if that is not known.
    RETURNS (RunLength): The length.
    """
    limits = [training["max_steps"]] if training["max_steps"] else []
    if training["max_epochs"] > 0:
        if steps_per_epoch is None and not limits:
            return RunLength(None, None)
        limits += [training["max_epochs"] * steps_per_epoch] if steps_per_epoch is not None else []
    if not limits:
        return RunLength(None, None)
    n_steps = min(limits)
    return RunLength(n_steps, n_steps // training["eval_frequency"] + 1)


def check_steps(training: dict[str, Any], n_docs: int, batch_size: float | None, findings: Findings) -> None:
    """Compare how long training takes with how much there is to see.

    training (dict[str, Any]): The [training] section.
    n_docs (int): Training documents.
    batch_size (float | None): Documents of a batch; None if that is not known.
    findings (Findings): To be added to.
    """
    n_steps = run_length(training, math.ceil(n_docs / batch_size) if batch_size else None).n_steps
    frequency = training["eval_frequency"]
    if n_steps is None:
        return
    if frequency > n_steps:
        findings.problem(
            "no evaluation",
            f"eval_frequency is {frequency:,}, but training ends after {n_steps:,} steps, so that only the untrained "
            "pipeline is evaluated, and model-best is that. Lower eval_frequency in [training].",
            n_steps=n_steps,
        )
    if batch_size and n_steps * batch_size < n_docs:
        needed = math.ceil(n_docs / batch_size)
        findings.warn(
            "too few steps",
            f"{n_steps:,} steps of {batch_size:g} documents see {n_steps * batch_size / n_docs:.0%} of the "
            f"{n_docs:,} training documents. Raise max_steps in [training]: {needed:,} steps see each once.",
            n_steps=n_steps,
        )
