"""docs/hugging-face.md runs, block after block: trained with Trainer, imported, exported, and in ONNX Runtime."""

from pathlib import Path

import pytest
import spacy
from transformers import pipeline

from spacy_hat.hugging_face import HATProcessor

from ..support.fine_tuned import save_head
from ..support.pages import fresh_folder, type_page
from ..support.project import ROOT

TEXT = "The tenant pays the rent. The landlord repairs the roof."


@pytest.mark.slow
def test_hugging_face_page_runs_there_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("accelerate", "onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name)
    fresh_folder(tmp_path, monkeypatch)
    (tmp_path / "my-finetuned-hat").mkdir()
    save_head(tmp_path / "my-finetuned-hat")
    (tmp_path / "models").mkdir()
    printed = type_page(ROOT / "docs" / "hugging-face.md")
    assert [code for code, text in printed.items() if "print(" in code and not text] == []
    imported = spacy.load(tmp_path / "pipelines" / "fine-tuned")(TEXT).cats
    assert set(imported) == {"letter", "lease"}
    for folder in ("fine-tuned", "exported"):
        answers = pipeline("text-classification", model=str(tmp_path / "models" / folder), device=-1)(TEXT, top_k=None)
        assert {answer["label"]: answer["score"] for answer in answers} == pytest.approx(imported, abs=1e-5)
    processors = [HATProcessor.from_pretrained(tmp_path / "models" / name) for name in ("fine-tuned", "exported")]
    assert processors[0].to_dict() == processors[1].to_dict()


def test_hugging_face_page_names_every_task() -> None:
    from spacy_hat.hugging_face.registry import PLAIN_TASKS, TASKS
    from spacy_hat.modeling.files.pipeline_tasks import TEXT_TASKS

    page = (ROOT / "docs" / "hugging-face.md").read_text(encoding="utf8")
    assert [task for task in (*TASKS, *PLAIN_TASKS, *TEXT_TASKS) if f"`{task}`" not in page] == ["ner"]
