"""NaN and infinity are errors where they appear, and cost next to nothing to look for."""

import math

import numpy as np
import pytest
import spacy
import torch
from thinc.api import NumpyOps

from spacy_hat.layers.finite import NotFiniteError, check_encoded
from spacy_hat.layers.output import scores
from spacy_hat.layers.shim import HATShim
from spacy_hat.modeling import HATModel, PackedInputs, load_tokenizer

from ..support.pipelines import encoder_of, initialize, make_nlp, train

STRANGE = [float("nan"), float("inf"), -float("inf")]
TEXT = "the appeal was dismissed. costs follow."


def spoil(encoder, number=float("nan")):
    with torch.no_grad():
        encoder.embeddings.word_embeddings.weight.fill_(number)


@pytest.mark.parametrize("number", STRANGE)
@pytest.mark.parametrize("row", [0, 3, -1])
def test_finite_finds_one_number_among_all(number, row):
    rows = torch.ones(7, 5)
    check_encoded(rows, "prediction")
    rows[row, 2] = number
    with pytest.raises(NotFiniteError, match=r"not finite in prediction.*Got: NaN or infinity.*lower learn rate"):
        check_encoded(rows, "prediction")


def test_finite_takes_no_rows():
    check_encoded(torch.zeros(0, 5), "prediction")


@pytest.mark.parametrize("output", ["pieces", "segments"])
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_finite_encoder_output_is_checked_in_prediction_and_training(hat_folder, output, precision):
    shim = HATShim(output=output, precision=precision)
    shim.load(HATModel.from_pretrained(hat_folder), load_tokenizer(hat_folder))
    inputs = PackedInputs(np.array([5, 6, 7]), np.array([3]), np.array([1]), np.array([0]))
    shim.predict(inputs)
    spoil(shim.encoder)
    with pytest.raises(NotFiniteError, match="in prediction"):
        shim.predict(inputs)
    with pytest.raises(NotFiniteError, match=r"in training.*mixed_precision = false"):
        shim.begin_update(inputs)


@pytest.mark.parametrize("exclusive_classes", [False, True])
@pytest.mark.parametrize("is_train", [False, True])
def test_finite_scores_are_checked(exclusive_classes, is_train):
    model = scores(exclusive_classes)
    model.ops = NumpyOps()
    logits = np.zeros((3, 2), dtype="float32")
    assert np.isfinite(model(logits, is_train)[0]).all()
    logits[1, 1] = math.nan
    with pytest.raises(NotFiniteError, match=r"scores of a head with 2 labels.*Got: NaN"):
        model(logits, is_train)


@pytest.mark.parametrize("exclusive_classes", [False, True])
def test_finite_scores_of_extreme_logits_pass(exclusive_classes):
    logits = np.array([[-1e30, 1e30]], dtype="float32")
    assert np.isfinite(scores(exclusive_classes)(logits, False)[0]).all()
    assert scores(exclusive_classes)(logits[:0], False)[0].shape == (0, 2)


def test_finite_pipeline_gives_no_label_of_weights_that_are_nan(hat_folder):
    nlp = make_nlp(hat_folder, "textcat")
    initialize(nlp)
    nlp(TEXT)
    spoil(encoder_of(nlp))
    with pytest.raises(NotFiniteError, match="The encoder's output is not finite"):
        nlp(TEXT)


@pytest.mark.parametrize("component", ["textcat", "textcat_multilabel", "spancat", "spancat_singlelabel"])
def test_finite_head_gives_no_label_of_weights_that_are_nan(hat_folder, component):
    nlp = make_nlp(hat_folder, component)
    initialize(nlp)
    layer = nlp.get_pipe(component).model.get_ref("output_layer")
    layer.set_param("W", layer.get_param("W") * np.nan)
    with pytest.raises(NotFiniteError, match="The scores of a head"):
        nlp(TEXT)


def test_finite_training_that_diverges_stops_before_it_is_evaluated(hat_folder):
    nlp = make_nlp(hat_folder, "textcat")
    examples = initialize(nlp)
    train(nlp, examples, 1)
    spoil(encoder_of(nlp), 1e38)
    with pytest.raises(NotFiniteError):
        train(nlp, examples, 3)


def test_finite_pipeline_of_nan_is_not_loaded(hat_folder, tmp_path):
    nlp = make_nlp(hat_folder, "textcat")
    initialize(nlp)
    spoil(encoder_of(nlp))
    nlp.to_disk(tmp_path)
    with pytest.raises(ValueError, match=r"not finite in float32.*embeddings\.word_embeddings\.weight"):
        spacy.load(tmp_path)
