"""Losses of the heads, reduced as transformers reduces them: `Trainer` says by what to divide when steps are collected.

A batch that is cut into smaller ones for the sake of memory has one number of items, and the losses of its parts are
sums over it, so that they add up to the loss of the whole.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from .config import HATConfig

NO_LABEL = -100
NItems = Tensor | int | None


def cross_entropy(logits: Tensor, labels: Tensor, n_items: NItems = None, no_label: int = NO_LABEL) -> Tensor:
    """Cross entropy over items that have a label.

    logits (Tensor): (n_items, n_labels).
    labels (Tensor): (n_items,) class numbers, or no_label.
    n_items (Tensor | int | None): What to divide the sum by; None: the items of this batch that have a label.
    no_label (int): The number of none.
    RETURNS (Tensor): The loss, ().
    """
    reduction = "mean" if n_items is None else "sum"
    return _divided(F.cross_entropy(logits, labels, ignore_index=no_label, reduction=reduction), n_items)


def binary_cross_entropy(logits: Tensor, labels: Tensor, n_items: NItems = None) -> Tensor:
    """Binary cross entropy over all numbers; parameters as of `cross_entropy`, labels of the shape of logits."""
    reduction = "mean" if n_items is None else "sum"
    loss = F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype), reduction=reduction)
    return _divided(loss, n_items)


def squared_error(values: Tensor, wanted: Tensor, n_items: NItems = None) -> Tensor:
    """Squared error over all numbers; parameters as of `cross_entropy`, wanted of the shape of values."""
    reduction = "mean" if n_items is None else "sum"
    return _divided(F.mse_loss(values, wanted.to(values.dtype), reduction=reduction), n_items)


def document_loss(logits: Tensor, labels: Tensor, config: HATConfig, n_items: NItems = None) -> Tensor:
    """Loss of a document classifier, chosen as in Hugging Face's heads, without writing the choice to the config.

    logits (Tensor): (n_docs, n_labels).
    labels (Tensor): (n_docs,) class numbers or values, or (n_docs, n_labels) zeros and ones.
    config (HATConfig): Its problem_type decides; None: one label means regression, integer labels single-label.
    n_items (Tensor | int | None): What to divide the sum by; None: the numbers of this batch.
    RETURNS (Tensor): The loss, ().
    """
    problem_type = config.problem_type
    if problem_type is None:
        integers = labels.dtype in (torch.long, torch.int)
        single = "single_label_classification" if integers else "multi_label_classification"
        problem_type = "regression" if logits.shape[-1] == 1 else single
    if problem_type == "regression":
        return squared_error(logits.squeeze(), labels.squeeze(), n_items)
    if problem_type == "single_label_classification":
        return cross_entropy(logits, labels.view(-1).long(), n_items)
    return binary_cross_entropy(logits, labels, n_items)


def segment_loss(logits: Tensor, labels: Tensor, n_items: NItems = None) -> Tensor:
    """Loss of a segment classifier.

    logits (Tensor): (n_docs, n_segments, n_labels).
    labels (Tensor): (n_docs, n_segments) class numbers, -100 where there is none, or (n_docs, n_segments, n_labels)
        zeros and ones, -1 or -100 where there is none (`Trainer` counts all but -100).
    n_items (Tensor | int | None): What to divide the sum by; None: the labelled numbers of this batch.
    RETURNS (Tensor): The loss, ().
    """
    if labels.dim() == 2:
        return cross_entropy(logits.flatten(0, 1), labels.flatten(), n_items)
    labelled = labels[:, :, 0] >= 0
    return binary_cross_entropy(logits[labelled], labels[labelled], n_items)


def position_loss(logits: Tensor, positions: Tensor, n_items: NItems = None) -> Tensor:
    """Cross entropy over slots, (n_docs, n_slots); positions outside the document, (n_docs,), do not count."""
    n_slots = logits.shape[1]
    return cross_entropy(logits, positions.view(-1).clamp(0, n_slots), n_items, no_label=n_slots)


def _divided(loss: Tensor, n_items: NItems) -> Tensor:
    if n_items is None:
        return loss
    return loss / (n_items.to(loss.device) if torch.is_tensor(n_items) else n_items)
