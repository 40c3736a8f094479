"""The encoder as prediction runs it: itself, or a copy in bfloat16 that follows its weights."""

import warnings
from typing import Any

import torch

from ..choices import Precision
from ..machine.processor import cpu_multiplies_bfloat16
from ..modeling import HATModel
from ..modeling.prepare import prepared

NOT_NATIVE = (
    'precision is "bfloat16", but this CPU does not multiply bfloat16 natively and would take many times as long: '
    'predictions are made in float32. Set precision = "auto" (bfloat16 where it is native, float32 elsewhere) or '
    '"float32" in [components.transformer.model].'
)


class Predictor:
    """Chooses precision by setting and device, and makes the copy when it is first needed.

    However it is duplicated, the duplicate has no copy yet, and makes its own.

    precision (Precision): `auto` is bfloat16 where the device multiplies it natively, and float32 elsewhere.
    """

    def __init__(self, precision: Precision) -> None:
        self.precision = precision
        self._copy: HATModel | None = None
        self._copied: tuple[Any, ...] = ()

    def __reduce__(self) -> Any:
        return Predictor, (self.precision,)

    def encoder(self, encoder: HATModel) -> HATModel:
        """Find what to predict with.

        encoder (HATModel): The encoder, in float32.
        RETURNS (HATModel): The same, or its copy in bfloat16; in evaluation mode.
        """
        if not self._wants_bfloat16(encoder.device):
            return encoder.eval()
        # Every change in place, such as an optimizer's, counts a parameter's version up.
        state = (id(encoder), encoder.device, sum(parameter._version for parameter in encoder.parameters()))
        copy = self._copy
        if copy is None or self._copied != state:
            copy = self._copy = None  # never two copies at once
            copy = prepared(encoder.eval(), torch.bfloat16)
            self._copy, self._copied = copy, state
        return copy

    def forget(self) -> None:
        """Let go of the copy: the weights are about to change."""
        self._copy = None

    def _wants_bfloat16(self, device: torch.device) -> bool:
        if self.precision == "float32":
            return False
        if device.type == "cpu":
            native = cpu_multiplies_bfloat16()
            if not native and self.precision == "bfloat16":
                warnings.warn(NOT_NATIVE, UserWarning, stacklevel=2)
            return native
        return self.precision == "bfloat16" or torch.cuda.get_device_capability(device) >= (8, 0)
