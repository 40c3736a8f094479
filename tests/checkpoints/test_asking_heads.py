"""Fine-tuned heads that answer questions or choose: into a pipeline and out of it, with the same logits."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch

from spacy_hat.checkpoints.export_head import export_checkpoint
from spacy_hat.checkpoints.import_head import import_checkpoint
from spacy_hat.layers.hat_model import get_shim
from spacy_hat.layers.pair_encoder import pack
from spacy_hat.layers.question_answering import PieceLogits
from spacy_hat.packing.pairs import Pair

from ..support.asked import COSTS, HEADS, OUTCOMES, TASKS, asking_head, make_asking, padded, start_asking
from ..support.pipelines import initialize, make_nlp

TEXTS = ["the appeal was dismissed. costs follow. the court held that.", "hello world.", ""]
tasks = pytest.mark.parametrize("task", TASKS)


def folder_in(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


def pairs_for(nlp: Any) -> list[Pair]:
    texts = [(COSTS,)] if nlp.pipe_names[-1] == "hat_qa" else [(COSTS, option) for option in OUTCOMES]
    docs = [nlp.get_pipe("sentencizer")(nlp.make_doc(text)) for text in TEXTS]
    return [Pair(asked, doc) for doc in docs for asked in texts]


def found_by(nlp: Any) -> np.ndarray:
    scored = nlp.get_pipe(nlp.pipe_names[-1]).model.predict(pairs_for(nlp))
    return np.asarray(scored.logits if isinstance(scored, PieceLogits) else scored)


def expected_of(folder: Path, nlp: Any) -> np.ndarray:
    """What the published head says of what the pipeline packs."""
    task = nlp.pipe_names[-1]
    model = HEADS[task].from_pretrained(folder)
    layers = nlp.get_pipe(task).model
    length = get_shim(layers.layers[0]).encoder.config.segment_length
    found = []
    for packed in pack(layers.layers[0], pairs_for(nlp), layers.attrs["leads"]).pairs:
        inputs = padded(packed, length)
        with torch.no_grad():
            if task == "hat_qa":
                output = model(**inputs)
                both = torch.stack([output.start_logits[0], output.end_logits[0]], dim=-1)
                found.append(both[inputs["attention_mask"][0].bool()])
            else:
                found.append(model(**{name: value[:, None] for name, value in inputs.items()}).logits)
    return torch.cat(found).numpy()


@tasks
@pytest.mark.parametrize("leads", ["segments", "windows"])
def test_import_gives_the_logits_of_the_checkpoint(tmp_path: Path, task: str, leads: Any) -> None:
    imported = import_checkpoint(str(asking_head(tmp_path, task)), leads=leads)
    assert imported.nlp.pipe_names == ["sentencizer", task]
    np.testing.assert_allclose(found_by(imported.nlp), expected_of(tmp_path, imported.nlp), rtol=0, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "attentive", "first"])
def test_import_of_a_choice_pools_as_the_checkpoint(tmp_path: Path, pooling: str) -> None:
    imported = import_checkpoint(str(asking_head(tmp_path, "hat_choice", pooling=pooling)))
    np.testing.assert_allclose(found_by(imported.nlp), expected_of(tmp_path, imported.nlp), rtol=0, atol=1e-5)


@tasks
def test_import_is_saved_and_loaded(tmp_path: Path, task: str) -> None:
    imported = import_checkpoint(str(asking_head(folder_in(tmp_path, "head"), task)), lang="de")
    imported.nlp.to_disk(tmp_path / "pipeline")
    nlp = spacy.load(tmp_path / "pipeline")
    assert nlp.lang == "de"
    np.testing.assert_allclose(found_by(nlp), found_by(imported.nlp), atol=1e-6)


@tasks
def test_import_says_where_it_takes_questions_to_stand(tmp_path: Path, task: str) -> None:
    asking_head(tmp_path, task)
    assert any("(--leads segments)" in note for note in import_checkpoint(str(tmp_path)).notes)
    assert not any("--leads" in note for note in import_checkpoint(str(tmp_path), leads="windows").notes)


@tasks
def test_import_takes_no_task(tmp_path: Path, task: str) -> None:
    with pytest.raises(ValueError, match=f"task is 'textcat', but this head is for {task} and nothing else"):
        import_checkpoint(str(asking_head(tmp_path, task)), task="textcat")


@tasks
@pytest.mark.parametrize("leads", ["segments", "windows"])
def test_export_gives_the_logits_of_the_pipeline(asking_hat: Path, tmp_path: Path, task: str, leads: str) -> None:
    nlp, _ = start_asking(asking_hat, task, leads=leads)
    random = np.random.default_rng(0)
    output = nlp.get_pipe(task).model.get_ref("output_layer")  # type: ignore[attr-defined]
    output.set_param("W", random.normal(size=output.get_param("W").shape).astype("float32"))
    exported = export_checkpoint(nlp)
    assert exported.head.class_name == HEADS[task].__name__
    exported.to_disk(tmp_path)
    np.testing.assert_allclose(found_by(nlp), expected_of(tmp_path, nlp), rtol=0, atol=1e-5)
    again = import_checkpoint(str(tmp_path))
    assert json.loads((tmp_path / "config.json").read_text())["leads"] == leads
    assert not any("--leads" in note for note in again.notes)
    np.testing.assert_allclose(found_by(again.nlp), found_by(nlp), rtol=0, atol=1e-5)


@tasks
def test_export_writes_a_card_that_says_how_it_reads(asking_hat: Path, tmp_path: Path, task: str) -> None:
    nlp, _ = start_asking(asking_hat, task)
    exported = export_checkpoint(nlp)
    exported.to_disk(tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf8")
    assert "each segment begins with what is asked, and a separator" in card
    assert HEADS[task].__name__ in card
    assert "## Labels" not in card
    assert any("before them yourself" in note for note in exported.notes)


def test_export_takes_the_component_that_is_named(asking_hat: Path) -> None:
    nlp = make_nlp(asking_hat, "textcat")
    other, _ = start_asking(asking_hat)
    initialize(nlp)
    nlp.add_pipe("hat_qa", source=other)
    assert export_checkpoint(nlp, "hat_qa").head.kind == "answers"
    assert export_checkpoint(make_initialized(asking_hat)).head.kind == "choices"


def make_initialized(asking_hat: Path) -> Any:
    nlp = make_asking(asking_hat, "hat_choice")
    nlp.initialize()
    return nlp
