"""docs/training.md runs, block after block, on small data in the forms that it shows."""

import csv
import json
import re
import shlex
from pathlib import Path

import pytest
import spacy.cli  # noqa: F401 (fills the app with spaCy's own commands)
from transformers import BertConfig, BertModel
from typer.testing import CliRunner

from spacy_hat.cli import app

from .support.project import ROOT
from .support.tokenizers_tiny import wordpiece_tokenizer

PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf8")
BLOCKS = re.findall(r"(?:<!-- file: (\S+) -->\n)?```(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)
FILES = {name: content for name, _, content in BLOCKS if name}
COPIES = 12


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an encoder under the name that the page has, and its files, a few times over."""
    tokenizer = wordpiece_tokenizer()
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16, "num_hidden_layers": 12}
    BertModel(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(tmp_path / "bert-base-uncased")
    tokenizer.save_pretrained(tmp_path / "bert-base-uncased")
    for name, content in FILES.items():
        head, _, rows = content.partition("\n") if name.endswith(".csv") else ("", "", content)
        # Each copy says another number: documents of one text stay in one part.
        copies = "".join(rows.replace("is due", f"is due {number} times") for number in range(COPIES))
        (tmp_path / name).write_text(f"{head}\n" * bool(head) + copies, encoding="utf8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str) -> str:
    """Run a command of the page in this process. RETURNS (str): What it printed."""
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "spacy"]
    extra = ["--training.max_steps", "2", "--training.eval_frequency", "1"] if words[3] == "train" else []
    result = CliRunner().invoke(app, [*words[3:], *extra])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_training_page_runs(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = {}
    for name, language, content in BLOCKS:
        if language == "bash":
            printed |= {line: run(line) for line in content.strip().splitlines()}
        elif language == "python":
            capsys.readouterr()
            exec(content, {})
            printed[content] = capsys.readouterr().out
            assert printed[content]
        else:
            assert name
    assert {path.name for path in (workplace / "corpus").iterdir()} == {"train.spacy", "dev.spacy", "test.spacy"}
    assert "cats_macro_f" in json.loads((workplace / "training" / "test.json").read_text())
    assert "spans_sc_f" in json.loads((workplace / "training" / "clauses.json").read_text())
    equal = [text for text in printed.values() if "annotated spans equal a sentence" in text]
    assert len(equal) == 1
    assert "100.0% of" in equal[0]


def test_training_page_shows_data_as_it_must_be() -> None:
    rows = list(csv.DictReader(FILES["contracts.csv"].splitlines()))
    assert {tuple(row) for row in rows} == {("body", "kind")}
    assert all(json.loads(line)["sentences"] for line in FILES["clauses.jsonl"].splitlines())


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", PAGE))))
def test_training_page_links_to_pages_that_are_there(link: str) -> None:
    assert (ROOT / "docs" / link).exists()
