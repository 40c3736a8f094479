"""`spacy hat pretrain`: a line for each log, and what came of it."""

import pytest
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.cli.pretrain import Lines, print_report
from spacy_hat.pretraining.run import Report

from ..support.pretraining import save_corpus, save_hat

HIDDEN = {"hidden_choice": 5.0, "hidden_choice_off": 5.25, "gauge": 0.25}


@pytest.mark.slow
def test_pretrain_says_how_it_goes_and_that_it_is_finished(tmp_path):
    pytest.importorskip("accelerate")
    words = ["hat", "pretrain", str(save_hat(tmp_path)), str(save_corpus(tmp_path)), str(tmp_path / "out")]
    options = ["--max-steps", "2", "--batch-pieces", "100", "--objective", "segments,choice=0.5", "--cpu"]
    first = CliRunner().invoke(app, [*words, *options])
    assert first.exit_code == 0, first.output
    lines = [line.split() for line in first.stderr.splitlines() if line.strip()]
    assert lines[0][:3] == ["step", "loss", "hidden_segments"]
    assert [line[0] for line in lines[1:4]] == ["0", "1", "2"]
    assert "The gauge was" in first.output
    again = CliRunner().invoke(app, [*words, *options])
    assert "it was made of just this" in again.output


def test_lines_name_their_figures_once_and_tell_the_time_left(capsys):
    lines = Lines(100)
    lines.show({"step": 0, **HIDDEN})
    lines.show({"step": 50, "loss": 4.0, "learning_rate": 1.0, **HIDDEN})
    header, first, second = (line.split() for line in capsys.readouterr().err.splitlines())
    assert header == ["step", "loss", "hidden_choice", "hidden_choice_off", "gauge", "minutes", "left"]
    assert first == ["0", "5.000", "5.250", "0.250"]
    assert second[:5] == ["50", "4.000", "5.000", "5.250", "0.250"]
    assert len(second) == 6


def logs(*gauges):
    return tuple({"step": step, "gauge": gauge} for step, gauge in enumerate(gauges))


@pytest.mark.parametrize(
    ("report", "said", "unsaid"),
    [
        (Report(logs=logs(0.0, 0.5)), "The gauge was 0.000 at the start, and is 0.500", "not grown"),
        (Report(logs=logs(0.5, 0.5)), "It has not grown", "Went on"),
        (Report(logs=logs(0.0, 0.5), began_at=1200), "Went on after step 1,200", "not grown"),
        (Report(logs=logs(0.0, 0.5), has_picture=False), "No picture of the curves", "not grown"),
    ],
)
def test_report_says_what_matters(report, said, unsaid, tmp_path, capsys):
    print_report(report, tmp_path)
    shown = capsys.readouterr().out
    assert said in shown
    assert unsaid not in shown
