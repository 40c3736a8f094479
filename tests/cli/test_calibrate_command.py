"""`python -m spacy hat calibrate`: the pipeline it writes, what it says, and what it will not overwrite."""

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_hat.cli import app

from ..support.pipelines import initialize, make_examples, make_nlp, train


@pytest.fixture(scope="module")
def pipeline(hat_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "pipeline"
    nlp = make_nlp(hat_folder, "spancat_singlelabel", packing="sentences")
    train(nlp, initialize(nlp), 3)
    nlp.to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def dev(pipeline, tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "dev.spacy"
    examples = make_examples(spacy.load(pipeline), n_docs=6)
    DocBin(docs=[example.reference for example in examples]).to_disk(path)
    return path


def run(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and all that was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", "calibrate", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize("with_train", [False, True])
def test_calibrate_command_writes_a_pipeline_with_a_chain(pipeline, dev, tmp_path, with_train):
    options = ["--train", dev] if with_train else []
    status, output = run(pipeline, dev, tmp_path / "calibrated", *options)
    assert status == 0
    assert "spancat_singlelabel, 30 sentences of dev accuracy loss ECE" in output
    assert "Saved the pipeline, with spacy-hat.SentenceChain.v1" in output
    assert spacy.load(tmp_path / "calibrated").get_pipe("spancat_singlelabel").model.name == "sentence_chain"
    assert [path.name for path in tmp_path.iterdir()] == ["calibrated"]


def test_calibrate_command_does_not_overwrite_the_pipeline(pipeline, dev):
    status, output = run(pipeline, dev, pipeline, "--force")
    assert status == 1
    assert "Cannot write" in output


@pytest.mark.parametrize("option", ["dev", "train"])
def test_calibrate_command_says_which_documents_are_missing(pipeline, dev, tmp_path, option):
    arguments = ["nowhere.spacy"] if option == "dev" else [dev, "--train", "nowhere.spacy"]
    status, output = run(pipeline, arguments[0], tmp_path / "calibrated", *arguments[1:])
    assert status == 1
    assert "nowhere.spacy is not there" in output


def test_calibrate_command_names_the_component_that_is_not_there(pipeline, dev, tmp_path):
    status, output = run(pipeline, dev, tmp_path / "calibrated", "--component", "ner")
    assert status == 1
    assert "no component to calibrate. Got: 'ner'" in output
    assert not (tmp_path / "calibrated").exists()


def test_calibrate_command_draws_how_often_a_score_is_right(pipeline, dev, tmp_path):
    status, output = run(pipeline, dev, tmp_path / "calibrated", "--plot", tmp_path / "scores.svg")
    assert status == 0
    assert "scores.svg" in output
    assert "<svg" in (tmp_path / "scores.svg").read_text(encoding="utf8")


def test_calibrate_command_does_not_overwrite_a_picture_of_others(pipeline, dev, tmp_path):
    (tmp_path / "photo.svg").write_text("<svg/>", encoding="utf8")
    status, output = run(pipeline, dev, tmp_path / "calibrated", "--plot", tmp_path / "photo.svg", "--force")
    assert status == 1
    assert "not made by spacy-hat" in output


def test_calibrate_command_puts_words_beside_a_document_classifier(hat_folder, dev, tmp_path):
    nlp = make_nlp(hat_folder, "textcat")
    train(nlp, initialize(nlp), 1)
    nlp.to_disk(tmp_path / "pipeline")
    picture = tmp_path / "dev.svg"
    status, output = run(tmp_path / "pipeline", dev, tmp_path / "both", "--train", dev, "--plot", picture)
    assert status == 0
    assert "textcat, 6 documents of dev accuracy macro-F1 loss ECE" in output
    assert "Saved the pipeline, with spacy-hat.DocumentEnsemble.v1" in output
    assert spacy.load(tmp_path / "both").get_pipe("textcat").model.name == "document_ensemble"
    assert "ECE" in picture.read_text()


def test_calibrate_command_wants_documents_to_learn_words_from(hat_folder, dev, tmp_path):
    nlp = make_nlp(hat_folder, "textcat")
    initialize(nlp)
    nlp.to_disk(tmp_path / "pipeline")
    status, output = run(tmp_path / "pipeline", dev, tmp_path / "both")
    assert status == 1
    assert "no words to weigh" in output
    assert not (tmp_path / "both").exists()
