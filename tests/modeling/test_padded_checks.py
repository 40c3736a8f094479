"""Padded batches whose parts do not belong together, or whose numbers stand for nothing, are errors."""

import pytest
import torch

from spacy_hat.modeling import HATForMultipleChoice, HATForSequenceClassification, HATModel

from ..support.tiny import VOCAB_SIZE, encode, tiny_model, tiny_settings

IDS = torch.full((2, 16), 7)
MASK = torch.ones(2, 16, dtype=torch.long)


def with_value(tensor, value, dtype=None):
    changed = tensor.to(dtype or tensor.dtype).clone()
    changed[1, 3] = value
    return changed


WRONG = {
    "mask of half the slots": ({"attention_mask": MASK[:, :8]}, r"attention_mask has the shape \(2, 8\).*\(2, 16\)"),
    "mask of one document": ({"attention_mask": MASK[:1]}, r"attention_mask has the shape \(1, 16\)"),
    "mask without documents": ({"attention_mask": MASK[0]}, r"attention_mask has the shape \(16,\), expected 2 dim"),
    "mask of four dimensions": ({"attention_mask": MASK[:, None, None]}, "expected 2 dimensions"),
    "types of half the slots": ({"token_type_ids": IDS[:, :8] * 0}, "token_type_ids has the shape"),
    "positions of one document": ({"position_ids": IDS[:1] * 0}, "position_ids has the shape"),
    "one document alone": ({"input_ids": IDS[0]}, r"input_ids has the shape \(16,\)"),
    "mask of -1": ({"attention_mask": with_value(MASK, -1)}, "attention_mask has the value -1"),
    "mask of 2": ({"attention_mask": with_value(MASK, 2)}, "attention_mask has the value 2"),
    "mask of a half": ({"attention_mask": with_value(MASK, 0.5, torch.float)}, r"attention_mask has the value 0\.5"),
    "mask of NaN": ({"attention_mask": with_value(MASK, torch.nan, torch.float)}, "attention_mask has the value nan"),
    "complex mask": ({"attention_mask": MASK.to(torch.complex64)}, r"attention_mask has the type torch\.complex64"),
    "pieces outside": ({"input_ids": with_value(IDS, VOCAB_SIZE)}, "input_ids has the value 60, expected 0 to 59"),
    "pieces below 0": ({"input_ids": with_value(IDS, -1)}, "input_ids has the value -1"),
    "pieces of floats": ({"input_ids": IDS.float()}, "input_ids has the type torch.float32"),
    "pieces of booleans": ({"input_ids": IDS.bool()}, "input_ids has the type torch.bool"),
    "types outside": ({"token_type_ids": with_value(IDS * 0, 1)}, "token_type_ids has the value 1, expected 0 to 0"),
    "positions outside": ({"position_ids": with_value(IDS * 0, 10)}, "position_ids has the value 10, expected 0 to 9"),
    "neither": ({"input_ids": None}, "neither of input_ids and inputs_embeds"),
    "both": ({"inputs_embeds": torch.zeros(2, 16, 32)}, "both of input_ids and inputs_embeds"),
    "pieces in a list": ({"input_ids": IDS.tolist()}, "input_ids is of the type list, expected a tensor"),
    "mask of numpy": ({"attention_mask": MASK.numpy()}, "attention_mask is of the type ndarray, expected a tensor"),
    "sparse pieces": ({"input_ids": IDS.to_sparse()}, "input_ids is in the layout torch.sparse_coo"),
    "mask without numbers": ({"attention_mask": MASK.to("meta")}, "attention_mask is on the meta device"),
    "vectors too narrow": ({"input_ids": None, "inputs_embeds": torch.zeros(2, 16, 31)}, "vectors of 31 numbers"),
    "vectors of whole numbers": (
        {"input_ids": None, "inputs_embeds": torch.zeros(2, 16, 32).long()},
        r"of the type torch\.int64, expected 32 floating-point",
    ),
    "vectors of NaN": (
        {"input_ids": None, "inputs_embeds": torch.full((2, 16, 32), torch.nan)},
        "inputs_embeds has NaN or infinity",
    ),
    "vectors without size": ({"input_ids": None, "inputs_embeds": torch.zeros(2, 16)}, "expected 3 dimensions"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("cls", [HATModel, HATForSequenceClassification])
def test_padded_batch_that_does_not_fit_together_is_an_error(cls, change, message):
    model = tiny_model(cls, tiny_settings())
    with pytest.raises(ValueError, match=message):
        model(**{"input_ids": IDS, "attention_mask": MASK, **change})


@pytest.mark.parametrize("dtype", [torch.bool, torch.int32, torch.float32, torch.float16])
def test_padded_mask_of_zeros_and_ones_is_taken_in_any_type(dtype):
    model = tiny_model(HATModel, tiny_settings())
    mask = with_value(MASK, 0)
    expected = encode(model, {"input_ids": IDS, "attention_mask": mask})
    assert torch.equal(encode(model, {"input_ids": IDS, "attention_mask": mask.to(dtype)}), expected)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.uint8])
def test_padded_numbers_are_taken_in_any_type_of_whole_ones(dtype):
    model = tiny_model(HATModel, tiny_settings())
    inputs = {"input_ids": IDS, "token_type_ids": IDS * 0, "position_ids": IDS * 0 + 2}
    short = {name: numbers.to(dtype) for name, numbers in inputs.items()}
    assert torch.equal(encode(model, short), encode(model, inputs))


def test_padded_batch_of_no_documents_is_empty():
    model = tiny_model(HATModel, tiny_settings())
    assert encode(model, {"input_ids": IDS[:0], "attention_mask": MASK[:0]}).shape == (0, 16, 32)


def test_padded_batch_may_use_pieces_that_were_added():
    model = tiny_model(HATModel, tiny_settings())
    model.resize_token_embeddings(VOCAB_SIZE + 1)
    assert encode(model, {"input_ids": with_value(IDS, VOCAB_SIZE)}).isfinite().all()


def test_multiple_choice_of_other_shapes_is_an_error():
    model = tiny_model(HATForMultipleChoice, tiny_settings())
    # As many documents in all, so that nothing is noticed once documents and choices are one dimension.
    with pytest.raises(ValueError, match=r"attention_mask has the shape \(3, 2, 16\).*\(2, 3, 16\)"):
        model(input_ids=torch.full((2, 3, 16), 7), attention_mask=torch.ones(3, 2, 16, dtype=torch.long))
