"""A HAT made from a BERT- or RoBERTa-type encoder: which row comes from where, and that it computes the same."""

import pytest
import torch

from ..support.sources import DEPTH, LENGTH, POSITIONS, SEGMENTS, random_ids
from ..support.tiny import encode


def hold(rows: torch.Tensor, expected: torch.Tensor) -> bool:
    return torch.equal(rows.detach(), expected.detach())


# --- the same numbers as the source ---------------------------------------------------------------


@pytest.mark.parametrize("n_pieces", [1, 5, LENGTH])
def test_s_layout_equals_its_source_on_one_segment(any_source, n_pieces):
    hat = any_source.start("|".join(["S"] * DEPTH)).model
    ids = random_ids(any_source, 3, n_pieces)
    expected = encode(any_source.encoder, {"input_ids": ids, "attention_mask": torch.ones_like(ids)})
    torch.testing.assert_close(encode(hat, {"input_ids": ids}), expected, rtol=0, atol=1e-5)


def test_s_layout_equals_its_source_in_every_segment_of_ragged_documents(main_source):
    hat = main_source.start("|".join(["S"] * DEPTH)).model
    pad = main_source.model.config.pad_token_id
    mask = (torch.arange(LENGTH) < torch.tensor([16, 3, 9, 1])[:, None]).long()
    ids = random_ids(main_source, 4, LENGTH).masked_fill(mask == 0, pad)
    expected = encode(main_source.encoder, {"input_ids": ids, "attention_mask": mask})
    documents = {"input_ids": ids.reshape(2, 2 * LENGTH), "attention_mask": mask.reshape(2, 2 * LENGTH)}
    found = encode(hat, documents).reshape(expected.shape)
    torch.testing.assert_close(found[mask == 1], expected[mask == 1], rtol=0, atol=1e-5)


def test_s_layout_equals_its_source_with_token_types(sources):
    hat = sources["bert"].start("|".join(["S"] * DEPTH)).model
    ids = random_ids(sources["bert"], 2, LENGTH)
    types = torch.arange(2 * LENGTH).reshape(2, LENGTH) % 2
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": types}
    expected = encode(sources["bert"].encoder, inputs)
    torch.testing.assert_close(encode(hat, inputs), expected, rtol=0, atol=1e-5)


# --- rows -----------------------------------------------------------------------------------------


def test_token_positions_are_the_source_rows_that_pieces_read(source):
    hat = source.start().model
    pad = hat.config.pad_token_id
    table = hat.embeddings.position_embeddings.weight
    assert table.shape[0] == LENGTH + pad + 1
    for offset in range(LENGTH):
        assert hold(table[pad + 1 + offset], source.positions[offset]), offset


def test_document_positions_of_segment_s_are_source_row_s(source):
    hat = source.start(document_positions="copy").model
    table = hat.encoder.document_positions().weight
    assert table.shape[0] == SEGMENTS + 1
    for segment in range(SEGMENTS):
        assert hold(table[segment + 1], source.positions[segment]), segment


def test_document_positions_of_padded_segments_are_zeros(main_source):
    assert not main_source.start().model.encoder.document_positions().weight[0].any()


def test_document_positions_repeat(main_source):
    n_segments = 2 * POSITIONS + 5
    hat = main_source.start(max_segments=n_segments, document_positions="repeat").model
    table = hat.encoder.document_positions().weight
    for segment in range(n_segments):
        assert hold(table[segment + 1], main_source.positions[segment % POSITIONS]), segment


def test_document_positions_interpolate(main_source):
    n_segments = 2 * POSITIONS - 1  # every second segment falls on a row, the others half-way between two
    hat = main_source.start(max_segments=n_segments, document_positions="interpolate").model
    rows, source_rows = hat.encoder.document_positions().weight[1:], main_source.positions
    torch.testing.assert_close(rows[::2], source_rows, rtol=0, atol=1e-5)
    torch.testing.assert_close(rows[1::2], (source_rows[:-1] + source_rows[1:]) / 2, rtol=0, atol=1e-5)


def test_document_positions_to_copy_are_too_few(main_source):
    with pytest.raises(ValueError, match=rf"max_segments is {POSITIONS + 1}.*{POSITIONS}.*interpolate"):
        main_source.start(max_segments=POSITIONS + 1, document_positions="copy")


def test_segment_length_beyond_the_source_positions_is_an_error(main_source):
    assert main_source.start(segment_length=POSITIONS).model.config.segment_length == POSITIONS
    with pytest.raises(ValueError, match=rf"segment_length is {POSITIONS + 1}.*{POSITIONS}"):
        main_source.start(segment_length=POSITIONS + 1)


@pytest.mark.parametrize("name", ["word_embeddings.weight", "LayerNorm.weight", "LayerNorm.bias"])
def test_embeddings_are_copied(source, name):
    own = dict(source.start().model.embeddings.named_parameters())[name]
    assert hold(own, dict(source.encoder.embeddings.named_parameters())[name])


def test_token_types_are_copied(source):
    own = source.start().model.embeddings.token_type_embeddings.weight
    assert hold(own, source.encoder.embeddings.token_type_embeddings.weight)


@pytest.mark.parametrize(
    ("number", "part"),
    [(0, "sentence_encoder"), (1, "sentence_encoder"), (1, "document_encoder"), (2, "document_encoder")],
)
def test_both_parts_of_a_block_come_from_the_layer_of_its_number(source, number, part):
    own = dict(getattr(source.start().model.encoder.layer[number], part).named_parameters())
    expected = dict(source.encoder.encoder.layer[number].named_parameters())
    assert own.keys() == expected.keys()
    for name, parameter in own.items():
        assert hold(parameter, expected[name]), name


def test_nothing_shares_memory(main_source):
    hat = main_source.start("SD|SD").model
    owners: dict[int, str] = {}
    for name, parameter in hat.named_parameters():
        storage = parameter.untyped_storage()
        assert storage.nbytes() == parameter.numel() * parameter.element_size(), name
        assert owners.setdefault(storage.data_ptr(), name) == name


def test_source_folder_is_left_alone(main_source):
    before = {path.name: path.read_bytes() for path in main_source.folder.iterdir()}
    main_source.start(cross_segment_start="identity")
    assert {path.name: path.read_bytes() for path in main_source.folder.iterdir()} == before
