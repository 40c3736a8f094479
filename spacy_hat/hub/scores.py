"""The scores of a trained pipeline, as its meta.json has them, for people and for the hub."""

from dataclasses import dataclass, field
from typing import Any

from huggingface_hub import EvalResult
from spacy.language import Language

from ..pipeline.measured_scores import keep_measured

# What the hub calls a score, by the end of spaCy's name for it.
METRICS = {"_p": "precision", "_r": "recall", "_f": "f1", "_acc": "accuracy", "_auc": "roc_auc"}
METRICS |= {"_f1": "f1", "_em": "exact_match"}
# The hub's tasks, by the beginning of spaCy's name for a score. Of other scores it is told nothing.
TASKS = {"cats": "text-classification", "spans": "token-classification", "ents": "token-classification"}
TASKS |= {"tag": "token-classification", "qa": "question-answering"}
PARTS = ("p", "r", "f")


@dataclass(frozen=True)
class Scores:
    """What was measured.

    whole (dict[str, float]): Scores of the pipeline, by spaCy's names.
    by_label (dict[str, dict[str, Any]]): spaCy's name of a score for each label -> label -> its numbers, or one.
    words (dict[str, str]): What spaCy says in words, such as which score `cats_score` is.
    """

    whole: dict[str, float] = field(default_factory=dict)
    by_label: dict[str, dict[str, Any]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)


def scores_of(nlp: Language) -> Scores:
    """RETURNS (Scores): What meta.json has of scores that were measured; losses are not scores."""
    found = Scores()
    performance = keep_measured(nlp).meta["performance"]
    for name, value in performance.items():
        if isinstance(value, bool) or name.endswith("_loss"):
            continue
        if isinstance(value, (int, float)):
            found.whole[name] = float(value)
        elif isinstance(value, dict) and value:
            found.by_label[name] = value
        elif isinstance(value, str):
            found.words[name] = value
    return found


def eval_results(scores: Scores, data: str) -> list[EvalResult]:
    """Put scores as the hub's pages show them.

    scores (Scores): What was measured.
    data (str): What it was measured on.
    RETURNS (list[EvalResult]): One for each score that is a share, of tasks that the hub knows.
    """
    return [
        EvalResult(
            task_type=TASKS[name.partition("_")[0]],
            dataset_type=data,
            dataset_name=data,
            metric_type=next((metric for end, metric in METRICS.items() if name.endswith(end)), name),
            metric_name=name,
            metric_value=round(value, 4),
        )
        for name, value in scores.whole.items()
        if name.partition("_")[0] in TASKS and 0.0 <= value <= 1.0
    ]


def label_rows(numbers: dict[str, Any]) -> tuple[tuple[str, ...], list[list[object]]]:
    """RETURNS (tuple[tuple[str, ...], list[list[object]]]): Header and rows of a table, a row for each label."""
    has_parts = all(isinstance(value, dict) for value in numbers.values())
    header = ("label", *(("precision", "recall", "F") if has_parts else ("score",)))
    rows: list[list[object]] = []
    for label, value in numbers.items():
        found = [value.get(part) for part in PARTS] if isinstance(value, dict) else [value]
        rows.append([label, *(shown(number) for number in found)])
    return header, rows


def shown(number: object) -> str:
    """RETURNS (str): A score with four places; a dash where there is none."""
    return f"{number:.4f}" if isinstance(number, (int, float)) else "-"
