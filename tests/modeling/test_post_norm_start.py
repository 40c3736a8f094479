"""A HAT made from a nomic-bert or a gte-v1.5: that it computes the same, and which weight comes from where."""

import json
from typing import Any

import pytest
import torch
import transformers

from spacy_hat.modeling import HATModel, RotaryHATConfig, load_tokenizer

from ..support.post_norm import CONFIGS, DEPTH, LENGTH, WIDTH, PostNormSource, is_nomic
from ..support.tiny import encode

S_ONLY = "|".join(["S"] * DEPTH)
# transformers' own classes; there is none for what older files of gte say.
NATIVE = {"nomic_bert": "NomicBertModel", "gte": "GteModel", "gte without token types": "GteModel"}


@pytest.fixture(params=CONFIGS)
def source(request, tmp_path) -> PostNormSource:
    return PostNormSource(tmp_path, request.param)


@pytest.fixture
def gte(tmp_path) -> PostNormSource:
    return PostNormSource(tmp_path, "gte")


def random_ids(*shape: int) -> torch.Tensor:
    return torch.randint(5, 40, shape, generator=torch.Generator().manual_seed(0))


def outputs(model: Any, ids: torch.Tensor) -> torch.Tensor:
    return encode(model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)})


class Recorded(torch.nn.Module):
    def __init__(self, model: HATModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids, attention_mask, return_dict=False)[0]


def native(source: PostNormSource, class_name: str) -> Any:
    if not hasattr(transformers, class_name):
        pytest.skip(f"transformers {transformers.__version__} has no {class_name}")
    return getattr(transformers, class_name).from_pretrained(source.folder).eval()


# --- the same numbers as the source ---------------------------------------------------------------


@pytest.mark.parametrize("n_pieces", [LENGTH, 1, 7])
def test_s_layout_equals_the_model_written_out_on_one_segment(source, n_pieces):
    ids = random_ids(2, n_pieces)
    torch.testing.assert_close(outputs(source.start(S_ONLY).model, ids), source.written_out(ids), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("name", "class_name"), NATIVE.items())
def test_s_layout_equals_transformers_own_model_on_one_segment(name, class_name, tmp_path):
    source = PostNormSource(tmp_path, name)
    ids = random_ids(2, LENGTH)
    theirs = outputs(native(source, class_name), ids)
    torch.testing.assert_close(outputs(source.start(S_ONLY).model, ids), theirs, rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("class_name", "theta"), [("NomicBert", 1000.0), ("Gte", 160000.0)])
def test_base_equals_transformers_own_model_on_one_segment(class_name, theta, tmp_path):
    tiny = PostNormSource(tmp_path, "nomic_bert" if class_name == "NomicBert" else "gte")
    native(tiny, f"{class_name}Model")
    rotation = {"rope_type": "default", "rope_theta": theta}
    config = getattr(transformers, f"{class_name}Config")(vocab_size=1000, pad_token_id=0, rope_parameters=rotation)
    model = getattr(transformers, f"{class_name}Model")(config).eval()
    model.save_pretrained(tmp_path)
    ids = random_ids(2, 128)
    found = outputs(tiny.start("|".join(["S"] * 12), segment_length=128).model, ids)
    torch.testing.assert_close(found, outputs(model, ids), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("name", "class_name"), NATIVE.items())
def test_gradients_equal_those_of_transformers_own_model(name, class_name, tmp_path):
    source = PostNormSource(tmp_path, name)
    theirs, own = native(source, class_name), source.start(S_ONLY).model
    ids = random_ids(2, LENGTH)
    weights = torch.randn(2, LENGTH, WIDTH, generator=torch.Generator().manual_seed(5))
    for encoder in (theirs, own):
        encoder.zero_grad()
        (encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state * weights).sum().backward()
    for number in range(DEPTH):
        block, layer = own.encoder.layer[number].sentence_encoder, theirs.layers[number]
        pairs = [
            (block.attention.query, layer.self_attn.q_proj),
            (block.attention.key, layer.self_attn.k_proj),
            (block.attention_output, layer.self_attn.o_proj),
            (block.attention_norm, layer.post_attention_layernorm),
            (block.feed_forward.dense, layer.mlp.gate_proj),
            (block.feed_forward.gate, layer.mlp.up_proj),
            (block.feed_forward_output, layer.mlp.down_proj),
            (block.feed_forward_norm, layer.post_mlp_layernorm),
        ]
        for ours, other in pairs:
            torch.testing.assert_close(ours.weight.grad, other.weight.grad, rtol=1e-4, atol=1e-4)


def test_bfloat16_is_as_near_to_float32_as_the_model_written_out(gte):
    ids = random_ids(2, LENGTH)
    exact = gte.written_out(ids)
    gte.weights = {name: weight.bfloat16() for name, weight in gte.weights.items()}
    theirs = (gte.written_out(ids).float() - exact).abs().mean()
    own = (outputs(gte.start(S_ONLY).model.bfloat16(), ids).float() - exact).abs().mean()
    assert own < 1.25 * theirs


def test_places_start_over_in_each_segment(source):
    ids = random_ids(2, 3 * LENGTH)
    expected = source.written_out(ids.view(6, LENGTH))
    found = outputs(source.start(S_ONLY).model, ids)
    torch.testing.assert_close(found.view_as(expected), expected, rtol=0, atol=1e-5)


def test_identity_keeps_what_cross_segment_blocks_read_nearly(source):
    # As with BERT's blocks, the norms behind zeros give back a mean and a deviation, and not each vector's own.
    ids = random_ids(2, 3 * LENGTH)
    started = source.start("S|SD|SD", cross_segment_start="identity")
    plain = outputs(source.start(S_ONLY).model, ids)
    cosine = torch.nn.functional.cosine_similarity(outputs(started.model, ids), plain, dim=-1)
    assert cosine.min() > 0.9
    assert "encoder.layer.1.document_encoder: output projections zero, layer norms calibrated" in started.report.fresh


# --- where weights come from ----------------------------------------------------------------------


def test_words_take_the_token_type_of_documents_along(gte):
    started = gte.start()
    words, types = (gte.weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "token_type"))
    assert torch.equal(started.model.embeddings.word_embeddings.weight, words + types[0])
    assert started.report.copied["embeddings.word_embeddings"] == (
        "embeddings.word_embeddings + embeddings.token_type_embeddings[0]"
    )


def test_report_says_what_was_copied_from_where(source):
    report = source.start("S|SD").report
    layers = "encoder.layers" if is_nomic(source.name) else "encoder.layer"
    assert report.copied["encoder.layer.1.document_encoder"] == f"{layers}.1"
    assert report.copied["embeddings.norm"] == ("emb_ln" if is_nomic(source.name) else "embeddings.LayerNorm")
    assert report.unused == [f"{layers}.2"]
    assert report.fresh == []


@pytest.mark.parametrize(("name", "prefix"), [("nomic_bert", "bert."), ("nomic_bert", "nomic_bert."), ("gte", "new.")])
def test_encoders_with_a_head_are_read(name, prefix, tmp_path):
    source = PostNormSource(tmp_path, name, prefix)
    started = source.start(S_ONLY)
    ids = random_ids(1, LENGTH)
    torch.testing.assert_close(outputs(started.model, ids), source.written_out(ids), rtol=0, atol=1e-5)
    assert started.report.unused == ["cls"]


def test_settings_come_from_the_source(source):
    config = source.start().model.config
    assert isinstance(config, RotaryHATConfig)
    assert (config.num_hidden_layers, config.post_norm, config.norm_bias, config.mlp_bias) == (3, True, True, False)
    assert (config.attention_bias, config.mlp_output_bias) == (not is_nomic(source.name),) * 2
    assert (config.hidden_activation, config.norm_eps) == ("silu" if is_nomic(source.name) else "gelu", 1e-12)
    assert config.max_segments is None


def test_dropouts_come_from_the_source(tmp_path):
    source = PostNormSource(tmp_path, "gte", hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.2)
    model = source.start().model
    block = model.encoder.layer[1].sentence_encoder
    assert (model.embeddings.dropout.p, block.attention.dropout, block.dropout.p) == (0.3, 0.2, 0.3)


def test_older_files_turn_places_as_newer_ones_do(tmp_path):
    settings = []
    for name in ("gte", "gte, older"):
        (tmp_path / name).mkdir()
        config = PostNormSource(tmp_path / name, name).start().model.config
        settings.append((config.global_rope_theta, round(config.global_rope_factor, 9)))
    assert settings[0] == settings[1]


# --- what config.json can say ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "entries", "message"),
    [
        ("nomic_bert", {"num_experts": 8}, "num_experts is 8"),
        ("nomic_bert, older", {"prenorm": True}, "prenorm is True"),
        ("nomic_bert, older", {"rotary_emb_fraction": 0.5}, "rotary_emb_fraction is 0.5"),
        ("nomic_bert, older", {"activation_function": "gelu"}, "activation_function is 'gelu'.*layers are gated"),
        ("nomic_bert, older", {"qkv_proj_bias": True}, "qkv_proj_bias is True"),
        ("nomic_bert", {"head_dim": 16}, "4 attention heads of 16 numbers"),
        ("gte", {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}, "'yarn'"),
        ("gte", {"rope_parameters": {"rope_type": "ntk", "factor": 8.0}}, "'ntk'.*expected default or linear"),
        ("gte", {"rope_parameters": {"rope_type": "linear", "factor": "8"}}, "factor '8'"),
        ("gte", {"rope_parameters": {"partial_rotary_factor": 0.5}}, "partial_rotary_factor 0.5"),
        ("gte", {"rope_parameters": 3}, "rope_parameters is 3, expected a table"),
        ("gte, older", {"rope_scaling": {"type": "ntk", "factor": 8.0, "mixed_b": 0.6}}, "mixed_b 0.6"),
        ("gte, older", {"position_embedding_type": "absolute"}, "position_embedding_type is 'absolute'"),
        ("gte, older", {"layer_norm_type": "rms_norm"}, "layer_norm_type is 'rms_norm'"),
        ("gte, older", {"logn_attention_scale": True}, "logn_attention_scale is True"),
        ("gte", {"is_decoder": True}, "is_decoder"),
        ("gte", {"intermediate_size": 48}, "do not fit its config.json"),
        ("gte", {"num_hidden_layers": 4}, r"missing: encoder\.layer\.3\.attention\.qkv_proj\.weight"),
        ("gte", {"type_vocab_size": 0}, r"unexpected: embeddings\.token_type_embeddings\.weight"),
        ("gte", {"max_position_embeddings": 16}, r"segment_length is 24.*--segment-length 16"),
    ],
    ids=str,
)
def test_what_is_not_computed_is_refused(name, entries, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        PostNormSource(tmp_path, name, **entries).start()


def test_entries_that_nobody_can_guess_have_to_be_there(tmp_path):
    source = PostNormSource(tmp_path, "gte, older")
    file = tmp_path / "config.json"
    values = json.loads(file.read_text())
    del values["rope_theta"]
    file.write_text(json.dumps(values))
    with pytest.raises(ValueError, match="says nothing of rope_theta"):
        source.start()


@pytest.mark.slow
@pytest.mark.parametrize("post_norm", [False, True])
def test_rotary_padded_path_is_exported(post_norm):
    sizes = {"vocab_size": 60, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 40}
    windows = {"segment_length": 8, "global_attn_every_n_layers": 2, "local_attention": 4}
    config = RotaryHATConfig(**sizes, **windows, layout="S|SD|S", pad_token_id=1, post_norm=post_norm)
    model = Recorded(HATModel(config).eval())
    ids = random_ids(2, 32)
    mask = torch.ones_like(ids)
    mask[1, 20:] = 0
    with torch.no_grad():
        recorded = torch.export.export(model, (ids, mask)).module()
        torch.testing.assert_close(recorded(ids, mask)[mask == 1], model(ids, mask)[mask == 1], rtol=0, atol=1e-5)


# --- files ----------------------------------------------------------------------------------------


def test_saves_and_loads(source, tmp_path):
    started = source.start("S|SD|D")
    started.model.save_pretrained(tmp_path / "hat")
    started.tokenizer.save_pretrained(tmp_path / "hat")
    values = json.loads((tmp_path / "hat" / "config.json").read_text())
    assert (values["model_type"], values["post_norm"]) == ("rotary-hierarchical-transformer", True)
    ids = random_ids(2, 3 * LENGTH)
    loaded = HATModel.from_pretrained(tmp_path / "hat")
    assert torch.equal(outputs(loaded, ids), outputs(started.model, ids))
    assert load_tokenizer(tmp_path / "hat").get_vocab() == started.tokenizer.get_vocab()
