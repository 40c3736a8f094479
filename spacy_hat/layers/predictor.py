"""The encoder as prediction runs it: itself, or a copy, in another precision or laid out, that follows its weights."""

import warnings
from typing import Any

import torch

from ..choices import Precision
from ..machine.processor import cpu_multiplies_bfloat16
from ..modeling import HATModel
from ..modeling.int8 import multiplies_int8
from ..modeling.one_dnn import one_dnn_multiplies
from ..modeling.prepare import prepared

NOT_NATIVE = (
    'precision is "bfloat16", but this CPU does not multiply bfloat16 natively and would take many times as long: '
    'predictions are made in float32. Set precision = "auto" (bfloat16 where it is native, float32 elsewhere) or '
    '"float32" in [components.transformer.model].'
)
NO_INT8 = (
    'precision is "int8", but {reason}: predictions are made in {instead}. Set precision = "auto" (bfloat16 where it '
    'is native, float32 elsewhere), "bfloat16" or "float32" in [components.transformer.model].'
)
NO_INT8_CPU = "this CPU does not multiply 8-bit numbers natively, or this PyTorch does not on it"
NO_INT8_DEVICE = "8 bits are for CPUs, and the encoder is on another device"


class Predictor:
    """Chooses precision by setting and device, and makes the copy when it is first needed.

    However it is duplicated, the duplicate has no copy yet, and makes its own.

    precision (Precision): `auto` is bfloat16 where the device multiplies it natively, and float32 elsewhere. Where
        bfloat16 or int8 is asked for and cannot be had, a warning says so, and what predictions are made in.
    lay_out_weights (bool): Whether float32 has a copy too, in the order in which oneDNN reads it, on a CPU that has it.
    """

    def __init__(self, precision: Precision, lay_out_weights: bool = False) -> None:
        self.precision = precision
        self.lay_out_weights = lay_out_weights
        self._copy: HATModel | None = None
        self._copied: tuple[Any, ...] = ()

    def __reduce__(self) -> Any:
        return Predictor, (self.precision, self.lay_out_weights)

    def encoder(self, encoder: HATModel) -> HATModel:
        """Find what to predict with.

        encoder (HATModel): The encoder, in float32.
        RETURNS (HATModel): The same, or its copy; in evaluation mode.
        """
        precision = self._precision(encoder.device)
        if precision == "float32" and not self._lays_out(encoder.device):
            return encoder.eval()
        # Every change in place, such as an optimizer's, counts a parameter's version up.
        state = (id(encoder), encoder.device, sum(parameter._version for parameter in encoder.parameters()))
        copy = self._copy
        if copy is None or self._copied != state:
            copy = self._copy = None  # never two copies at once
            dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
            copy = prepared(encoder.eval(), dtypes.get(precision, _native_type(encoder.device)), precision == "int8")
            self._copy, self._copied = copy, state
        return copy

    def forget(self) -> None:
        """Let go of the copy: the weights are about to change."""
        self._copy = None

    def _lays_out(self, device: torch.device) -> bool:
        """RETURNS (bool): Whether float32 is to be laid out, and can be there."""
        return self.lay_out_weights and device.type == "cpu" and one_dnn_multiplies(torch.float32)

    def _precision(self, device: torch.device) -> Precision:
        """RETURNS (Precision): What predictions are made in there; never `auto`."""
        if self.precision == "float32" or (self.precision == "bfloat16" and device.type != "cpu"):
            return self.precision
        native: Precision = "bfloat16" if _native_type(device) == torch.bfloat16 else "float32"
        if self.precision == "bfloat16" and native == "float32":
            warnings.warn(NOT_NATIVE, UserWarning, stacklevel=3)
        if self.precision != "int8":
            return native
        if device.type == "cpu" and multiplies_int8():
            return "int8"
        reason = NO_INT8_CPU if device.type == "cpu" else NO_INT8_DEVICE
        warnings.warn(NO_INT8.format(reason=reason, instead=native), UserWarning, stacklevel=3)
        return native


def _native_type(device: torch.device) -> torch.dtype:
    """RETURNS (torch.dtype): What the device multiplies natively: bfloat16, or else float32."""
    if device.type == "cpu":
        return torch.bfloat16 if cpu_multiplies_bfloat16() else torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float32
