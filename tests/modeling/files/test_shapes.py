"""The arithmetic of an encoder's size is that of the encoder."""

import pytest

from spacy_hat.modeling import HATConfig, HATModel
from spacy_hat.modeling.files.shapes import encoder_shapes, n_numbers

from ...support.tiny import tiny_settings

LAYOUTS = ["S", "D", "-", "S|SD|D|SD", "S|S", "SD|-|D"]


@pytest.mark.parametrize("family", ["roberta", "bert"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_shapes_are_those_of_the_model(layout, family):
    config = HATConfig(**tiny_settings(layout, family))
    model = HATModel(config)
    assert encoder_shapes(config) == {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
    assert n_numbers(config) == sum(parameter.numel() for parameter in model.parameters())
