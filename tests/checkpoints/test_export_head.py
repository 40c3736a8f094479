"""A pipeline as a checkpoint: the same probabilities, what it loads with, and a clear no where no head is equal."""

import json
from typing import get_args

import numpy as np
import pytest
import spacy
import torch
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from spacy_hat.checkpoints.export_head import export_checkpoint
from spacy_hat.checkpoints.import_head import import_checkpoint
from spacy_hat.choices import Pooling
from spacy_hat.layers.document_ensemble import set_weights
from spacy_hat.modeling import HATModel

from ..support.fine_tuned import CLASSES, KINDS, LABELS, PROBLEMS, TEXTS, answers, encode, predictions, save_head
from ..support.pipelines import OURS, initialize, make_nlp, make_text, train

# {component: settings of the encoder with which it can be exported}
EXPORTABLE = {
    "textcat": {},
    "textcat_multilabel": {"output": "segments"},
    "spancat": {"output": "segments", "packing": "sentences"},
    "spancat_singlelabel": {"output": "segments", "packing": "sentences"},
}
tasks = pytest.mark.parametrize("task", PROBLEMS)


@pytest.fixture(scope="module")
def trained(hat_folder):
    """RETURNS (dict[str, Language]): Component -> a pipeline with it, after a few steps."""
    pipelines = {}
    for task, settings in EXPORTABLE.items():
        pipelines[task] = make_nlp(hat_folder, task, **settings)
        train(pipelines[task], initialize(pipelines[task]), 3)
    return pipelines


def export(nlp, folder, component=None):
    exported = export_checkpoint(nlp, component)
    folder.mkdir(exist_ok=True)
    exported.to_disk(folder)
    return exported


def read_config(folder):
    return json.loads((folder / "config.json").read_text())


# --- the same probabilities -----------------------------------------------------------------------


@tasks
@pytest.mark.parametrize("text", TEXTS)
def test_export_gives_the_probabilities_of_the_pipeline(trained, tmp_path, task, text):
    exported = export(trained[task], tmp_path)
    model = CLASSES[KINDS[task]].from_pretrained(tmp_path)
    expected = predictions(trained[task], task, encode(trained[task], text))
    found = answers(model, trained[task], text, PROBLEMS[task])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert found.shape[-1] == len(exported.head.labels)


@pytest.mark.parametrize("pooling", get_args(Pooling))
def test_export_pools_as_the_pipeline(hat_folder, tmp_path, pooling):
    nlp = make_nlp(hat_folder)
    factory, config = OURS["textcat"]
    nlp.add_pipe(factory, config={"model": {**config["model"], "pooling": pooling}})
    train(nlp, initialize(nlp), 2)
    exported = export(nlp, tmp_path)
    assert read_config(tmp_path)["pooling"] == pooling
    model = CLASSES["documents"].from_pretrained(tmp_path)
    expected = predictions(nlp, "textcat", encode(nlp, TEXTS[0]))
    np.testing.assert_allclose(answers(model, nlp, TEXTS[0], PROBLEMS["textcat"]), expected, rtol=0, atol=1e-5)
    assert any("take the maximum" in note for note in exported.notes) == (pooling == "mean")


def test_export_of_a_head_with_an_encoder_of_its_own(trained, tmp_path):
    nlp = spacy.blank("en").from_config(trained["textcat"].config).from_bytes(trained["textcat"].to_bytes())
    expected = predictions(nlp, "textcat", encode(nlp, TEXTS[0]))
    nlp.replace_listeners("transformer", "textcat", ["model.tok2vec"])
    export(nlp, tmp_path)
    found = answers(CLASSES["documents"].from_pretrained(tmp_path), trained["textcat"], TEXTS[0], PROBLEMS["textcat"])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


# --- there and back -------------------------------------------------------------------------------


@tasks
def test_export_of_an_import_is_the_checkpoint(tmp_path, task):
    (tmp_path / "hat").mkdir()
    save_head(tmp_path / "hat", task)
    export(import_checkpoint(str(tmp_path / "hat")).nlp, tmp_path / "again")
    cls = CLASSES[KINDS[task]]
    original, again = (cls.from_pretrained(tmp_path / name) for name in ("hat", "again"))
    for name, weight in original.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
    differing = {
        key
        for key, value in original.config.to_dict().items()
        if value != again.config.to_dict()[key] and key not in ("_name_or_path", "classifier_dropout")
    }
    assert not differing
    assert again.config.classifier_dropout == original.config.hidden_dropout_prob


@tasks
def test_import_of_an_export_is_the_pipeline(trained, tmp_path, task):
    nlp = trained[task]
    export(nlp, tmp_path)
    imported = import_checkpoint(str(tmp_path)).nlp
    assert imported.get_pipe(task).labels == nlp.get_pipe(task).labels
    expected, found = (predictions(one, task, encode(one, TEXTS[0])) for one in (nlp, imported))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


# --- the folder -----------------------------------------------------------------------------------


@tasks
def test_export_loads_with_auto_classes(trained, tmp_path, task):
    export(trained[task], tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert config.problem_type == PROBLEMS[task]
    assert config.architectures == [CLASSES[KINDS[task]].__name__]
    assert isinstance(AutoModel.from_pretrained(tmp_path), HATModel)
    assert AutoTokenizer.from_pretrained(tmp_path)("the court")["input_ids"]
    if KINDS[task] == "documents":
        model = AutoModelForSequenceClassification.from_pretrained(tmp_path)
        found = answers(model, trained[task], TEXTS[0], PROBLEMS[task])
        expected = predictions(trained[task], task, encode(trained[task], TEXTS[0]))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_export_names_the_labels(trained, tmp_path):
    export(trained["textcat"], tmp_path)
    config = read_config(tmp_path)
    labels = trained["textcat"].get_pipe("textcat").labels
    assert config["id2label"] == {str(number): label for number, label in enumerate(labels)}
    assert config["label2id"] == {label: number for number, label in enumerate(labels)}


def test_export_says_every_setting(trained, tmp_path):
    export(trained["textcat"], tmp_path)
    assert {"pooling", "pool_padding", "document_position_embeddings", "encoder_layout"} <= read_config(tmp_path).keys()


def test_export_of_the_older_type_is_of_the_newer(tmp_path):
    (tmp_path / "hat").mkdir()
    save_head(tmp_path / "hat")
    config = read_config(tmp_path / "hat")
    (tmp_path / "hat" / "config.json").write_text(json.dumps({**config, "model_type": "hi-transformer"}))
    nlp = import_checkpoint(str(tmp_path / "hat")).nlp
    export(nlp, tmp_path / "again")
    assert read_config(tmp_path / "again")["model_type"] == "hierarchical-transformer"
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "again")
    expected = predictions(nlp, "textcat", encode(nlp, TEXTS[0]))
    np.testing.assert_allclose(answers(model, nlp, TEXTS[0], PROBLEMS["textcat"]), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("licence", ["", "mit"])
def test_export_writes_a_model_card(trained, tmp_path, licence, monkeypatch):
    monkeypatch.setitem(trained["textcat"]._meta, "license", licence)
    export(trained["textcat"], tmp_path)
    card = (tmp_path / "README.md").read_text()
    assert ("license: mit" in card) == bool(licence)
    assert "pipeline_tag: text-classification" in card
    assert "* DISMISSED\n* ALLOWED" in card
    assert "(documents, segments * 12)" in card


def test_export_leaves_the_pipeline_alone(trained, tmp_path):
    before = trained["spancat"].to_bytes()
    export(trained["spancat"], tmp_path)
    assert trained["spancat"].to_bytes() == before


# --- labels and report ----------------------------------------------------------------------------


def test_export_of_a_negative_label_is_a_label(trained, tmp_path):
    exported = export(trained["spancat_singlelabel"], tmp_path)
    assert exported.head.labels == [*trained["spancat_singlelabel"].get_pipe("spancat_singlelabel").labels, "no_label"]
    assert any("'no_label'" in note for note in exported.notes)


def test_export_of_a_negative_label_that_is_never_given_has_none(tmp_path):
    (tmp_path / "hat").mkdir()
    nlp = import_checkpoint(str(save_head(tmp_path / "hat", "spancat_singlelabel"))).nlp
    exported = export(nlp, tmp_path / "again")
    assert exported.head.labels == LABELS
    assert exported.head.weights["classifier.bias"].shape == (len(LABELS),)


def test_export_says_what_it_leaves_behind(trained, tmp_path):
    notes = export(trained["spancat"], tmp_path).notes
    (left,) = [note for note in notes if note.startswith("Left behind")]
    assert "threshold = 0.5" in left
    assert any("processor_config.json (HATProcessor)" in note for note in notes)
    assert not any("Components left behind" in note for note in notes)


def test_export_writes_how_the_pipeline_reads(trained, tmp_path):
    export(trained["spancat"], tmp_path)
    said = json.loads((tmp_path / "processor_config.json").read_text())
    assert said == {
        "processor_class": "HATProcessor",
        "segment_length": 12,
        "max_segments": 6,
        "packing": "sentences",
        "overflow": "window",
        "lang": "en",
        "sentences": [{"component": "sentencizer", "punct_chars": None, "overwrite": False}],
    }


def test_export_leaves_words_behind_and_says_so(hat_folder, tmp_path):
    nlp = make_nlp(hat_folder, "ensemble")
    train(nlp, initialize(nlp), 3)
    exported = export(nlp, tmp_path)
    assert any(note.startswith("Words beside the encoder were left behind") for note in exported.notes)
    set_weights(nlp.get_pipe("ensemble").model, 1.0, 0.0)
    model = CLASSES[KINDS["textcat"]].from_pretrained(tmp_path)
    text = make_text(3)
    found = answers(model, nlp, text, PROBLEMS["textcat"])
    np.testing.assert_allclose(found, nlp.get_pipe("ensemble").predict([encode(nlp, text)])[0], atol=1e-5)


def test_export_says_that_halves_were_added(trained, tmp_path):
    assert any("were added up" in note for note in export(trained["spancat"], tmp_path).notes)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("components", "encoder", "wanted", "message"),
    [
        (["spancat"], {"packing": "sentences"}, None, "reads the pieces.*Got: output = 'pieces'.*Expected: 'segments'"),
        (["spancat"], {"output": "segments"}, None, "labels segments.*Got: packing = 'greedy'"),
        (
            ["sentence_chain"],
            {"packing": "sentences"},
            None,
            "chain labels the sentences.*before `spacy hat calibrate`",
        ),
        (["stock_textcat"], {}, "stock_textcat", "cannot be exported: its model is .*DocumentClassifier.v1"),
        (["stock_textcat"], {}, None, "Got: none, among sentencizer, transformer, stock_textcat.*Train one"),
        (["textcat", "textcat_multilabel"], {}, None, "Got: textcat, textcat_multilabel, among.*Name it with"),
        (["textcat"], {}, "spancat", "no text or span categorizer 'spancat'.*Expected: textcat. Correct"),
        (["tagger"], {}, "tagger", "no text or span categorizer 'tagger'"),
        ([], {}, None, "Got: none"),
    ],
    ids=str,
)
def test_export_that_no_head_is_equal_to_is_an_error(hat_folder, components, encoder, wanted, message):
    nlp = make_nlp(hat_folder, *components, **encoder)
    train(nlp, initialize(nlp), 1)
    with pytest.raises(ValueError, match=message):
        export_checkpoint(nlp, wanted)


def test_export_of_spans_that_are_no_sentences_is_an_error(hat_folder):
    nlp = make_nlp(hat_folder, output="segments", packing="sentences")
    factory, config = OURS["spancat"]
    ngrams = {"@misc": "spacy.ngram_suggester.v1", "sizes": [2]}
    nlp.add_pipe(factory, config={**config, "suggester": ngrams})
    initialize(nlp)
    with pytest.raises(ValueError, match="labels segments, and its spans are not segments"):
        export_checkpoint(nlp)


def test_export_without_the_encoder_is_an_error(trained, tmp_path):
    trained["textcat"].to_disk(tmp_path)
    nlp = spacy.load(tmp_path, exclude=["transformer"])
    with pytest.raises(ValueError, match=r"reads no HAT.*not disabled or excluded"):
        export_checkpoint(nlp)


def test_export_of_a_label_with_the_name_of_the_negative_one_is_an_error(hat_folder):
    nlp = make_nlp(hat_folder, "spancat_singlelabel", **EXPORTABLE["spancat_singlelabel"])
    nlp.get_pipe("spancat_singlelabel").add_label("no_label")
    train(nlp, initialize(nlp), 1)
    with pytest.raises(ValueError, match=r"has a label 'no_label'.*Rename yours"):
        export_checkpoint(nlp)


def test_export_of_one_of_several_heads(hat_folder, tmp_path):
    nlp = make_nlp(hat_folder, "textcat", "textcat_multilabel")
    initialize(nlp)
    for task in ("textcat", "textcat_multilabel"):
        export(nlp, tmp_path / task, task)
        assert read_config(tmp_path / task)["problem_type"] == PROBLEMS[task]
