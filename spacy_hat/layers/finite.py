"""NaN and infinity are errors where they appear: in what the encoder makes, and in the scores of a head."""

import math

import torch
from thinc.types import Floats2d
from torch import Tensor

REMEDY = (
    "Start again from weights that are whole (such as the last model-best), train with a lower learn rate or with a "
    "warm-up, and set mixed_precision = false in [components.transformer.model] to see whether that is the reason."
)


class NotFiniteError(ValueError):
    """A model has made numbers that are not finite. No label can be read from them."""


def check_encoded(rows: Tensor, when: str) -> None:
    """Check what the encoder made. One sum, into which every NaN and infinity goes.

    rows (Tensor): (n_rows, hidden_size); after a layer norm, so that no sum of finite ones overflows float32.
    when (str): `prediction` or `training`.
    RAISES (NotFiniteError): If a number is not finite.
    """
    if not math.isfinite(rows.detach().sum(dtype=torch.float32).item()):
        raise NotFiniteError(
            f"The encoder's output is not finite in {when}. Got: NaN or infinity. Expected: numbers. Its weights or "
            f"the products of a step have left the range of their precision. {REMEDY}"
        )


def check_scores(scores: Floats2d, n_labels: int) -> None:
    """Check what a head says.

    scores (Floats2d): (rows, n_labels).
    n_labels (int): For the error.
    RAISES (NotFiniteError): If a score is not finite.
    """
    if not math.isfinite(float(scores.sum(axis=(0, 1)))):
        raise NotFiniteError(
            f"The scores of a head with {n_labels} labels are not finite. Got: NaN or infinity. Expected: numbers from "
            f"0 to 1. Its weights have left the range of float32. {REMEDY}"
        )
