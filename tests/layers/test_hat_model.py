"""The encoder as a thinc layer, as configs build it."""

import numpy as np
import pytest
import spacy
from spacy_transformers.data_classes import FullTransformerBatch
from thinc.api import Model
from transformers.utils import ModelOutput

from spacy_hat.architectures import hat_model_v1
from spacy_hat.layers.hat_model import replace_listener_cfg

from ..support.encoders import LONG, hidden_of, make_docs, make_model
from ..support.pipelines import LISTENER, save_hat


def token_vectors(batch):
    """RETURNS (list[Floats2d]): The vectors of all aligned pieces of each document, token after token."""
    present = [data for data in batch.doc_data if data.tensors]
    return [data.tensors[0].reshape(-1, data.width)[data.align.dataXd] for data in present]


def assert_close(arrays, expected):
    assert len(arrays) == len(expected)
    for array, other in zip(arrays, expected, strict=True):
        np.testing.assert_allclose(array, other, atol=1e-5)


@pytest.fixture(scope="module")
def model(hat_folder):
    return make_model(hat_folder)


def test_hat_model_is_in_the_registry(hat_folder):
    config = {"model": {"@architectures": "spacy-hat.HATModel.v1", "name": str(hat_folder)}}
    assert isinstance(spacy.registry.resolve(config)["model"], Model)


def test_hat_model_width_is_known_once_initialized(hat_folder):
    model = hat_model_v1(str(hat_folder))
    assert model.has_dim("nO") is None
    model.initialize()
    assert model.get_dim("nO") == 32


def test_hat_model_initialized_again_keeps_its_weights(hat_folder):
    model = make_model(hat_folder)
    encoder = model.shims[0].encoder
    model.initialize()
    assert model.shims[0].encoder is encoder


@pytest.mark.parametrize("packing", ["sentences", "greedy", "fixed"])
def test_hat_model_encodes_a_batch_as_one_by_one(hat_folder, packing):
    model = make_model(hat_folder, packing=packing)
    alone = [vectors for doc in make_docs() for vectors in token_vectors(model.predict([doc]))]
    assert_close(token_vectors(model.predict(make_docs())), alone)


def test_hat_model_permutes_with_its_documents(model):
    docs = make_docs(["hello world.", LONG, "the court held that."])
    straight = token_vectors(model.predict(docs))
    assert_close(token_vectors(model.predict(docs[::-1])), straight[::-1])


def test_hat_model_trains_as_it_predicts(model):
    docs = make_docs()
    trained, _ = model.begin_update(docs)
    assert_close(hidden_of(trained), hidden_of(model.predict(docs)))


def test_hat_model_reads_a_sentence_in_the_context_of_its_document(hat_folder):
    model = make_model(hat_folder, packing="sentences")
    docs = make_docs(["the appeal was dismissed. costs follow.", "hello world. costs follow."])
    one, other = (vectors[-3:] for vectors in token_vectors(model.predict(docs)))
    assert not np.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"packing": "sentences"},
        {"packing": "fixed"},
        {"overflow": "truncate"},
        {"transformer_config": {"document_position_embeddings": False}},
        {"transformer_config": {"hidden_act": "relu"}},
        {"tokenizer_config": {"cls_token": "[SEP]"}},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Documents with more")
def test_hat_model_setting_makes_a_difference(hat_folder, model, settings):
    docs = make_docs([LONG])
    (changed,) = hidden_of(make_model(hat_folder, **settings).predict(docs))
    (default,) = hidden_of(model.predict(docs))
    assert changed.shape != default.shape or not np.allclose(changed, default, atol=1e-3)


def test_hat_model_overflow_can_be_an_error(hat_folder):
    model = make_model(hat_folder, overflow="error")
    with pytest.raises(ValueError, match=r'overflow = "window"'):
        model.predict(make_docs([LONG]))


def test_hat_model_drops_out_in_training_only(hat_folder):
    model = make_model(hat_folder, transformer_config={"hidden_dropout_prob": 0.5})
    docs = make_docs([LONG])
    first, second = (hidden_of(model.begin_update(docs)[0])[0] for _ in range(2))
    assert not np.allclose(first, second)
    assert_close(hidden_of(model.predict(docs)), hidden_of(model.predict(docs)))


def test_hat_model_gradient_is_the_slope_of_the_output(hat_folder):
    model = make_model(hat_folder)
    docs = make_docs()
    batch, backprop = model.begin_update(docs)
    d_arrays = [np.random.default_rng(0).normal(size=array.shape).astype("float32") for array in hidden_of(batch)]
    assert backprop(batch.unsplit_by_doc([[d] for d in d_arrays])) is docs
    parameters = [p for p in model.shims[0].encoder.parameters() if p.grad is not None]
    slope = sum(float((p.grad**2).sum()) for p in parameters) ** 0.5
    weighted = {}
    for sign in (1, -1):
        for p in parameters:
            p.data += sign * 1e-3 * p.grad / slope
        outputs = hidden_of(model.predict(docs))
        weighted[sign] = sum(float((d * y).sum(dtype="float64")) for d, y in zip(d_arrays, outputs, strict=True))
        for p in parameters:
            p.data -= sign * 1e-3 * p.grad / slope
    assert (weighted[1] - weighted[-1]) / 2e-3 == pytest.approx(slope, rel=0.02)


@pytest.mark.parametrize("texts", [["", ""], [" "], ["", "\n"]])
def test_hat_model_bears_a_batch_without_segments(hat_folder, texts):
    model = make_model(hat_folder)
    batch, backprop = model.begin_update(make_docs(texts))
    d_batch = FullTransformerBatch(batch.spans, batch.wordpieces, ModelOutput(), batch.align)
    assert len(backprop(d_batch)) == len(batch.doc_data) == len(texts)
    assert batch.model_output.last_hidden_state.shape == (0, 0, 32)


def test_hat_model_from_bytes_gives_the_same_outputs_without_the_checkpoint(hat_folder):
    model = make_model(hat_folder)
    for parameter in model.shims[0].encoder.parameters():
        parameter.data += 0.1
    copy = hat_model_v1("no such folder").from_bytes(model.to_bytes())
    assert copy.get_dim("nO") == 32
    assert_close(hidden_of(copy.predict(make_docs())), hidden_of(model.predict(make_docs())))


def test_hat_model_copy_is_independent(hat_folder):
    model = make_model(hat_folder)
    copy = model.copy()
    before = hidden_of(model.predict(make_docs()))
    for parameter in copy.shims[0].encoder.parameters():
        parameter.data += 0.1
    assert_close(hidden_of(model.predict(make_docs())), before)


@pytest.mark.parametrize("tokenizer", ["bpe", "unigram"])
def test_hat_model_takes_other_tokenizers(tmp_path, tokenizer):
    model = make_model(save_hat(tmp_path, tokenizer))
    docs = make_docs(["the court held that \U0001f469\u200d\U0001f467.", "", "hello"])
    assert [len(data.align.lengths) for data in model.predict(docs).doc_data] == [len(doc) for doc in docs]


def test_hat_model_config_moves_into_the_component():
    ours = {"@architectures": "spacy-hat.HATModel.v1", "name": None, "packing": "sentences"}
    replaced = replace_listener_cfg(ours, {**LISTENER, "upstream": "*"})
    assert replaced == {
        "@architectures": "spacy-hat.HATTok2Vec.v1",
        "name": None,
        "packing": "sentences",
        "pooling": {"@layers": "reduce_mean.v1"},
        "grad_factor": 1.0,
    }
    assert isinstance(spacy.registry.resolve({"model": replaced})["model"], Model)
