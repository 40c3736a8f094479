"""`spacy hat sample`: the documents come out as they are, and take the place of nothing else."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.samples.documents import read_sample


def sample(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["hat", "sample", *words])
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize("name", ["licences", "docstrings"])
def test_sample_command_writes_the_documents(tmp_path: Path, name: str) -> None:
    place = tmp_path / "new" / "docs.jsonl"
    status, printed = sample(str(place), "--name", name)
    assert status == 0, printed
    assert place.read_bytes() == read_sample(name)  # type: ignore[arg-type]
    assert "NumPy" in printed or "CC-BY-4.0" in printed


def test_sample_command_writes_to_stdout_and_nothing_else() -> None:
    result = CliRunner().invoke(app, ["hat", "sample", "-"])
    assert result.stdout_bytes == read_sample("licences")


def test_sample_command_replaces_nothing_unasked(tmp_path: Path) -> None:
    place = tmp_path / "docs.jsonl"
    place.write_text("mine", encoding="utf8")
    status, printed = sample(str(place))
    assert (status, place.read_text(encoding="utf8")) == (1, "mine")
    assert "replace it with --force" in printed


@pytest.mark.parametrize("content", ["mine", "", '{"text": "mine"}\n'])
def test_sample_command_with_force_replaces_no_other_documents(tmp_path: Path, content: str) -> None:
    place = tmp_path / "docs.jsonl"
    place.write_text(content, encoding="utf8")
    status, printed = sample(str(place), "--force")
    assert (status, place.read_text(encoding="utf8")) == (1, content)
    assert "other documents than a sample" in printed


def test_sample_command_with_force_replaces_another_sample(tmp_path: Path) -> None:
    place = tmp_path / "docs.jsonl"
    assert sample(str(place), "--name", "docstrings")[0] == 0
    assert sample(str(place), "--force")[0] == 0
    assert place.read_bytes() == read_sample("licences")
