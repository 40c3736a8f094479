"""Rotary blocks in the packed engine: whole documents, and each of the ways through it that spares work or memory."""

import inspect
from typing import Any

import numpy as np
import pytest
import torch

from spacy_hat.modeling import HATModel, PackedInputs, RotaryHATConfig
from spacy_hat.modeling.first_pieces import KeptSegments
from spacy_hat.modeling.prepare import prepared
from spacy_hat.modeling.segment_cache import SegmentCache

from ..support.modern import make_modern, random_ids
from ..support.tiny import gradients, randomise

LENGTH = 24
# Segments of some documents; windows of the encoder reach 4 pieces to each side.
DOCUMENTS = [[24, 3, 17, 24], [9], [24, 24, 24, 1, 12, 20, 5]]
LAYOUTS = ["S|SD|S|SD", "S|S|S|S", "SD|D|S|D", "D|S", "S|-|SD"]


def make_model(layout: str = "S|SD|S|SD", **settings: Any) -> HATModel:
    sizes = {"hidden_size": 32, "intermediate_size": 40, "num_attention_heads": 4, "local_attention": 8}
    config = RotaryHATConfig(vocab_size=60, pad_token_id=3, layout=layout, segment_length=LENGTH, **sizes, **settings)
    return randomise(HATModel(config), seed=3, scale=0.2).eval()


def pack(documents: list[list[int]], seed: int = 0) -> PackedInputs:
    lengths = np.array([length for document in documents for length in document])
    windows = np.array([len(document) for document in documents])
    pieces = np.random.default_rng(seed).integers(5, 60, size=int(lengths.sum()))
    return PackedInputs(pieces, lengths, windows, np.concatenate([np.arange(n) for n in windows]))


def encode(model: HATModel, inputs: PackedInputs, **options: Any) -> torch.Tensor:
    with torch.no_grad():
        return model.forward_packed(inputs, **options)


def firsts(inputs: PackedInputs) -> np.ndarray:
    return np.cumsum(inputs.segment_lengths) - inputs.segment_lengths


def assert_near(found: torch.Tensor, expected: torch.Tensor, atol: float = 1e-5) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=atol)


def test_cross_segment_blocks_are_modernberts_layers_over_segments():
    theirs = make_modern(global_attn_every_n_layers=1, num_hidden_layers=4)
    if "position_ids" not in inspect.signature(type(theirs.layers[0]).forward).parameters:
        pytest.skip("layers of this transformers are told angles, not places")
    names = RotaryHATConfig.entries.keys() & vars(theirs.config).keys()
    config = RotaryHATConfig(
        **{name: getattr(theirs.config, name) for name in names}, layout="S|SD|D|SD", segment_length=LENGTH
    )
    hat = HATModel(config).eval()
    own = dict(hat.named_parameters())
    from spacy_hat.modeling.start.rotary_names import MODERNBERT

    with torch.no_grad():
        own["embeddings.word_embeddings.weight"].copy_(theirs.embeddings.tok_embeddings.weight)
        own["embeddings.norm.weight"].copy_(theirs.embeddings.norm.weight)
        own["encoder.final_norm.weight"].copy_(theirs.final_norm.weight)
        for number in range(4):
            for name, weight in MODERNBERT.split(theirs.state_dict(), number).items():
                for part in ("sentence_encoder", "document_encoder"):
                    if f"encoder.layer.{number}.{part}.{name}" in own:
                        own[f"encoder.layer.{number}.{part}.{name}"].copy_(weight)
        ids = random_ids(theirs, 2, 5 * LENGTH)
        hidden = theirs.embeddings(ids).view(10, LENGTH, -1)
        for number, (segment_wise, cross_segment) in enumerate([(1, 0), (1, 1), (0, 1), (1, 1)]):
            layer = theirs.layers[number]
            if segment_wise:
                hidden = layer(hidden, position_ids=torch.arange(LENGTH)[None])[0]
            if cross_segment:
                vectors = layer(hidden[:, 0].view(2, 5, -1), position_ids=torch.arange(5)[None])[0]
                hidden = torch.cat([vectors.view(10, 1, -1), hidden[:, 1:]], dim=1)
        expected = theirs.final_norm(hidden).view(2, 5 * LENGTH, -1)
        assert_near(hat(input_ids=ids).last_hidden_state, expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_packed_equals_padded(layout):
    model, inputs = make_model(layout), pack(DOCUMENTS)
    most = max(len(document) for document in DOCUMENTS)
    lengths = torch.tensor([document + [0] * (most - len(document)) for document in DOCUMENTS])
    mask = torch.arange(LENGTH) < lengths[:, :, None]
    ids = torch.full(mask.shape, 3).masked_scatter(mask, torch.from_numpy(inputs.piece_ids))
    with torch.no_grad():
        padded = model(input_ids=ids.flatten(1), attention_mask=mask.flatten(1)).last_hidden_state
    assert_near(encode(model, inputs), padded.reshape(*mask.shape, -1)[mask])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_segments_only_are_the_first_pieces(layout):
    model, inputs = make_model(layout), pack(DOCUMENTS)
    assert_near(encode(model, inputs, segments_only=True), encode(model, inputs)[firsts(inputs)])


@pytest.mark.parametrize("segments_only", [False, True])
def test_portions_of_segments_change_nothing(segments_only):
    model, inputs = make_model(), pack(DOCUMENTS)
    found = encode(model, inputs, max_batch_pieces=30, segments_only=segments_only)
    assert_near(found, encode(model, inputs, segments_only=segments_only))


def test_documents_know_nothing_of_each_other():
    model, inputs = make_model(), pack(DOCUMENTS)
    together, start = encode(model, inputs), 0
    for portion in inputs.portions(1):
        stop = start + len(portion.piece_ids)
        assert_near(encode(model, portion), together[start:stop])
        start = stop


def test_order_of_segments_counts_and_their_number_has_no_limit():
    model = make_model()
    inputs = pack([[4] * 500])
    swapped = inputs.piece_ids.reshape(500, 4)[::-1].flatten()
    other = PackedInputs(swapped, inputs.segment_lengths, inputs.window_lengths, inputs.segment_positions)
    one, two = encode(model, inputs, segments_only=True), encode(model, other, segments_only=True)
    assert one.isfinite().all()
    assert not torch.allclose(one, two.flip(0), atol=1e-3)


def test_places_are_relative():
    model, inputs = make_model(), pack([[5, 7, 9]])
    later = PackedInputs(
        inputs.piece_ids, inputs.segment_lengths, inputs.window_lengths, inputs.segment_positions + 1000
    )
    assert_near(encode(model, later), encode(model, inputs), atol=1e-4)


def test_max_segments_can_be_set_all_the_same():
    model = make_model(max_segments=3)
    with pytest.raises(ValueError, match=r"up to 7 segments.*24 pieces and 3 segments"):
        encode(model, pack(DOCUMENTS))
    with pytest.raises(ValueError, match="expected at most 3"):
        model(input_ids=torch.full((1, 4 * LENGTH), 7))


def test_repeated_segments_are_encoded_once(monkeypatch):
    model = make_model("S|S|SD|S")
    inputs = pack([[10, 10, 10, 10]])
    inputs.piece_ids[10:20] = inputs.piece_ids[20:30] = inputs.piece_ids[:10]
    found = encode(model, inputs)
    monkeypatch.setattr("spacy_hat.modeling.model.find_repeats", lambda _: None)
    assert_near(found, encode(model, inputs))


def test_frozen_blocks_take_no_gradient_and_the_cache_changes_nothing():
    model = make_model("S|S|SD|S", frozen_blocks=2).train()
    inputs, cache = pack(DOCUMENTS), SegmentCache(10**7)
    outputs = []
    for _ in range(2):
        model.zero_grad()
        output = model.forward_packed(inputs, cache=cache)
        output.sum().backward()
        outputs.append(output.detach())
    assert len(cache)
    assert_near(outputs[0], outputs[1])
    assert_near(outputs[0], model.forward_packed(inputs).detach())
    trained = {name.split(".")[2] for name in gradients(model) if name.startswith("encoder.layer.")}
    assert trained == {"2", "3"}


def test_a_wholly_frozen_encoder_has_nothing_to_train():
    model = make_model("S|SD", frozen_blocks=2).train()
    assert not [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert not model.forward_packed(pack(DOCUMENTS)).requires_grad


def test_recomputed_activations_give_the_same_gradients():
    model, inputs = make_model().train(), pack(DOCUMENTS)
    found = []
    for recompute in (False, True):
        model.encoder.gradient_checkpointing = recompute
        model.zero_grad()
        model.forward_packed(inputs).square().sum().backward()
        found.append(gradients(model))
    assert found[0].keys() == found[1].keys()
    for name, gradient in found[0].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("settings", [{}, {"attention_bias": True, "mlp_bias": True}, {"hidden_activation": "silu"}])
def test_prepared_in_bfloat16_is_close_and_keeps_sums_in_float32(settings):
    model, inputs = make_model(**settings), pack(DOCUMENTS)
    found, exact = encode(prepared(model, torch.bfloat16), inputs), encode(model, inputs)
    assert found.dtype == torch.float32
    assert not torch.equal(found, exact)
    assert_near(found, exact, atol=0.3)


def test_prepared_in_the_same_precision_is_the_same():
    model, inputs = make_model(), pack(DOCUMENTS)
    assert_near(encode(prepared(model, torch.float32), inputs), encode(model, inputs))


@pytest.mark.parametrize("number", [0, 1], ids=["sees everything", "sees its neighbours"])
def test_kept_segments_give_first_pieces_as_the_block_does(number):
    model, inputs = make_model("S|S"), pack([[24, 24, 24]])
    block = model.encoder.layer[number].sentence_encoder
    hidden = torch.randn(72, 32, generator=torch.Generator().manual_seed(1))
    plan = inputs.plan(torch.device("cpu"), None).micro_batches[0].attention
    with torch.no_grad():
        kept = KeptSegments(block, hidden, inputs.segment_lengths)
        found = kept.encode(hidden[firsts(inputs)][None], torch.arange(3))[0]
        assert_near(found, block(hidden, plan, segments_only=True))


def test_recorded_programs_give_the_same():
    model = make_model()
    ids = torch.full((2, 3 * LENGTH), 7)
    mask = torch.ones_like(ids)
    mask[1, LENGTH + 5 :] = 0
    with torch.no_grad():
        program = torch.export.export(model, (ids, mask)).module()
        found, expected = program(ids, mask).last_hidden_state, model(ids, mask).last_hidden_state
    assert_near(found, expected)


def test_position_ids_are_refused():
    ids = torch.full((1, LENGTH), 7)
    with pytest.raises(ValueError, match="position_ids cannot be given to an encoder with rotary blocks"):
        make_model()(input_ids=ids, position_ids=ids)


def test_there_is_one_token_type():
    ids = torch.full((1, LENGTH), 7)
    model = make_model()
    assert torch.equal(
        model(input_ids=ids, token_type_ids=ids * 0).last_hidden_state, model(input_ids=ids).last_hidden_state
    )
    with pytest.raises(ValueError, match="token_type_ids has the value 1, expected 0 to 0"):
        model(input_ids=ids, token_type_ids=ids * 0 + 1)
