"""What cross-segment blocks are worth: the loss on hidden segments with them switched off, minus that with them on."""

from collections.abc import Callable, Collection
from typing import Any

import torch
from transformers import TrainerCallback

from ..choices import Objective
from ..modeling.pretraining import HATForPretraining, HiddenBatch, Part
from ..modeling.segment_wise import cross_segment_off

Figures = dict[str, float]
Reduce = Callable[[torch.Tensor], torch.Tensor]


class Gauge:
    """Measures on documents that are never trained on. Each process reads its share of them.

    batches (Collection[HiddenBatch]): Those of this process, with segments hidden.
    objectives (Collection[Objective]): By what hidden segments are guessed.
    add_up (Callable[[Tensor], Tensor]): Adds numbers of all processes.
    """

    def __init__(self, batches: Collection[HiddenBatch], objectives: Collection[Objective], add_up: Reduce) -> None:
        self.batches = batches
        self.objectives = list(objectives)
        self.add_up = add_up

    def measure(self, model: HATForPretraining) -> Figures:
        """Measure.

        model (HATForPretraining): The model.
        RETURNS (dict[str, float]): For each objective `hidden_NAME`, the loss, `hidden_NAME_off`, the loss without
            cross-segment blocks, and `right_NAME`, the share that is guessed rightly; `gauge` is the sum of the
            losses without them minus that with them, weighed as in training.
        """
        was_training = model.training
        model.eval()
        with torch.no_grad():
            on = self._sums(model)
            with cross_segment_off(model.hi_transformer):
                off = self._sums(model)
        model.train(was_training)
        figures: Figures = {"gauge": 0.0}
        for name, (loss, right, n_items), (loss_off, _, _) in zip(
            self.objectives, on.tolist(), off.tolist(), strict=True
        ):
            n = max(n_items, 1.0)
            figures |= {f"hidden_{name}": loss / n, f"hidden_{name}_off": loss_off / n, f"right_{name}": right / n}
            figures["gauge"] += model.weights.get(name, 1.0) * (loss_off - loss) / n
        return figures

    def _sums(self, model: HATForPretraining) -> torch.Tensor:
        """(n_objectives, 3): loss, right ones, items"""
        sums = torch.zeros(len(self.objectives), 3, dtype=torch.float64)
        for batch in self.batches:
            parts: dict[Objective, Part] = model.parts(batch, self.objectives)
            for number, name in enumerate(self.objectives):
                part = parts[name]
                sums[number] += torch.tensor([part.total.item(), part.n_right.item(), part.n_items])
        return self.add_up(sums)


class LogWithGauge(TrainerCallback):
    """Puts the gauge into each log of a Trainer, and hands the log on.

    gauge (Gauge): The gauge.
    on_log (Callable[[dict[str, Any]], Any]): Called with each log, in the main process.
    """

    def __init__(self, gauge: Gauge, on_log: Callable[[dict[str, Any]], Any]) -> None:
        self.gauge = gauge
        self.on_log_of_main = on_log
        self._measured = -1

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **kwargs: Any) -> None:
        if state.global_step == 0:
            state.log_history.append({"step": 0})
            self._add(state, kwargs["model"])

    def on_log(self, _args: Any, state: Any, _control: Any, **kwargs: Any) -> None:
        if state.global_step != self._measured:  # the last log of a Trainer is of its time alone
            self._add(state, kwargs["model"])

    def _add(self, state: Any, model: Any) -> None:
        self._measured = state.global_step
        log = state.log_history[-1]
        log.update(self.gauge.measure(getattr(model, "module", model)))
        if not all(value == value and abs(value) < float("inf") for value in log.values()):
            raise ValueError(
                f"The loss is not a finite number in step {state.global_step}. Got: {log}. Lower the rates "
                "(--learning-rate, --new-learning-rate), or train in float32 (--precision float32)."
            )
        if state.is_world_process_zero:
            self.on_log_of_main(dict(log))
