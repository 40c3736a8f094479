"""What must hold of a padded batch before it is cut into segments: a wrong shape would mix documents up in silence."""

from collections.abc import Mapping

import torch
from torch import Tensor

SHAPE = "(n_docs, n_slots)"


def check_shapes(inputs: Mapping[str, Tensor | None], n_dims: int = 2) -> None:
    """Check that the parts of a batch stand for the same slots.

    inputs (Mapping[str, Tensor | None]): The tensors, by the names of HATModel.forward.
    n_dims (int): Dimensions of all but inputs_embeds, which has one more.
    RAISES (ValueError): If neither or both of input_ids and inputs_embeds are given, or shapes do not agree.
    """
    ids, vectors = inputs.get("input_ids"), inputs.get("inputs_embeds")
    if (ids is None) == (vectors is None):
        raise ValueError(
            f"HATModel got {'neither' if ids is None else 'both'} of input_ids and inputs_embeds, expected one of them."
        )
    first = "input_ids" if ids is not None else "inputs_embeds"
    expected = (ids if ids is not None else vectors).shape[:n_dims]  # type: ignore[union-attr]
    for name, tensor in inputs.items():
        if tensor is None:
            continue
        wanted = n_dims + (name == "inputs_embeds")
        if tensor.dim() != wanted:
            raise ValueError(
                f"{name} has the shape {tuple(tensor.shape)}, expected {wanted} dimensions, of which "
                f"{_dimensions(n_dims)} are first. Add the missing ones with unsqueeze, or stack the documents."
            )
        if tensor.shape[:n_dims] != expected:
            raise ValueError(
                f"{name} has the shape {tuple(tensor.shape)}, but {first} is of {tuple(expected)}, "
                f"{_dimensions(n_dims)}. Give both for the same slots."
            )


def check_values(inputs: Mapping[str, Tensor | None], rows: Mapping[str, int]) -> None:
    """Check that numbers are what they stand for.

    inputs (Mapping[str, Tensor | None]): The tensors, by the names of HATModel.forward.
    rows (Mapping[str, int]): Of those that number the rows of a table: how many rows it has.
    RAISES (ValueError): If numbers are not whole, name no row of their table, or a mask is not of zeros and ones.
    """
    mask = inputs.get("attention_mask")
    if mask is not None and mask.dtype != torch.bool and not bool(((mask == 0) | (mask == 1)).all()):
        wrong = mask[(mask != 0) & (mask != 1)][0].item()
        raise ValueError(
            f"attention_mask has the value {wrong}, expected 1 for real pieces and 0 for padding, or booleans. Give "
            "the tokenizer's mask, not the additive form of it."
        )
    for name, n_rows in rows.items():
        numbers = inputs.get(name)
        if numbers is None:
            continue
        if numbers.is_floating_point() or numbers.is_complex() or numbers.dtype == torch.bool:
            raise ValueError(f"{name} has the type {numbers.dtype}, expected whole numbers. Convert it with .long().")
        if not numbers.numel():
            continue
        least, most = (int(bound) for bound in numbers.aminmax())
        if least < 0 or most >= n_rows:
            raise ValueError(
                f"{name} has the value {least if least < 0 else most}, expected 0 to {n_rows - 1}, the rows that this "
                "model has for it. Use the tokenizer that belongs to the model."
            )


def _dimensions(n_dims: int) -> str:
    return SHAPE if n_dims == 2 else "(n_docs, n_choices, n_slots)"
