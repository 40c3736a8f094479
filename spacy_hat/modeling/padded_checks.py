"""What must hold of a padded batch before it is cut into segments: a wrong shape would mix documents up in silence."""

from collections.abc import Mapping

import torch
from torch import Tensor

SHAPE = "(n_docs, n_slots)"


def check_shapes(inputs: Mapping[str, Tensor | None], n_dims: int = 2) -> None:
    """Check that the parts of a batch stand for the same slots.

    inputs (Mapping[str, Tensor | None]): The tensors, by the names of HATModel.forward.
    n_dims (int): Dimensions of all but inputs_embeds, which has one more.
    RAISES (ValueError): If something is not a tensor, neither or both of input_ids and inputs_embeds are given, or
        shapes do not agree.
    """
    for name, tensor in inputs.items():
        if tensor is not None and not isinstance(tensor, Tensor):
            raise ValueError(
                f"{name} is of the type {type(tensor).__name__}, expected a tensor. Convert it with torch.as_tensor."
            )
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
                f"{name} has the shape {tuple(tensor.shape)}, expected {tuple(expected)}, {_dimensions(n_dims)}, as "
                f"{first} has. Give both for the same slots."
            )


def check_values(inputs: Mapping[str, Tensor | None], rows: Mapping[str, int], hidden_size: int) -> None:
    """Check that numbers are what they stand for.

    inputs (Mapping[str, Tensor | None]): The tensors, by the names of HATModel.forward.
    rows (Mapping[str, int]): Of those that number the rows of a table: how many rows it has.
    hidden_size (int): Width of inputs_embeds.
    RAISES (ValueError): If tensors are sparse or hold no numbers, numbers are not whole, name no row of their table,
        vectors are not finite or of another width, or a mask is not of zeros and ones.
    """
    for name, tensor in inputs.items():
        if tensor is not None and (tensor.layout != torch.strided or tensor.is_meta):
            got = "on the meta device" if tensor.is_meta else f"in the layout {tensor.layout}"
            raise ValueError(f"{name} is {got}, expected a dense tensor with numbers. Convert it with .to_dense().")
    _check_vectors(inputs.get("inputs_embeds"), hidden_size)
    mask = inputs.get("attention_mask")
    if mask is not None and mask.is_complex():
        raise ValueError(f"attention_mask has the type {mask.dtype}, expected zeros and ones. Convert it with .bool().")
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


def _check_vectors(vectors: Tensor | None, hidden_size: int) -> None:
    """RAISES (ValueError): If they cannot stand in the place of word embeddings."""
    if vectors is None:
        return
    if not vectors.is_floating_point() or vectors.shape[-1] != hidden_size:
        raise ValueError(
            f"inputs_embeds has vectors of {vectors.shape[-1]} numbers of the type {vectors.dtype}, expected "
            f"{hidden_size} floating-point numbers, this model's hidden_size. Take them from its word embeddings."
        )
    if not bool(vectors.isfinite().all()):
        raise ValueError("inputs_embeds has NaN or infinity, expected finite numbers. Look at what made them.")


def _dimensions(n_dims: int) -> str:
    return SHAPE if n_dims == 2 else "(n_docs, n_choices, n_slots)"
