import itertools

import numpy
import pytest
import torch
from thinc.api import Adam, Linear, PyTorchWrapper, chain, constant, warmup_linear

from spacy_hat.pipeline.optimizer import adam_v1, decays, in_encoder

ENCODER = (1, "encoder.layer.0.attention.self.query.weight")
HEAD = (1, "W")
BIASES = [(1, "b"), (1, "encoder.layer.0.output.dense.bias")]


def step(optimizer, key, *, gradient=1.0, lr_scale=1.0):
    """Change of a weight of 1.0 by one update."""
    weights = numpy.ones((2, 2), dtype="f")
    weights, _ = optimizer(key, weights, numpy.full((2, 2), gradient, dtype="f"), lr_scale=lr_scale)
    return float(weights[0, 0]) - 1.0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("embeddings.word_embeddings.weight", True),
        ("encoder.layer.3.sentence_encoder.output.dense.bias", True),
        ("hi_transformer.encoder.layer.0.LayerNorm.weight", True),
        ("W", False),
        ("b", False),
        ("G", False),
        ("vectors", False),
    ],
)
def test_optimizer_recognizes_encoder_parameters(name, expected):
    assert in_encoder(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("W", True),
        ("v", True),
        ("E", True),
        ("b", False),
        ("G", False),
        ("encoder.layer.0.output.dense.weight", True),
        ("encoder.layer.0.output.dense.bias", False),
        ("encoder.layer.0.output.LayerNorm.weight", False),
        ("embeddings.layer_norm.weight", False),
        ("encoder.norm1.weight", False),
        ("encoder.norm1.dense.weight", True),
    ],
)
def test_optimizer_decays_weights_only(name, expected):
    assert decays(name) is expected


def test_optimizer_gives_each_group_its_rate():
    optimizer = adam_v1(encoder_learn_rate=0.001, learn_rate=0.1, L2=0.0)
    assert step(optimizer, HEAD) == pytest.approx(-0.1, rel=1e-3)
    assert step(optimizer, ENCODER) == pytest.approx(-0.001, rel=1e-3)


@pytest.mark.parametrize("key", [HEAD, ENCODER])
def test_optimizer_steps_as_thincs_adam_at_the_rate_of_the_group(key):
    settings = {"beta1": 0.8, "beta2": 0.9, "eps": 1e-6, "L2": 0.1, "grad_clip": 0.5}
    ours = adam_v1(encoder_learn_rate=0.02, learn_rate=0.3, **settings)
    thincs = Adam(0.3 if key == HEAD else 0.02, use_averages=False, **settings)
    gradients = [1.0, -2.0, 0.1]
    assert [step(ours, key, gradient=g) for g in gradients] == [step(thincs, key, gradient=g) for g in gradients]


@pytest.mark.parametrize("setting", ["beta1", "beta2", "eps", "L2", "grad_clip"])
def test_optimizer_setting_makes_a_difference(setting):
    values = {"beta1": 0.5, "beta2": 0.5, "eps": 1.0, "L2": 0.5, "grad_clip": 1e-3}
    gradients = [1.0, 3.0, -1.0]
    default, changed = adam_v1(eps=1e-3), adam_v1(**{"eps": 1e-3, setting: values[setting]})
    assert [step(default, HEAD, gradient=g) for g in gradients] != [step(changed, HEAD, gradient=g) for g in gradients]


@pytest.mark.parametrize("key", BIASES)
def test_optimizer_does_not_decay_biases(key):
    optimizer = adam_v1(encoder_learn_rate=0.1, learn_rate=0.1, L2=0.5)
    assert step(optimizer, key, gradient=0.0) == 0.0


@pytest.mark.parametrize("key", [HEAD, ENCODER])
def test_optimizer_decays_in_proportion_to_the_rate_of_the_group(key):
    optimizer = adam_v1(encoder_learn_rate=0.01, learn_rate=0.1, L2=0.5)
    assert step(optimizer, key, gradient=0.0) == pytest.approx(-0.5 * (0.1 if key == HEAD else 0.01), rel=1e-3)


def test_optimizer_steps_both_schedules():
    optimizer = adam_v1(
        encoder_learn_rate=warmup_linear(1.0, 2, 6), learn_rate=itertools.chain([0.5, 0.25], constant(0.125))
    )
    rates = []
    for _ in range(4):
        rates.append((optimizer.encoder_learn_rate, optimizer.learn_rate))
        optimizer.step_schedules()
    assert rates == [(0.0, 0.5), (0.5, 0.25), (1.0, 0.125), (0.75, 0.125)]


@pytest.mark.parametrize(("encoder", "heads"), [(warmup_linear, constant), (constant, warmup_linear)])
def test_optimizer_bears_a_warm_up_from_zero(encoder, heads):
    def schedule(kind):
        return constant(0.1) if kind is constant else warmup_linear(0.1, 2, 4)

    optimizer = adam_v1(encoder_learn_rate=schedule(encoder), learn_rate=schedule(heads), L2=0.0)
    still, moving = (ENCODER, HEAD) if encoder is warmup_linear else (HEAD, ENCODER)
    assert step(optimizer, still) == 0.0
    assert step(optimizer, moving) == pytest.approx(-0.1, rel=1e-3)
    optimizer.step_schedules()
    assert step(optimizer, still) == pytest.approx(-0.05, rel=1e-3)


def test_optimizer_restores_its_settings_after_an_error():
    optimizer = adam_v1(encoder_learn_rate=0.1, learn_rate=0.2, L2=0.5)
    with pytest.raises(ValueError, match="shape"):
        optimizer((1, "encoder.dense.bias"), numpy.ones((2, 2), dtype="f"), numpy.ones((3, 2), dtype="f"))
    assert (optimizer.encoder_learn_rate, optimizer.learn_rate, optimizer.L2) == (0.1, 0.2, 0.5)


def test_optimizer_passes_lr_scale_on():
    assert step(adam_v1(learn_rate=0.1, L2=0.0), HEAD, lr_scale=0.5) == pytest.approx(-0.05, rel=1e-3)


def test_optimizer_keeps_no_averages():
    assert adam_v1().averages is None


def test_optimizer_refuses_unknown_attributes():
    with pytest.raises(AttributeError):
        adam_v1().encoder_learning_rate = 0.1


def test_optimizer_finds_both_groups_in_a_model_with_a_pytorch_module():
    module = torch.nn.Sequential(torch.nn.Linear(3, 3))
    model = chain(PyTorchWrapper(module), Linear(2, 3)).initialize()
    before = {name: value.clone() for name, value in module.named_parameters()}
    head = model.layers[1].get_param("W").copy()
    Y, backprop = model.begin_update(numpy.ones((4, 3), dtype="f"))
    backprop(numpy.ones_like(Y))
    model.finish_update(adam_v1(encoder_learn_rate=0.0, learn_rate=0.1))
    assert all(torch.equal(before[name], value) for name, value in module.named_parameters())
    assert not numpy.allclose(model.layers[1].get_param("W"), head)
