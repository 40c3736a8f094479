"""Encoders that name things in ways of their own, and those that no HAT can start from."""

import pytest
import torch
from transformers import DistilBertConfig, MPNetConfig, MPNetModel

from spacy_hat.modeling import warm_start
from spacy_hat.modeling.start.source_types import COPIED_SETTINGS, REASONS, SOURCE_TYPES

from ..support.sources import DEPTH, save_encoder
from ..support.tokenizers_tiny import wordpiece_tokenizer


def test_settings_of_distilbert_come_under_its_own_names(sources):
    config, own = sources["distilbert"].start().model.config, sources["distilbert"].model.config
    assert (config.hidden_size, config.num_attention_heads, config.intermediate_size) == (32, 4, 48)
    assert (config.hidden_dropout_prob, config.attention_probs_dropout_prob) == (0.15, 0.05)
    assert (config.hidden_act, config.vocab_size, config.pad_token_id) == (own.activation, own.vocab_size, 0)
    assert (config.layer_norm_eps, config.type_vocab_size) == (1e-12, 1)


def test_weights_of_distilbert_are_where_bert_has_them(sources):
    source, hat = sources["distilbert"], sources["distilbert"].start().model
    own, theirs = hat.encoder.layer[1].document_encoder, source.encoder.transformer.layer[1]
    pairs = [
        (own.attention.self.key, theirs.attention.k_lin),
        (own.attention.output.LayerNorm, theirs.sa_layer_norm),
        (own.output.dense, theirs.ffn.lin2),
    ]
    for mine, original in pairs:
        assert torch.equal(mine.weight, original.weight)
        assert torch.equal(mine.bias, original.bias)


def test_report_says_what_distilbert_calls_its_layers_and_has_not(sources):
    report = sources["distilbert"].start().report
    assert report.copied["encoder.layer.1.document_encoder"] == "transformer.layer.1"
    assert report.fresh == ["embeddings.token_type_embeddings.weight: zeros, as the source has no token types"]


@pytest.mark.parametrize(
    ("family", "layout", "unused"),
    [
        ("bert", "S", ["encoder.layer.1", "encoder.layer.2", "pooler"]),
        ("distilbert", "S|D", ["transformer.layer.2"]),
        ("electra", "S|S|S", []),
        ("bert_with_head", "S|S|S", ["cls"]),
        ("distilbert_with_head", "S|S|S", ["vocab_transform", "vocab_layer_norm", "vocab_projector"]),
        ("roberta_with_head", "S|S|S", ["lm_head"]),
    ],
)
def test_report_lists_what_of_the_source_is_not_used(sources, family, layout, unused):
    assert sorted(sources[family].start(layout).report.unused) == sorted(unused)


def test_missing_weights_are_called_what_the_source_calls_them(sources, tmp_path):
    sources["distilbert"].model.save_pretrained(
        tmp_path,
        state_dict={
            n: w for n, w in sources["distilbert"].model.state_dict().items() if "layer.1.attention.k_lin" not in n
        },
    )
    wordpiece_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"missing: transformer\.layer\.1\.attention\.k_lin\.weight"):
        warm_start(tmp_path, layout="S|S", segment_length=16, max_segments=6)


def test_mpnet_has_attention_that_a_hat_has_not(tmp_path):
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 48}
    save_encoder(MPNetModel(MPNetConfig(vocab_size=120, **sizes)), wordpiece_tokenizer(), tmp_path)
    with pytest.raises(ValueError, match=r"type 'mpnet': its attention adds a bias.*Supported types: bert"):
        warm_start(tmp_path, layout="S")


def test_reasons_are_for_types_that_are_no_source():
    assert not SOURCE_TYPES.keys() & REASONS.keys()


def test_names_of_distilbert_map_back():
    distilbert = SOURCE_TYPES["distilbert"]
    assert set(distilbert.settings) <= set(COPIED_SETTINGS)
    assert all(hasattr(DistilBertConfig(), own) for own in distilbert.settings.values())
    for number in range(DEPTH):
        for name in ("attention.self.query.bias", "output.dense.weight", "attention.output.LayerNorm.weight"):
            bert = f"encoder.layer.{number}.{name}"
            assert distilbert.bert_name(distilbert.own_name(bert)) == bert
            assert distilbert.own_name(bert) != bert
