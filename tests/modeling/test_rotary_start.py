"""A HAT made from a ModernBERT: which weight comes from where, and that it computes the same."""

import json
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from spacy_hat.modeling import HATModel, RotaryHATConfig, load_tokenizer

from ..support.modern import DEPTH, LENGTH, ModernSource, gemma_tokenizer, modern_tokenizer, random_ids
from ..support.tiny import encode

S_ONLY = "|".join(["S"] * DEPTH)


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> ModernSource:
    return ModernSource(tmp_path_factory.mktemp("modern"))


def rewrite(source: ModernSource, folder: Any, **entries: Any) -> ModernSource:
    """The same source with other entries in its config.json; None takes one out."""
    changed = ModernSource.__new__(ModernSource)
    changed.folder, changed.model = folder, source.model
    source.model.save_pretrained(folder)
    modern_tokenizer().save_pretrained(folder)
    file = folder / "config.json"
    values = {**json.loads(file.read_text()), **entries}
    file.write_text(json.dumps({name: value for name, value in values.items() if value is not None}))
    return changed


# --- the same numbers as the source ---------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"head": True},
        {"tokenizer": gemma_tokenizer},
        {"norm_bias": True, "attention_bias": True, "mlp_bias": True},
        {"num_hidden_layers": 2},
        {"num_hidden_layers": 48},
    ],
    ids=lambda settings: ", ".join(settings) or "as it is",
)
def test_s_layout_equals_its_source_on_one_segment(settings, tmp_path):
    source = ModernSource(tmp_path, **settings)
    hat = source.start("|".join(["S"] * source.model.config.num_hidden_layers)).model
    ids = random_ids(source.model, 2, LENGTH)
    expected = encode(source.encoder, {"input_ids": ids, "attention_mask": torch.ones_like(ids)})
    torch.testing.assert_close(encode(hat, {"input_ids": ids}), expected, rtol=0, atol=1e-5)


def test_identity_is_exact(source):
    ids = random_ids(source.model, 2, 3 * LENGTH)
    hat = source.start("S|SD|SD|SD", cross_segment_start="identity")
    assert torch.equal(encode(hat.model, {"input_ids": ids}), encode(source.start(S_ONLY).model, {"input_ids": ids}))
    assert "encoder.layer.1.document_encoder: output projections zero" in hat.report.fresh


def test_identity_learns(source):
    hat = source.start("S|SD|S|SD", cross_segment_start="identity").model.train()
    ids = random_ids(source.model, 2, 3 * LENGTH)
    target = torch.randn(2, 3 * LENGTH, 32, generator=torch.Generator().manual_seed(1))
    optimizer = torch.optim.Adam(hat.parameters(), lr=1e-3)
    before = hat.encoder.layer[1].document_encoder.attention.query.weight.clone()
    for _ in range(3):
        optimizer.zero_grad()
        (hat(input_ids=ids).last_hidden_state * target).sum().backward()
        optimizer.step()
    block = hat.encoder.layer[1].document_encoder
    assert block.attention_output.weight.abs().max() > 0
    assert block.feed_forward_output.weight.abs().max() > 0
    assert not torch.equal(block.attention.query.weight, before)


# --- where weights come from ----------------------------------------------------------------------


def test_fused_projections_are_split_by_name(source):
    own = source.start("S|SD|S|S").model.encoder.layer[1].document_encoder
    theirs = source.encoder.layers[1]
    attention, feed_forward = own.attention, own.feed_forward
    assert torch.equal(
        torch.cat([attention.query.weight, attention.key.weight, attention.value.weight]), theirs.attn.Wqkv.weight
    )
    assert torch.equal(torch.cat([feed_forward.dense.weight, feed_forward.gate.weight]), theirs.mlp.Wi.weight)
    assert torch.equal(own.feed_forward_output.weight, theirs.mlp.Wo.weight)


def test_sizes_come_from_the_source_and_the_depth_too(source):
    config = source.start(None).model.config
    assert isinstance(config, RotaryHATConfig)
    assert (config.layout, config.num_hidden_layers) == ("S|SD|S|SD", DEPTH)
    assert (config.local_attention, config.global_attn_every_n_layers, config.pad_token_id) == (8, 3, 3)
    assert (config.bos_token_id, config.eos_token_id) == (1, 2)
    assert (config.max_segments, config.segment_length) == (None, LENGTH)


def test_dropouts_come_from_the_source(tmp_path):
    source = ModernSource(tmp_path, embedding_dropout=0.1, attention_dropout=0.2, mlp_dropout=0.3)
    model = source.start().model
    block = model.encoder.layer[1].sentence_encoder
    assert model.embeddings.dropout.p == 0.1
    assert (block.attention.dropout, block.attention_dropout.p, block.feed_forward_dropout.p) == (0.2, 0.2, 0.3)


def test_report_says_what_was_copied_from_where_and_what_is_new(source):
    report = source.start("SD|S|D").report
    assert report.copied["encoder.layer.0.sentence_encoder"] == "layers.0"
    assert report.copied["encoder.layer.2.document_encoder"] == "layers.2"
    assert report.copied["encoder.final_norm"] == "final_norm"
    assert report.unused == ["layers.3"]
    assert report.fresh == ["encoder.layer.0.document_encoder.attention_norm: ones, as the source's layer 0 has none"]


def test_report_lists_a_head(tmp_path):
    assert ModernSource(tmp_path, head=True).start(S_ONLY).report.unused == ["decoder", "head"]


def test_nothing_shares_memory(source):
    hat = source.start("SD|SD").model
    storages = [parameter.untyped_storage().data_ptr() for parameter in hat.parameters()]
    assert len(storages) == len(set(storages))


def test_blocks_beyond_the_source_repeat_its_top_layer(source):
    with pytest.raises(ValueError, match=r"6 blocks, the source 4 layers"):
        source.start("S|S|S|S|S|SD")
    hat = source.start("S|S|S|S|S|SD", extra_blocks="repeat").model
    assert torch.equal(
        hat.encoder.layer[5].document_encoder.attention_output.weight, source.encoder.layers[3].attn.Wo.weight
    )


# --- what config.json can say ---------------------------------------------------------------------


def test_config_of_transformers_5_is_read(source, tmp_path):
    entries = {
        "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "full_attention"],
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": 160000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 777.0},
        },
        "global_attn_every_n_layers": None,
        "global_rope_theta": None,
        "local_rope_theta": None,
    }
    config = rewrite(source, tmp_path, **entries).start().model.config
    assert (config.global_attn_every_n_layers, config.global_rope_theta, config.local_rope_theta) == (
        3,
        160000.0,
        777.0,
    )


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            {"layer_types": ["full_attention", "full_attention", "sliding_attention", "sliding_attention"]},
            "layer_types",
        ),
        ({"layer_types": ["causal"] * 4}, "layer_types is .*expected a list of full_attention"),
        ({"rope_scaling": {"rope_type": "linear", "factor": 2.0}}, "'linear' with factor"),
        ({"rope_parameters": {"full_attention": {"rope_type": "yarn", "rope_theta": 1e4}}}, "'yarn'"),
        ({"rope_parameters": {"full_attention": 3}}, "expected a table"),
        ({"rope_parameters": {"full_attention": {"rope_theta": "fast"}}}, "global_rope_theta is 'fast'"),
        ({"hidden_size": 33}, "hidden_size is 33"),
        ({"num_attention_heads": 32}, "turn pairs"),
        ({"hidden_activation": "leaky"}, "hidden_activation is 'leaky'"),
        ({"is_decoder": True}, "is_decoder"),
        ({"intermediate_size": 48}, "do not fit its config.json"),
        ({"num_hidden_layers": 5, "layer_types": None}, r"missing: layers\.4\.attn\.Wqkv\.weight"),
        ({"norm_bias": True}, r"missing: .*norm\.bias"),
        ({"model_type": "modernbert-decoder"}, "see those before them only"),
    ],
    ids=str,
)
def test_what_is_not_computed_is_refused(source, tmp_path, entries, message):
    with pytest.raises(ValueError, match=message):
        rewrite(source, tmp_path, **entries).start()


def test_weights_that_are_missing_are_named(source, tmp_path):
    changed = rewrite(source, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["layers.1.mlp.Wi.weight"]
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=r"missing: layers\.1\.mlp\.Wi\.weight"):
        changed.start()


def test_segments_are_no_longer_than_what_the_source_was_made_for(source, tmp_path):
    changed = rewrite(source, tmp_path, max_position_embeddings=16)
    with pytest.raises(ValueError, match=r"segment_length is 24.*--segment-length 16"):
        changed.start()


def test_there_are_no_document_positions_to_fill(source):
    with pytest.raises(ValueError, match="no table of document positions"):
        source.start(document_positions="repeat")


def test_old_names_of_settings_stay_readable(source):
    config = source.start().model.config
    assert (config.hidden_act, config.layer_norm_eps, config.max_sentence_length) == ("gelu", 1e-5, LENGTH)


# --- files ----------------------------------------------------------------------------------------


def test_saves_and_loads_with_its_own_model_type(source, tmp_path):
    started = source.start("S|SD|D")
    started.model.save_pretrained(tmp_path)
    started.tokenizer.save_pretrained(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    assert (values["model_type"], values["layout"]) == ("rotary-hierarchical-transformer", "S|SD|D")
    ids = random_ids(source.model, 2, 3 * LENGTH)
    loaded = HATModel.from_pretrained(tmp_path)
    assert torch.equal(encode(loaded, {"input_ids": ids}), encode(started.model, {"input_ids": ids}))
    assert loaded.config.to_dict() == started.model.config.to_dict() | {"_name_or_path": ""}
    assert load_tokenizer(tmp_path).get_vocab() == started.tokenizer.get_vocab()
