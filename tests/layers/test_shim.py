"""The bridge to PyTorch: precision, micro-batches, gradients, frozen blocks, bytes."""

import json

import numpy as np
import pytest
import srsly
import torch
from thinc.api import Adam

from spacy_hat.layers.shim import HATShim
from spacy_hat.machine.processor import cpu_multiplies_bfloat16
from spacy_hat.modeling.int8 import multiplies_int8

from ..support.encoders import LENGTHS, make_inputs, make_shim

has_int8 = pytest.mark.skipif(not multiplies_int8(), reason="this CPU does not multiply 8-bit numbers natively")
has_bfloat16 = pytest.mark.skipif(not cpu_multiplies_bfloat16(), reason="this CPU does not multiply bfloat16 natively")
has_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU in this machine")


def copies(tensors):
    return {name: tensor.detach().clone() for name, tensor in tensors}


def update(shim, optimizer=None, seed=0):
    """One step against random gradients. RETURNS: those of the parameters, before the step."""
    output, backprop = shim.begin_update(make_inputs(seed))
    backprop(torch.randn(output.shape, generator=torch.Generator().manual_seed(seed)))
    gradients = copies((name, p.grad) for name, p in shim.encoder.named_parameters() if p.grad is not None)
    if optimizer is not None:
        shim.finish_update(optimizer)
    return gradients


class CountingScaler:
    """thinc's PyTorchGradScaler without its need for a GPU."""

    found_inf = False

    def scale(self, tensors, inplace=False):
        return [tensor.mul_(8.0) if inplace else tensor * 8.0 for tensor in tensors]

    def unscale(self, tensors):
        for tensor in tensors:
            tensor.div_(8.0)
        return self.found_inf

    def update(self):
        pass


@pytest.fixture
def shim(hat_folder):
    return make_shim(hat_folder)


def test_shim_predicts_the_same_in_micro_batches(hat_folder, shim):
    small = make_shim(hat_folder, max_batch_pieces=13)
    np.testing.assert_allclose(small.predict(make_inputs()), shim.predict(make_inputs()), atol=1e-5)


def test_shim_micro_batches_bound_what_a_block_sees(hat_folder):
    shim = make_shim(hat_folder, max_batch_pieces=13)
    sizes = []
    block = shim.encoder.encoder.layer[0].sentence_encoder
    block.register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    shim.predict(make_inputs())
    assert max(sizes) <= 13
    assert sum(sizes) == sum(LENGTHS)


def test_shim_trains_as_it_predicts(shim):
    output, _ = shim.begin_update(make_inputs())
    np.testing.assert_allclose(output, shim.predict(make_inputs()), atol=1e-5)


@has_bfloat16
def test_shim_predicts_in_bfloat16_nearly_the_same(hat_folder, shim):
    fast = make_shim(hat_folder, precision="bfloat16").predict(make_inputs())
    exact = shim.predict(make_inputs())
    assert fast.dtype == torch.float32
    assert not torch.equal(fast, exact)
    np.testing.assert_allclose(fast, exact, atol=0.1)


@has_int8
def test_shim_predicts_in_8_bits_nearly_the_same_and_saves_nothing_of_it(hat_folder, shim):
    quantised = make_shim(hat_folder, precision="int8")
    before = quantised.to_bytes()
    fast, exact = quantised.predict(make_inputs()), shim.predict(make_inputs())
    assert fast.dtype == torch.float32
    assert not torch.equal(fast, exact)
    np.testing.assert_allclose(fast, exact, atol=0.2)
    assert quantised.to_bytes() == before == shim.to_bytes()


@has_int8
def test_shim_trains_as_before_after_a_prediction_in_8_bits(hat_folder, shim):
    quantised = make_shim(hat_folder, precision="int8")
    quantised.predict(make_inputs())
    found, expected = update(quantised), update(shim)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@has_bfloat16
def test_shim_precision_is_of_predictions_only(hat_folder, shim):
    fast, _ = make_shim(hat_folder, precision="bfloat16").begin_update(make_inputs())
    exact, _ = shim.begin_update(make_inputs())
    assert torch.equal(fast, exact)


@has_bfloat16
def test_shim_trains_in_mixed_precision_with_finite_gradients_nearly_the_same(hat_folder, shim):
    mixed = update(make_shim(hat_folder, mixed_precision=True))
    exact = update(shim)
    assert mixed.keys() == exact.keys()
    assert any(not torch.equal(mixed[name], exact[name]) for name in exact)
    for name, gradient in mixed.items():
        assert gradient.dtype == torch.float32
        assert (gradient - exact[name]).norm() <= 0.1 * exact[name].norm() + 0.1, name


@pytest.mark.filterwarnings("ignore:precision is")
def test_shim_mixed_precision_is_off_where_the_cpu_has_none(hat_folder, shim, monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    mixed = make_shim(hat_folder, mixed_precision=True, precision="bfloat16")
    assert torch.equal(mixed.predict(make_inputs()), shim.predict(make_inputs()))
    output, _ = mixed.begin_update(make_inputs())
    assert torch.equal(output, shim.begin_update(make_inputs())[0])


def test_shim_takes_a_whole_number_as_init_scale(hat_folder):
    shim = make_shim(hat_folder, mixed_precision=True, grad_scaler_config={"init_scale": 32768})
    # Without a GPU it scales nothing, so only its own tensor shows it.
    assert shim._grad_scaler._scale.dtype == torch.float32


def test_shim_adds_up_gradients_of_several_batches(shim):
    first = update(shim, seed=0)
    shim.encoder.zero_grad()
    second = update(shim, seed=1)
    shim.encoder.zero_grad()
    update(shim, seed=0)
    both = update(shim, seed=1)
    for name, gradient in both.items():
        np.testing.assert_allclose(gradient, first[name] + second[name], atol=1e-4)


def test_shim_adds_up_gradients_of_several_batches_when_they_are_scaled(hat_folder, shim):
    scaled = make_shim(hat_folder)
    scaled._grad_scaler = CountingScaler()
    for either in (shim, scaled):
        update(either, seed=0)
    exact, unscaled = update(shim, seed=1), update(scaled, seed=1)
    for name, gradient in unscaled.items():
        np.testing.assert_allclose(gradient, exact[name], atol=1e-4)


def test_shim_skips_a_step_whose_gradients_overflowed(shim):
    shim._grad_scaler = CountingScaler()
    shim._grad_scaler.found_inf = True
    before = copies(shim.encoder.named_parameters())
    update(shim, Adam(0.1))
    assert all(torch.equal(before[name], p) for name, p in shim.encoder.named_parameters())


def test_shim_does_not_write_into_the_gradient_it_gets(shim):
    output, backprop = shim.begin_update(make_inputs())
    d_output = torch.ones_like(output)
    backprop(d_output)
    assert torch.equal(d_output, torch.ones_like(output))


@pytest.mark.parametrize("frozen_blocks", [0, 1, 2])
def test_shim_step_changes_what_is_not_frozen(hat_folder, frozen_blocks):
    shim = make_shim(hat_folder, config={"frozen_blocks": frozen_blocks})
    before = copies(shim.encoder.named_parameters())
    update(shim, Adam(0.1))
    same = {name for name, p in shim.encoder.named_parameters() if torch.equal(before[name], p)}
    frozen = ["embeddings.", "encoder.layer.0.", "encoder.layer.1."][: frozen_blocks and frozen_blocks + 1]
    assert same == {name for name in before if name.startswith(tuple(frozen))}


def test_shim_has_no_gradient_when_every_block_is_frozen(hat_folder):
    shim = make_shim(hat_folder, config={"frozen_blocks": 2})
    assert update(shim, Adam(0.1)) == {}


def test_shim_without_an_encoder_says_so():
    with pytest.raises(ValueError, match=r"no weights yet.*nlp.initialize"):
        HATShim().predict(make_inputs())


def test_shim_without_an_encoder_has_empty_bytes():
    with pytest.raises(ValueError, match="no weights yet"):
        HATShim().from_bytes(HATShim().to_bytes()).encoder  # noqa: B018


@pytest.mark.parametrize("config", [{}, {"frozen_blocks": 1}, {"hidden_act": "relu"}])
def test_shim_from_bytes_gives_the_same_outputs(hat_folder, config):
    shim = make_shim(hat_folder, config=config)
    update(shim, Adam(0.01))
    copy = HATShim().from_bytes(shim.to_bytes())
    assert torch.equal(copy.predict(make_inputs()), shim.predict(make_inputs()))
    assert update(copy).keys() == update(shim).keys()


def test_shim_from_bytes_replaces_weights_that_are_there(hat_folder, shim):
    other = make_shim(hat_folder)
    update(other, Adam(0.1))
    assert not torch.equal(other.predict(make_inputs()), shim.predict(make_inputs()))
    other.from_bytes(shim.to_bytes())
    assert torch.equal(other.predict(make_inputs()), shim.predict(make_inputs()))


def test_shim_bytes_keep_a_tiny_layer_norm_eps(shim):
    assert HATShim().from_bytes(shim.to_bytes()).encoder.config.layer_norm_eps == 1e-12


def test_shim_bytes_keep_the_tokenizer(shim):
    copy = HATShim().from_bytes(shim.to_bytes())
    text = "the appeals 77 \U0001f469 hello"
    assert copy.tokenizer(text).input_ids == shim.tokenizer(text).input_ids
    assert type(copy.tokenizer) is type(shim.tokenizer)


def test_shim_bytes_hold_data_only(shim):
    message = srsly.msgpack_loads(shim.to_bytes())
    assert set(message) == {"config", "weights", "tokenizer_class", "tokenizer"}
    assert json.loads(message["config"])["model_type"] == "hierarchical-transformer"
    # safetensors: the length of a JSON header, then the header
    length = int.from_bytes(message["weights"][:8], "little")
    assert "encoder.layer.0.sentence_encoder.output.dense.weight" in json.loads(message["weights"][8 : 8 + length])
    assert {name.rpartition(".")[2] for name in message["tokenizer"]} <= {"json", "txt", "model"}


def test_shim_without_an_encoder_can_be_moved():
    HATShim().to_device("cpu", -1)


@pytest.mark.gpu
@has_gpu
def test_shim_moves_to_the_gpu_and_back(shim):
    exact = shim.predict(make_inputs())
    shim.to_device("gpu", 0)
    np.testing.assert_allclose(shim.predict(make_inputs()).cpu(), exact, atol=1e-4)
    shim.to_device("cpu", -1)
    np.testing.assert_allclose(shim.predict(make_inputs()), exact, atol=1e-5)


@pytest.mark.gpu
@has_gpu
def test_shim_trains_in_float16_with_scaled_gradients_on_the_gpu(hat_folder, shim):
    # The usual scale is too large for gradients of size 1, and such a step is left out.
    mixed = make_shim(hat_folder, mixed_precision=True, grad_scaler_config={"init_scale": 8.0})
    mixed.to_device("gpu", 0)
    exact = update(shim)
    output, backprop = mixed.begin_update(make_inputs())
    backprop(torch.randn(output.shape, generator=torch.Generator().manual_seed(0)).to(output.device))
    for name, parameter in mixed.encoder.named_parameters():
        assert (parameter.grad.cpu() - exact[name]).norm() <= 0.1 * exact[name].norm() + 0.1, name


def test_shim_predictions_follow_a_step_that_ends_after_another_prediction(hat_folder):
    """An annotating component predicts between begin_update and finish_update."""
    shim = make_shim(hat_folder, precision="auto")
    _, backprop = shim.begin_update(make_inputs())
    backprop(torch.ones(sum(LENGTHS), shim.encoder.config.hidden_size))
    before = shim.predict(make_inputs())
    shim.finish_update(Adam(0.1))
    again = HATShim(precision="auto").from_bytes(shim.to_bytes())
    assert not torch.equal(shim.predict(make_inputs()), before)
    assert torch.equal(shim.predict(make_inputs()), again.predict(make_inputs()))


@pytest.mark.parametrize("in_file", [False, True])
def test_shim_with_a_segment_cache_trains_the_same_and_encodes_once(hat_folder, tmp_path, in_file):
    folder = str(tmp_path) if in_file else None
    frozen = {"frozen_blocks": 1, "hidden_dropout_prob": 0.0}
    cached = make_shim(hat_folder, config=frozen, segment_cache_mb=1, segment_cache_folder=folder)
    plain = make_shim(hat_folder, config=frozen)
    seen = []
    cached.encoder.embeddings.register_forward_hook(lambda *_: seen.append(1))
    for _ in range(3):
        found, expected = update(cached, Adam(0.01)), update(plain, Adam(0.01))
        assert found.keys() == expected.keys()
        for name, gradient in found.items():
            np.testing.assert_allclose(gradient, expected[name], atol=1e-4)
    assert len(seen) == 1
