"""The commands of docs/scale.md, word for word: the first user's road, and jobs of three schedulers."""

import re
import shlex

import pytest
import yaml
from typer.testing import CliRunner

from spacy_hat.cli import app

from ..support.annotations import read, save_model
from ..support.page_blocks import block_of
from ..support.pipelines import make_text
from ..support.project import ROOT

PAGE = ROOT / "docs" / "scale.md"
N_TEXTS = 5


@pytest.fixture
def workplace(hat_folder, tmp_path, monkeypatch):
    """RETURNS (Path): The current folder, with a pipeline and texts under the names of the page."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "training" / "textcat").mkdir(parents=True)
    save_model(hat_folder, tmp_path, "textcat").rename(tmp_path / "training" / "textcat" / "model-best")
    for name in ("speeches", "corpus"):
        (tmp_path / name).mkdir()
        for n in range(N_TEXTS):
            (tmp_path / name / f"{n}.txt").write_text(make_text(n), encoding="utf8")
    return tmp_path


def annotate(line):
    words = shlex.split(line)
    assert words[:5] == ["python", "-m", "spacy", "hat", "annotate"]
    result = CliRunner().invoke(app, words[3:])
    assert result.exit_code == 0, result.output


def test_scale_page_leads_from_a_folder_of_texts_to_answers_in_three_commands(workplace, capfd):
    pytest.importorskip("duckdb")
    install, run, query = block_of(PAGE, "bash", "duckdb").splitlines()
    assert install.startswith("python -m pip install")
    annotate(run)
    words = shlex.split(query)
    assert words[:2] == ["python", "-c"]
    exec(compile(words[2], "scale.md", "exec"), {})
    shown = capfd.readouterr().out
    assert all(f"{n}.txt" in shown for n in range(N_TEXTS))
    assert "DISMISSED=" in shown


def commands(scheduler):
    """RETURNS (list[str]): The commands that the jobs of a scheduler run, with their numbers."""
    if scheduler == "slurm":
        block = block_of(PAGE, "bash", "#SBATCH")
        first, last = map(int, re.findall(r"--array=(\d+)-(\d+)", block)[0])
        line = block.splitlines()[-1]
        return [line.replace("$SLURM_ARRAY_TASK_ID", str(n)) for n in range(first, last + 1)]
    if scheduler == "parallel":
        words = re.fullmatch(r"seq (\d+) \| parallel -j \d+ (.*)", block_of(PAGE, "bash", "parallel").strip())
        return [words[2].replace("{}", str(n)) for n in range(1, int(words[1]) + 1)]
    job = yaml.safe_load(block_of(PAGE, "yaml", "kind: Job"))["spec"]
    (line,) = job["template"]["spec"]["containers"][0]["args"]
    line = line.replace("/data/model", "training/textcat/model-best").replace("/data/", "")
    return [line.replace("$((JOB_COMPLETION_INDEX + 1))", str(n + 1)) for n in range(job["completions"])]


@pytest.mark.parametrize("scheduler", ["slurm", "parallel", "kubernetes"])
def test_scale_page_has_jobs_that_cover_all_shares(workplace, scheduler):
    lines = commands(scheduler)
    shares = [re.findall(r"--shard (\d+)/(\d+)$", line)[0] for line in lines]
    assert shares == [(str(n), str(len(lines))) for n in range(1, len(lines) + 1)]
    annotate(lines[0])
    assert [row["id"] for row in read(workplace / "annotated")] == [f"{n}.txt" for n in range(N_TEXTS)]
