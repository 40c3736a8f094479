"""The gauge: nothing at an identity start, the difference of two losses, and the model as it was before."""

import numpy as np
import pytest
import torch

from spacy_hat.modeling import HATModel, RotaryHATConfig
from spacy_hat.modeling.pretraining import HATForPretraining
from spacy_hat.modeling.segment_wise import cross_segment_off
from spacy_hat.modeling.start.identity import start_as_identity
from spacy_hat.pretraining.gauge import Gauge
from spacy_hat.pretraining.hiding import Hider

from ..support.pretraining import packed
from ..support.tiny import randomise, tiny_model, tiny_settings

WINDOWS = [[[5 + (w + s + p) % 50 for p in range(4)] for s in range(5)] for w in range(20)]
WEIGHTS = {"segments": 1.0, "choice": 2.0}


def begin(encoder, folder):
    """RETURNS (HATForPretraining): What begins with an encoder."""
    encoder.save_pretrained(folder)
    return HATForPretraining.start(str(folder), WEIGHTS, seed=0)


def random_blocks():
    return tiny_model(HATModel, tiny_settings())


def identity_blocks():
    sizes = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 40, "vocab_size": 60}
    config = RotaryHATConfig(**sizes, layout="S|SD|SD", segment_length=16, pad_token_id=1)
    encoder = randomise(HATModel(config)).eval()
    with torch.no_grad():
        start_as_identity(encoder, 0, seed=0)
    return encoder


@pytest.fixture
def batches():
    hide = Hider(list(WEIGHTS), 4, 60, seed=0)
    return [hide(packed(WINDOWS[:10]), range(10), 0), hide(packed(WINDOWS[10:]), range(10, 20), 0)]


def measure(model, batches):
    return Gauge(batches, list(WEIGHTS), lambda numbers: numbers).measure(model)


def test_gauge_is_zero_at_an_identity_start(batches, tmp_path):
    model = begin(identity_blocks(), tmp_path)
    figures = measure(model, batches)
    assert figures["gauge"] == pytest.approx(0, abs=1e-6)
    assert figures["hidden_choice"] == pytest.approx(figures["hidden_choice_off"], abs=1e-6)


def test_gauge_is_the_weighed_difference_of_losses(batches, tmp_path):
    model = begin(random_blocks(), tmp_path).eval()
    figures = measure(model, batches)

    def losses(name):
        with torch.no_grad():
            parts = [model.parts(batch)[name] for batch in batches]
        return sum(part.total.item() for part in parts) / sum(part.n_items for part in parts)

    on = {name: losses(name) for name in WEIGHTS}
    with cross_segment_off(model.hi_transformer):
        off = {name: losses(name) for name in WEIGHTS}
    expected = sum(weight * (off[name] - on[name]) for name, weight in WEIGHTS.items())
    assert figures["gauge"] == pytest.approx(expected, abs=1e-5)
    assert figures["gauge"] != 0
    assert figures["hidden_choice"] == pytest.approx(on["choice"], abs=1e-5)


def test_gauge_of_processes_is_that_of_one(batches, tmp_path):
    model = begin(random_blocks(), tmp_path)
    sums = []
    for batch in batches:
        Gauge([batch], list(WEIGHTS), lambda numbers: sums.append(numbers) or numbers).measure(model)
    together = iter([sums[0] + sums[2], sums[1] + sums[3]])
    figures = Gauge([], list(WEIGHTS), lambda _: next(together)).measure(model)
    assert figures == pytest.approx(measure(model, batches), abs=1e-6)


@pytest.mark.parametrize("is_training", [True, False])
def test_gauge_leaves_the_model_as_it_was(is_training, batches, tmp_path):
    model = begin(random_blocks(), tmp_path).train(is_training)
    blocks = [layer.document_encoder for layer in model.hi_transformer.encoder.layers()]
    torch.manual_seed(0)
    measure(model, batches)
    assert model.training is model.hi_transformer.training is is_training
    assert [layer.document_encoder for layer in model.hi_transformer.encoder.layers()] == blocks
    assert all(parameter.grad is None for parameter in model.parameters())
    assert np.isclose(torch.rand(1).item(), torch.rand(1, generator=torch.Generator().manual_seed(0)).item())
