"""What a warm start takes over from its source, what it reports, and what it refuses."""

import pytest
import torch
from transformers import BertConfig, BertModel, ElectraConfig, ElectraModel

from spacy_hat.modeling import warm_start

from ..support.sources import BERT, DEPTH, LAYOUT, LENGTH, SEGMENTS, SIZES, save_encoder
from ..support.tokenizers_tiny import wordpiece_tokenizer

# --- configuration --------------------------------------------------------------------------------

SAME_SETTINGS = [
    "layer_norm_eps",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "hidden_act",
    "hidden_size",
    "intermediate_size",
    "num_attention_heads",
    "vocab_size",
    "type_vocab_size",
    "pad_token_id",
]


@pytest.mark.parametrize("name", SAME_SETTINGS)
def test_setting_comes_from_the_source(source, name):
    assert getattr(source.start().model.config, name) == getattr(source.model.config, name)


def test_layer_norms_use_the_eps_of_the_source(main_source):
    norms = [module for module in main_source.start().model.modules() if isinstance(module, torch.nn.LayerNorm)]
    assert {norm.eps for norm in norms} == {main_source.model.config.layer_norm_eps}


def test_document_positions_take_part_in_new_models(main_source):
    assert main_source.start().model.config.document_position_embeddings


def test_layout_and_sizes_are_as_asked(main_source):
    config = main_source.start().model.config
    assert (config.layout, config.segment_length, config.max_segments) == (LAYOUT, LENGTH, SEGMENTS)


def test_model_is_in_evaluation_mode(main_source):
    assert not main_source.start().model.training


def test_tokenizer_is_the_one_of_the_source(source):
    tokenizer = source.start().tokenizer
    assert tokenizer.is_fast
    assert tokenizer("the court held")["input_ids"]
    assert len(tokenizer) == source.model.config.vocab_size


def test_global_random_state_is_left_alone(main_source):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    main_source.start("S|SD|D|D", extra_blocks="fresh", cross_segment_start="identity")
    assert torch.equal(torch.rand(3), expected)


# --- depth ----------------------------------------------------------------------------------------

DEEPER = "S|S|S|SD|D"


def test_blocks_beyond_the_source_are_an_error(main_source):
    with pytest.raises(ValueError, match=r"5 blocks.*3 layers.*extra_blocks"):
        main_source.start(DEEPER)


@pytest.mark.parametrize(
    ("number", "part"), [(3, "sentence_encoder"), (3, "document_encoder"), (4, "document_encoder")]
)
def test_blocks_beyond_the_source_repeat_its_top_layer_if_asked(main_source, number, part):
    hat = main_source.start(DEEPER, extra_blocks="repeat").model
    top = dict(main_source.encoder.encoder.layer[DEPTH - 1].named_parameters())
    for name, parameter in getattr(hat.encoder.layer[number], part).named_parameters():
        assert torch.equal(parameter, top[name]), name


def test_blocks_beyond_the_source_are_fresh_if_asked(main_source):
    first, again, other = (main_source.start(DEEPER, extra_blocks="fresh", seed=seed).model for seed in (1, 1, 2))
    weights = [model.encoder.layer[3].sentence_encoder.output.dense.weight for model in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert weights[0].std().item() == pytest.approx(main_source.model.config.initializer_range, rel=0.2)


def test_layout_shorter_than_the_source_takes_its_lower_layers(main_source):
    hat = main_source.start("S").model
    expected = dict(main_source.encoder.encoder.layer[0].named_parameters())
    for name, parameter in hat.encoder.layer[0].sentence_encoder.named_parameters():
        assert torch.equal(parameter, expected[name]), name


# --- report and refusals --------------------------------------------------------------------------


def test_report_lists_what_was_copied(main_source):
    report = main_source.start().report
    assert report.source == str(main_source.folder)
    assert report.copied["encoder.layer.1.document_encoder"] == "encoder.layer.1"
    assert report.copied["embeddings.word_embeddings.weight"] == "embeddings.word_embeddings.weight"
    assert not report.fresh


def test_report_lists_what_is_fresh(main_source):
    report = main_source.start("S|S|S|SD", extra_blocks="fresh").report
    assert [line.split(":")[0] for line in report.fresh] == [
        "encoder.layer.3.sentence_encoder",
        "encoder.layer.3.document_encoder",
    ]
    assert not [part for part in report.copied if part.startswith("encoder.layer.3.")]


def test_report_lists_identity_blocks(main_source):
    report = main_source.start("S|SD|D", cross_segment_start="identity").report
    assert [line.split(":")[0] for line in report.fresh] == [
        "encoder.layer.1.document_encoder",
        "encoder.layer.2.document_encoder",
    ]


def test_source_with_narrow_embeddings_is_an_error(tmp_path):
    config = ElectraConfig(**{**SIZES, **BERT}, embedding_size=16, vocab_size=50)
    save_encoder(ElectraModel(config), wordpiece_tokenizer(), tmp_path)
    with pytest.raises(ValueError, match=r"16 wide.*32.*cannot be folded.*base or large"):
        warm_start(tmp_path, layout="S")


def test_source_with_relative_positions_is_an_error(tmp_path):
    config = BertConfig(**{**SIZES, **BERT}, position_embedding_type="relative_key", vocab_size=50)
    save_encoder(BertModel(config), wordpiece_tokenizer(), tmp_path)
    with pytest.raises(ValueError, match="relative_key"):
        warm_start(tmp_path, layout="S", segment_length=LENGTH, max_segments=SEGMENTS)


@pytest.mark.parametrize("layout", ["S|X", "", "DS"])
def test_unknown_layout_is_an_error(main_source, layout):
    with pytest.raises(ValueError, match="layout"):
        main_source.start(layout)


@pytest.mark.parametrize(
    "choice",
    [{"document_positions": "stretch"}, {"cross_segment_start": "zero"}, {"extra_blocks": "random"}],
    ids=lambda choice: next(iter(choice)),
)
def test_unknown_choice_is_an_error(main_source, choice):
    with pytest.raises(ValueError, match=next(iter(choice))):
        main_source.start("S|S|S|D", **{"extra_blocks": "repeat", **choice})
