"""Layout strings, and the published form that config.json holds."""

import pytest

from spacy_hat.modeling import HATConfig, HATModel
from spacy_hat.modeling.layout import (
    PUBLISHED_LAYOUTS,
    format_layout,
    layout_for_depth,
    layout_from_published,
    layout_to_published,
    parse_layout,
)

from ..support.tiny import encoder_layout, tiny_settings

LAYOUTS = ["S", "D", "SD", "-", "S|S|SD|D", "SD|-|S|D", "|".join(["S", "S", "SD"] * 4)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_round_trip(layout):
    assert format_layout(parse_layout(layout)) == layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_to_published_round_trip(layout):
    assert layout_to_published(layout) == encoder_layout(layout)
    assert layout_from_published(layout_to_published(layout)) == layout


def test_layout_spaces_are_ignored():
    assert parse_layout(" S | SD ") == parse_layout("S|SD")


# Blocks that attend inside segments, and those that attend between them.
PUBLISHED_BLOCKS = {
    "I1": ("012345", "012345"),
    "I2": ("013467", "124578"),
    "I3": ("01234567", "1357"),
    "LC1": ("012345678", "678"),
    "LC2": ("01234578", "5689"),
    "EC1": ("01245789", "2356"),
    "EC2": ("012345678", "234"),
    "AH": ("01234567", "89ab"),
    "adhoc-hierarchical-transformer-base-4096": ("0123456789ab", "bcde"),
    "hierarchical-transformer-base-4096": ("0123456789ab", "258b"),
}


@pytest.mark.parametrize("name", PUBLISHED_BLOCKS)
def test_layout_published_name_parses(name):
    blocks = dict(enumerate(parse_layout(name)))
    segment_wise = "".join(f"{number:x}" for number, block in blocks.items() if block.segment_wise)
    cross_segment = "".join(f"{number:x}" for number, block in blocks.items() if block.cross_segment)
    assert (segment_wise, cross_segment) == PUBLISHED_BLOCKS[name]


def test_layout_every_published_name_is_checked():
    assert PUBLISHED_BLOCKS.keys() == PUBLISHED_LAYOUTS.keys()


@pytest.mark.parametrize("layout", ["", "S||D", "DS", "S,D", "s", "SDX|S", "hierarchical-transformer"])
def test_layout_with_unknown_blocks_is_an_error(layout):
    with pytest.raises(ValueError, match="S\\|SD"):
        parse_layout(layout)


def test_layout_of_more_than_ten_blocks_keeps_their_order():
    layout = "|".join(["S"] * 10 + ["D", "SD"])
    shuffled = dict(sorted(layout_to_published(layout).items()))  # "10" sorts before "2"
    assert layout_from_published(shuffled) == layout


def test_layout_with_a_gap_is_an_error():
    with pytest.raises(ValueError, match=r"\[0, 2\]"):
        layout_from_published({"0": {"sentence_encoder": True}, "2": {"sentence_encoder": True}})


def test_config_layout_setter_sets_depth():
    config = HATConfig(layout="S|D")
    config.layout = "S|SD|D"
    assert config.num_hidden_layers == 3
    assert config.encoder_layout == encoder_layout("S|SD|D")


def test_config_aliases_name_published_sizes():
    config = HATConfig(max_segments=7, segment_length=9)
    assert (config.max_sentences, config.max_sentence_length) == (7, 9)
    assert (config.max_segments, config.segment_length) == (7, 9)


INVALID = [
    ({"num_hidden_layers": 3}, "2 blocks but num_hidden_layers is 3"),
    ({"num_attention_heads": 5}, "hidden_size is 32"),
    ({"pooling": "cls"}, "pooling is 'cls'"),
    ({"frozen_blocks": 3}, "frozen_blocks is 3"),
    ({"frozen_blocks": -1}, "frozen_blocks is -1"),
    ({"max_sentence_length": 1}, "segment_length"),
    ({"max_sentences": 0}, "max_segments"),
    ({"position_embedding_type": "relative_key"}, "relative_key"),
]


@pytest.mark.parametrize(("change", "message"), INVALID)
def test_config_that_cannot_be_built_is_an_error(change, message):
    with pytest.raises(ValueError, match=message):
        HATModel(HATConfig(**tiny_settings("S|SD", **change)))


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 12, 24, 48])
def test_layout_for_a_depth_has_every_layer_and_ends_in_both_kinds(depth):
    blocks = parse_layout(layout_for_depth(depth))
    assert len(blocks) == depth
    assert all(block.segment_wise for block in blocks)
    assert sum(block.cross_segment for block in blocks) == max(depth // 2, 1)
    assert blocks[-1].cross_segment
