"""Examples of different lengths as one batch, with the labels of their segments."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

NO_LABEL = -100


def collate(features: Sequence[Mapping[str, Any]], pad_id: int) -> dict[str, Any]:
    """Pad examples to the longest of them.

    features (Sequence[Mapping[str, Any]]): The examples, all with the same names.
    pad_id (int): What stands in the slots of padding.
    RETURNS (dict[str, ndarray]): Name -> (n_docs, ...). What has one number for each slot or segment, or one row of
        numbers, is made as long as the longest; labels with -100, all else with 0.
    RAISES (ValueError): If there are no examples, or they have different names.
    """
    names = [name for name in (features[0] if features else {}) if features[0][name] is not None]
    if not names or any(set(names) - {name for name in one if one[name] is not None} for one in features):
        raise ValueError("Examples of a batch have different names, or there are none. Expected: the same in each.")
    fills = {"input_ids": pad_id, "labels": NO_LABEL, "label": NO_LABEL}
    return {
        "labels" if name == "label" else name: _stack([one[name] for one in features], fills.get(name, 0))
        for name in names
    }


def _stack(values: Sequence[Any], fill: int) -> np.ndarray:
    arrays = [np.asarray(value) for value in values]
    if arrays[0].ndim == 0:
        return np.stack(arrays)
    longest = max(len(array) for array in arrays)
    wide = [np.pad(a, [(0, longest - len(a)), *[(0, 0)] * (a.ndim - 1)], constant_values=fill) for a in arrays]
    return np.stack(wide)
