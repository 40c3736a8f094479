"""What a head hands back to its encoder, by grad_factor; and which documents have output at all."""

import numpy
import pytest
from spacy_transformers.data_classes import TransformerData
from spacy_transformers.layers.trfs2arrays import trfs2arrays
from thinc.api import Model, chain, reduce_mean
from transformers.modeling_outputs import BaseModelOutput

from spacy_hat.layers.transformer_outputs import has_output, hidden_states
from spacy_hat.layers.transformer_source import transformer_source
from spacy_hat.layers.trf_interface import TransformerListener

from ..support.trf_data import SHORT, make_doc, make_output

OUTPUT = make_output(SHORT)


def own_encoder(handed_back):
    """An encoder of the head's own, as `replace_listeners` leaves it, that keeps what is handed back."""

    def forward(model, docs, is_train):
        return [OUTPUT for _ in docs], lambda d_outputs: handed_back.extend(d_outputs) or docs

    return Model("own_encoder", forward)


def listener(handed_back, docs):
    """A listener that was given the output of these documents."""
    made = TransformerListener(upstream_name="*")
    made.receive(made.get_batch_id(docs), [OUTPUT for _ in docs], lambda d_outputs: handed_back.extend(d_outputs))
    return made


@pytest.mark.parametrize(
    ("of_its_own", "grad_factor", "expected"),
    [(True, 1.0, [1.0]), (True, 0.5, [0.5]), (True, 0.0, []), (False, 1.0, [1.0]), (False, 0.0, [0.0])],
)
def test_transformer_source_hands_gradients_back_by_grad_factor(of_its_own, grad_factor, expected):
    handed_back, docs = [], [make_doc(SHORT)]
    encoder = own_encoder(handed_back) if of_its_own else listener(handed_back, docs)
    source = transformer_source(chain(encoder, trfs2arrays(reduce_mean(), grad_factor)))
    outputs, backprop = source(docs, is_train=True)
    backprop(outputs)
    assert len(handed_back) == len(expected)
    for found, factor in zip(handed_back, expected, strict=True):
        numpy.testing.assert_array_equal(hidden_states(found), hidden_states(OUTPUT) * factor)


@pytest.mark.parametrize(("shape", "expected"), [((1, 1, 1), True), ((0, 3, 4), False), (None, False)])
def test_has_output_of_one_number(shape, expected):
    data = TransformerData.empty()
    if shape is not None:
        output = BaseModelOutput(last_hidden_state=numpy.zeros(shape, dtype="f"))
        data = TransformerData(wordpieces=data.wordpieces, model_output=output, align=data.align)
    assert has_output(data) is expected
