"""`debug` on what reads documents along with questions or options: it says how often, and takes the step."""

from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.util import load_config_from_str

from spacy_hat.training.config import training_config
from spacy_hat.training.debug import debug_corpus, debug_training
from spacy_hat.training.steps import Steps

from ..support.asked import EXAMPLES, TASKS

TEXTS = {"hat_qa": "'hat_qa' reads a document once for each of its questions: 16 times in all in train, 8 documents, 0"}
TEXTS["hat_choice"] = TEXTS["hat_qa"].replace("hat_qa", "hat_choice").replace("questions", "options")


def corpus(folder: Path, task: str) -> Path:
    docs = [example.reference for example in EXAMPLES[task](spacy.blank("en"), 8)]
    DocBin(docs=docs, store_user_data=True).to_disk(folder / "docs.spacy")
    return folder / "docs.spacy"


@pytest.mark.parametrize("task", TASKS)
def test_debug_says_how_often_documents_are_read(asking_hat: Path, tmp_path: Path, task: str) -> None:
    path = str(corpus(tmp_path, task))
    text = training_config(
        [task.removeprefix("hat_")], hat=str(asking_hat), steps=Steps(20, 10, 2), train=path, dev=path
    )
    report: Any = debug_training(load_config_from_str(text, interpolate=False))
    assert [message for message in report.findings.warnings if TEXTS[task] in message]
    # That train and dev are the same documents is what it finds besides.
    assert len(report.findings.problems) <= 1
    assert report.findings.problems or report.batch.losses.keys() == {task}


@pytest.mark.parametrize("task", TASKS)
def test_debug_of_a_corpus_alone_tells_what_it_is_for(asking_hat: Path, tmp_path: Path, task: str) -> None:
    report = debug_corpus(corpus(tmp_path, task), hat=str(asking_hat))
    assert report.findings.problems == []
    assert report.encoder is not None
    assert report.encoder.component == task
