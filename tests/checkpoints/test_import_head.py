"""A fine-tuned HAT as a pipeline: the same probabilities, its labels, and a clear no where that cannot be."""

import json
import shutil
from typing import get_args

import numpy as np
import pytest
import spacy
import torch
from safetensors.torch import load_file, save_file
from spacy.tokens import Doc

from spacy_hat.checkpoints.import_head import import_checkpoint
from spacy_hat.choices import Pooling
from spacy_hat.modeling import HATModel

from ..support.fine_tuned import (
    CLASSES,
    KINDS,
    LABELS,
    PROBLEMS,
    TEXTS,
    answers,
    encode,
    predictions,
    probabilities,
    save_head,
    word_tokenizer,
)
from ..support.oracle import HEADS, SKIPPED
from ..support.pipelines import make_examples, train

tasks = pytest.mark.parametrize("task", PROBLEMS)


def edit_config(folder, **entries):
    """Change entries of config.json; None takes one out."""
    values = {**json.loads((folder / "config.json").read_text()), **entries}
    (folder / "config.json").write_text(json.dumps({k: v for k, v in values.items() if v is not None}))
    return folder


def edit_weights(folder, edit):
    weights = load_file(folder / "model.safetensors")
    edit(weights)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


# --- the same probabilities -----------------------------------------------------------------------


@tasks
@pytest.mark.parametrize("text", TEXTS)
def test_import_gives_the_probabilities_of_the_checkpoint(tmp_path, task, text):
    imported = import_checkpoint(str(save_head(tmp_path, task)))
    model = CLASSES[KINDS[task]].from_pretrained(tmp_path)
    expected = answers(model, imported.nlp, text, PROBLEMS[task])
    found = predictions(imported.nlp, task, encode(imported.nlp, text))[..., : len(LABELS)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("pooling", get_args(Pooling))
@pytest.mark.parametrize("text", TEXTS)
def test_import_pools_as_the_checkpoint(tmp_path, pooling, text):
    imported = import_checkpoint(str(save_head(tmp_path, pooling=pooling)))
    expected = answers(CLASSES["documents"].from_pretrained(tmp_path), imported.nlp, text, PROBLEMS["textcat"])
    doc = imported.nlp(text)
    np.testing.assert_allclose([doc.cats[label] for label in LABELS], expected, rtol=0, atol=1e-5)


@tasks
def test_import_survives_saving(tmp_path, task):
    (tmp_path / "hat").mkdir()
    nlp = import_checkpoint(str(save_head(tmp_path / "hat", task))).nlp
    nlp.to_disk(tmp_path / "pipeline")
    shutil.rmtree(tmp_path / "hat")  # the pipeline needs it no more
    loaded = spacy.load(tmp_path / "pipeline")
    expected, found = (predictions(one, task, encode(one, TEXTS[0])) for one in (nlp, loaded))
    np.testing.assert_array_equal(found, expected)


def test_import_labels_every_sentence(tmp_path):
    nlp = import_checkpoint(str(save_head(tmp_path, "spancat_singlelabel"))).nlp
    doc = nlp(TEXTS[0])
    model = CLASSES["segments"].from_pretrained(tmp_path)
    best = answers(model, nlp, TEXTS[0], PROBLEMS["spancat_singlelabel"]).argmax(axis=1)
    assert [span.text for span in doc.spans["sc"]] == [sentence.text for sentence in doc.sents]
    assert [span.label_ for span in doc.spans["sc"]] == [LABELS[number] for number in best]


def test_import_of_an_older_type_and_of_bin_files(tmp_path):
    save_head(tmp_path)
    expected = import_checkpoint(str(tmp_path)).nlp(TEXTS[0]).cats
    edit_config(tmp_path, model_type="hi-transformer", architectures=["HiTransformerForSequenceClassification"])
    torch.save(load_file(tmp_path / "model.safetensors"), tmp_path / "pytorch_model.bin")
    (tmp_path / "model.safetensors").unlink()
    assert import_checkpoint(str(tmp_path)).nlp(TEXTS[0]).cats == expected


def test_import_can_be_trained_further(tmp_path):
    spacy.util.fix_random_seed(0)
    torch.manual_seed(0)
    save_head(tmp_path, labels=["DISMISSED", "ALLOWED"], hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    nlp = import_checkpoint(str(tmp_path)).nlp
    nlp.remove_pipe("doc_cleaner")
    losses = [step["textcat"] for step in train(nlp, make_examples(nlp), 12)]
    assert losses[-1] < 0.5 * losses[0]


# --- the published implementation's recorded outputs ----------------------------------------------

ORACLE_TASKS = {
    "seqcls_max": "textcat",
    "seqcls_attentive": "textcat",
    "seqcls_first": "textcat",
    "sentcls_single": "spancat_singlelabel",
}
ORACLE = [case for case in HEADS if case.checkpoint.name in ORACLE_TASKS and case.folder == case.checkpoint]


def import_oracle(case, folder):
    """Import a recorded checkpoint, with words for its pieces. Its config.json says neither pooling nor problem."""
    shutil.copytree(case.checkpoint, folder, dirs_exist_ok=True)
    word_tokenizer(case.config["vocab_size"]).save_pretrained(folder)
    pooling = case.about["constructor_kwargs"].get("pooling")
    task = ORACLE_TASKS[case.checkpoint.name]
    options = {"task": task, "packing": "sentences", "document_positions": case.document_positions}
    return import_checkpoint(str(folder), pooling=pooling, **options), task


def doc_of(nlp, ids, mask, length):
    """Write piece ids as words, each segment as a sentence; the first piece of a segment is not a word."""
    segments = [ids[start : start + length][mask[start : start + length] == 1] for start in range(0, len(ids), length)]
    words = [f"w{piece}" for segment in segments for piece in segment[1:]]
    starts = [place == 0 for segment in segments for place in range(len(segment) - 1)]
    doc = Doc(nlp.vocab, words=words, sent_starts=starts)
    return nlp.get_pipe("transformer")(nlp.get_pipe("sentencizer")(doc))


@pytest.mark.parametrize("case", ORACLE or [SKIPPED], ids=str)
def test_import_gives_what_the_published_implementation_answered(case, tmp_path):
    imported, task = import_oracle(case, tmp_path)
    inputs, length = case.inputs, case.config["max_sentence_length"]
    masks = inputs["attention_mask"].reshape(len(inputs["input_ids"]), -1, length)
    n_compared = 0
    for number, (ids, mask) in enumerate(zip(inputs["input_ids"], inputs["attention_mask"], strict=True)):
        exists = masks[number].any(axis=1)
        # The published heads pool padded segments too, so documents without any; where only the first segment is read,
        # there may be some at the end.
        ends_in_padding = (exists[1:] <= exists[:-1]).all()
        if not (exists.all() or (case.checkpoint.name == "seqcls_first" and ends_in_padding)):
            continue
        found = predictions(imported.nlp, task, doc_of(imported.nlp, ids, mask, length))
        expected = probabilities(case.expected["logits"][number], PROBLEMS[task])
        np.testing.assert_allclose(found[..., : expected.shape[-1]], expected, rtol=0, atol=1e-5)
        n_compared += 1
    assert n_compared == (2 if case.checkpoint.name == "seqcls_first" else 1)


# --- labels ---------------------------------------------------------------------------------------


@tasks
def test_import_has_the_labels_in_their_order(tmp_path, task):
    imported = import_checkpoint(str(save_head(tmp_path, task)))
    assert imported.nlp.get_pipe(task).labels == tuple(LABELS)
    assert imported.labels == LABELS
    assert imported.nlp.pipe_names == ["sentencizer", "transformer", task, "doc_cleaner"]


@pytest.mark.parametrize(("option", "negative"), [({}, "no_label"), ({"negative_label": "Law"}, "Law")])
def test_import_of_a_label_that_means_none(tmp_path, option, negative):
    labels = ["Facts", negative, "Costs"]
    imported = import_checkpoint(str(save_head(tmp_path, "spancat_singlelabel", labels=labels)), **option)
    pipe = imported.nlp.get_pipe("spancat_singlelabel")
    assert pipe.labels == ("Facts", "Costs")
    expected = answers(
        CLASSES["segments"].from_pretrained(tmp_path), imported.nlp, TEXTS[0], PROBLEMS["spancat_singlelabel"]
    )
    found = predictions(imported.nlp, "spancat_singlelabel", encode(imported.nlp, TEXTS[0]))
    np.testing.assert_allclose(found, expected[:, [0, 2, 1]], rtol=0, atol=1e-5)
    assert len(imported.nlp(TEXTS[0]).spans["sc"]) == (expected.argmax(axis=1) != 1).sum()


def test_import_without_a_label_that_means_none_never_says_none(tmp_path):
    imported = import_checkpoint(str(save_head(tmp_path, "spancat_singlelabel")))
    found = predictions(imported.nlp, "spancat_singlelabel", encode(imported.nlp, TEXTS[0]))
    assert found.shape[1] == len(LABELS) + 1
    assert (found[:, -1] == 0).all()


# --- settings -------------------------------------------------------------------------------------


def test_import_by_task_where_the_problem_is_not_said(tmp_path):
    save_head(tmp_path, problem_type=None)
    for task in ("textcat", "textcat_multilabel"):
        assert import_checkpoint(str(tmp_path), task=task).head == task


def test_import_with_and_without_document_positions(tmp_path):
    save_head(tmp_path, document_position_embeddings=False)
    scores = [import_checkpoint(str(tmp_path), document_positions=on).nlp(TEXTS[0]).cats for on in (None, False, True)]
    assert scores[0] == scores[1]
    assert scores[1] != scores[2]


@pytest.mark.parametrize("packing", ["sentences", "greedy", "fixed"])
def test_import_packs_documents_as_asked(tmp_path, packing):
    nlp = import_checkpoint(str(save_head(tmp_path)), packing=packing).nlp
    assert nlp.get_pipe("transformer").model.attrs["packer"].packing == packing
    assert nlp.config["components"]["transformer"]["model"]["packing"] == packing


def test_import_packs_as_the_head_is_for(tmp_path):
    nlp = import_checkpoint(str(save_head(tmp_path))).nlp
    assert nlp.get_pipe("transformer").model.attrs["packer"].packing == "greedy"
    (tmp_path / "spans").mkdir()
    nlp = import_checkpoint(str(save_head(tmp_path / "spans", "spancat"))).nlp
    assert nlp.get_pipe("transformer").model.attrs["packer"].packing == "sentences"


def test_import_takes_dropout_and_language(tmp_path):
    nlp = import_checkpoint(str(save_head(tmp_path)), lang="de").nlp
    assert nlp.lang == "de"
    assert nlp.get_pipe("textcat").model.get_ref("hidden").attrs["dropout"] == 0.15
    edit_config(tmp_path, classifier_dropout=0.3)
    assert import_checkpoint(str(tmp_path)).nlp.get_pipe("textcat").model.get_ref("hidden").attrs["dropout"] == 0.3


def test_import_says_licence_and_source(tmp_path):
    (save_head(tmp_path) / "README.md").write_text("---\nlicense: cc-by-sa-4.0\n---\n")
    meta = import_checkpoint(str(tmp_path)).nlp.meta
    assert meta["license"] == "cc-by-sa-4.0"
    assert meta["sources"][0]["name"] == tmp_path.name


@pytest.mark.parametrize("revision", [None, "v2"])
def test_import_asks_the_hub_for_the_revision(monkeypatch, revision):
    asked = []

    def download(name, file, **options):
        asked.append(options.get("revision"))
        raise OSError("no network in this test")

    monkeypatch.setattr("spacy_hat.modeling.files.disk.hf_hub_download", download)
    with pytest.raises(ValueError, match="cannot be fetched from the hub"):
        import_checkpoint("some-owner/some-hat", revision=revision)
    assert asked == [revision]


# --- report ---------------------------------------------------------------------------------------


def test_import_says_where_every_weight_of_the_head_went(tmp_path):
    imported = import_checkpoint(str(save_head(tmp_path, "spancat")))
    assert imported.went == {
        "sentencizer.dense.weight": "hidden.W, its half for segments; that for pieces is zero",
        "sentencizer.dense.bias": "hidden.b",
        "classifier.weight": "linear.W",
        "classifier.bias": "linear.b",
    }


def test_import_says_what_it_did_not_read(tmp_path):
    edit_weights(save_head(tmp_path), lambda weights: weights.update({"lm_head.bias": torch.zeros(3)}))
    assert any("Not read" in note and "lm_head.bias" in note for note in import_checkpoint(str(tmp_path)).notes)


def test_import_says_what_it_had_to_assume(tmp_path):
    save_head(tmp_path)
    known = import_checkpoint(str(tmp_path)).notes
    edit_config(tmp_path, pooling=None, document_position_embeddings=None)
    notes = import_checkpoint(str(tmp_path)).notes
    assert [note for note in notes if note not in known and "does not say how segments are pooled" in note]
    assert [note for note in notes if note not in known and "whether document positions took part" in note]


def test_import_leaves_the_checkpoint_alone(tmp_path):
    save_head(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    import_checkpoint(str(tmp_path))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# --- refusals -------------------------------------------------------------------------------------

REFUSALS = [
    ("textcat", {}, {"task": "spancat"}, "labels documents: expected textcat or textcat_multilabel"),
    ("spancat", {}, {"task": "textcat"}, "labels segments: expected spancat_singlelabel or spancat"),
    ("textcat", {}, {"task": "textcat_multilabel"}, "problem_type in config.json is single_label_classification"),
    ("textcat", {"problem_type": None}, {}, "no problem_type.*--task textcat or textcat_multilabel"),
    ("spancat", {"problem_type": None}, {}, "no problem_type.*--task spancat_singlelabel or spancat"),
    ("textcat", {"problem_type": "regression"}, {}, "problem_type is 'regression', expected"),
    ("textcat", {"labels": ["Law"]}, {}, "has 1 label, expected two or more"),
    ("textcat", {"pooling": "last"}, {}, "pools by 'last'.*expected one of " + ", ".join(get_args(Pooling))),
    ("textcat", {"pool_padding": True}, {}, "pool_padding is true"),
    ("textcat", {}, {"pooling": "sum"}, "pooling is 'sum', expected one of"),
    ("textcat", {}, {"pooling": "attentive"}, "weights lack those of attentive pooling"),
    ("textcat", {"pooling": "attentive"}, {"pooling": "max"}, "weights have those of attentive pooling"),
    ("spancat", {}, {"packing": "greedy"}, "packing is 'greedy'.*expected 'sentences'"),
    ("textcat", {"labels": ["Law", "Law"]}, {}, "id2label.*expected a name of its own"),
    ("textcat", {"labels": ["Law", ""]}, {}, "id2label.*expected a name of its own"),
]


@pytest.mark.parametrize(("task", "settings", "options", "message"), REFUSALS)
def test_import_that_cannot_be_exact_is_an_error(tmp_path, task, settings, options, message):
    with pytest.raises(ValueError, match=message):
        import_checkpoint(str(save_head(tmp_path, task, **settings)), **options)


def test_import_pools_padding_by_first_exactly(tmp_path):
    assert import_checkpoint(str(save_head(tmp_path, pooling="first", pool_padding=True)))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"model_type": "bert"}, "of type 'bert', expected a HAT"),
        ({"architectures": ["HATForMaskedLM"]}, "the architectures HATForMaskedLM, expected"),
        ({"architectures": None}, r"the architectures \(none\)"),
        ({"hidden_size": 16}, r"does not fit its config.json:\n  misshapen: pooler.dense.weight \(32, 32\)"),
    ],
)
def test_import_of_something_else_is_an_error(tmp_path, entries, message):
    with pytest.raises(ValueError, match=message):
        import_checkpoint(str(edit_config(save_head(tmp_path), **entries)))


def test_import_of_an_encoder_alone_is_an_error(tmp_path):
    save_head(tmp_path)
    HATModel.from_pretrained(tmp_path).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="the architectures HATModel, expected"):
        import_checkpoint(str(tmp_path))


@pytest.mark.parametrize("name", ["pooler.dense.weight", "classifier.bias"])
def test_import_of_a_head_without_some_of_its_weights_is_an_error(tmp_path, name):
    edit_weights(save_head(tmp_path), lambda weights: weights.pop(name))
    with pytest.raises(ValueError, match=f"missing: {name}"):
        import_checkpoint(str(tmp_path))


def test_import_of_an_encoder_without_some_of_its_weights_is_an_error(tmp_path):
    name = "hi_transformer.encoder.layer.0.sentence_encoder.output.dense.bias"
    edit_weights(save_head(tmp_path), lambda weights: weights.pop(name))
    with pytest.raises(ValueError, match=r"missing: encoder\.layer\.0\.sentence_encoder\.output\.dense\.bias"):
        import_checkpoint(str(tmp_path))
