"""What learns how fast, and when."""

import pytest

from spacy_hat.modeling import HATConfig
from spacy_hat.modeling.pretraining import HATForPretraining
from spacy_hat.pretraining.rates import make_optimizer, rate_over_steps
from spacy_hat.pretraining.settings import Settings, parse_objectives

from ..support.tiny import tiny_settings


@pytest.mark.parametrize(
    ("first", "step", "rate"),
    [(0, 0, 0.5), (0, 1, 0.9), (0, 5, 0.5), (0, 10, 0.0), (4, 3, 0.0), (4, 4, 0.3), (4, 5, 0.5), (4, 10, 0.0)],
)
def test_rate_rises_and_falls(first, step, rate):
    assert rate_over_steps(first, 2, 10)(step) == pytest.approx(rate)


def rates_by_name(**settings):
    given = Settings({"mlm": 1.0, "choice": 1.0}, warmup_steps=0, **settings)
    model = HATForPretraining(HATConfig(**tiny_settings("S|SD")), given.weights)
    optimizer, _ = make_optimizer(model, given)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {names[id(p)]: (g["lr"], g["weight_decay"]) for g in optimizer.param_groups for p in g["params"]}


def test_optimizer_has_every_weight_once_at_its_rate():
    rates = rates_by_name()
    new, old = (
        {rate[0] for name, rate in rates.items() if is_new(name)},
        {r[0] for n, r in rates.items() if not is_new(n)},
    )
    assert (new, old) == ({3e-4}, {5e-5})
    assert rates["chooser.dense.bias"] == (3e-4, 0.0)
    assert rates["hi_transformer.encoder.layer.0.sentence_encoder.output.dense.weight"] == (5e-5, 0.01)


def is_new(name):
    return any(part in name for part in ("document_encoder", "position_embeddings", "chooser", "lm_head")) and (
        "embeddings.position_embeddings" not in name or "layer" in name
    )


def test_optimizer_trains_nothing_else_at_first():
    rates = rates_by_name(cross_segment_first=5)
    assert rates["hi_transformer.embeddings.word_embeddings.weight"][0] == 0
    assert rates["hi_transformer.encoder.layer.1.document_encoder.output.dense.weight"][0] > 0


@pytest.mark.parametrize(
    ("spec", "weights"),
    [
        ("choice", {"choice": 1.0}),
        ("mlm,segments", {"mlm": 1.0, "segments": 1.0}),
        ("choice, mlm=0.5", {"choice": 1.0, "mlm": 0.5}),
    ],
)
def test_objectives_are_read_with_weights(spec, weights):
    assert parse_objectives(spec) == weights


@pytest.mark.parametrize("spec", ["", "nsp", "mlm,mlm", "mlm=", "mlm=x", "mlm=0", "mlm=-1", "mlm=inf", "mlm=nan"])
def test_objectives_that_are_none_are_errors(spec):
    with pytest.raises(ValueError, match="Expected: one or more of mlm, segments, choice"):
        parse_objectives(spec)
