"""Which weights learn how fast: cross-segment blocks and heads, which begin with nothing, and what is there already."""

from collections.abc import Callable

from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from ..modeling.pretraining import HATForPretraining
from .settings import Settings

WEIGHT_DECAY = 0.01


def make_optimizer(model: HATForPretraining, settings: Settings) -> tuple[Optimizer, LambdaLR]:
    """Make AdamW, and its rates over the steps.

    model (HATForPretraining): What is trained.
    settings (Settings): Rates and steps.
    RETURNS (tuple[Optimizer, LambdaLR]): Both, as Trainer takes them.
    """
    new = {id(parameter) for parameter in _new_parameters(model)}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups, rates = [], []
    for is_new in (True, False):
        rate = settings.new_learning_rate if is_new else settings.learning_rate
        first = 0 if is_new else settings.cross_segment_first
        for decay in (WEIGHT_DECAY, 0.0):  # of matrices, and of vectors: biases and layer norms
            own = [p for p in trained if (id(p) in new) is is_new and (p.dim() > 1) is (decay > 0)]
            if own:
                groups.append({"params": own, "lr": rate, "weight_decay": decay})
                rates.append(rate_over_steps(first, settings.warmup_steps, settings.max_steps))
    optimizer = AdamW(groups)
    return optimizer, LambdaLR(optimizer, rates)


def rate_over_steps(first: int, warmup: int, last: int) -> Callable[[int], float]:
    """Make a schedule: nothing, up in a line, down in a line.

    first (int): Steps before the rate begins to rise.
    warmup (int): Steps in which it rises.
    last (int): The step in which it is 0 again.
    RETURNS (Callable[[int], float]): Step, from 0 on -> share of the rate.
    """

    def rate(step: int) -> float:
        if step < first:
            return 0.0
        rising = min(1.0, (step - first + 1) / max(warmup, 1))
        return rising * max(0.0, (last - step) / last)

    return rate


def _new_parameters(model: HATForPretraining) -> list[nn.Parameter]:
    """Those of cross-segment blocks, of the table of document positions, and of heads but for tied embeddings."""
    modules: list[nn.Module | None] = [model.hi_transformer.encoder.document_positions(), model.chooser]
    modules += [layer.document_encoder for layer in model.hi_transformer.encoder.layers()]
    parameters = [parameter for module in modules if module is not None for parameter in module.parameters()]
    if model.lm_head is not None:
        words = model.hi_transformer.embeddings.word_embeddings.weight
        parameters += [parameter for parameter in model.lm_head.parameters() if parameter is not words]
    return parameters
