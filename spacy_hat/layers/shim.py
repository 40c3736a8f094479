"""The bridge between thinc and the PyTorch encoder: precision, gradients, updates, bytes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import srsly
import torch
from thinc.api import PyTorchGradScaler, PyTorchShim, get_torch_default_device
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from ..choices import Output, Precision
from ..machine.clock import stage
from ..machine.free_memory import FreeMemory
from ..machine.processor import cpu_multiplies_bfloat16
from ..modeling import HATModel, PackedInputs
from ..modeling.segment_cache import SegmentCache
from .encoder_settings import check_cache, check_settings
from .finite import check_encoded
from .predictor import Predictor
from .stored import read_encoder, write_encoder

# Pieces that go through a segment-wise block at once on a CPU. More are not faster, as they outgrow its caches.
CPU_MICRO_BATCH = 2048


class HATShim(PyTorchShim):
    """Holds the encoder and its tokenizer, once `load` or `from_bytes` brought them.

    precision (Precision): Of predictions. bfloat16 runs the matrix products in it and keeps the sums in float32; auto
        does so where the device multiplies it natively; int8 runs the dense layers of segment-wise blocks in 8 bits.
    lay_out_weights (bool): Whether predictions in float32 on a CPU have a copy of the weights, laid out for it.
    max_batch_pieces (int): Pieces that go through a segment-wise block at once in prediction, at most.
    output (Output): Whether to hand out every piece, or segment vectors only.
    segment_cache_mb (int): In training, keep so many megabytes of what frozen blocks make of segments before these
        attend to each other; 0: nothing.
    segment_cache_folder (str | None): Where, if not in memory.
    mixed_precision (bool): Whether to train in half precision: float16 with gradient scaling on a GPU, bfloat16 on a
        CPU that multiplies it natively, float32 on any other CPU.
    grad_scaler_config (dict): Options of thinc's PyTorchGradScaler.
    RAISES (ValueError): If one of them cannot be used.
    """

    def __init__(
        self,
        *,
        precision: Precision = "float32",
        lay_out_weights: bool = False,
        max_batch_pieces: int = 4096,
        output: Output = "pieces",
        segment_cache_mb: int = 0,
        segment_cache_folder: str | None = None,
        mixed_precision: bool = False,
        grad_scaler_config: dict[str, Any] | None = None,
    ) -> None:
        check_settings(precision, output, max_batch_pieces, grad_scaler_config)
        check_cache(segment_cache_mb, segment_cache_folder)
        super().__init__(None)
        self._tokenizer: PreTrainedTokenizerBase | None = None
        self.predictor = Predictor(precision, lay_out_weights)
        self.max_batch_pieces = max_batch_pieces
        self.output = output
        folder = None if segment_cache_folder is None else Path(segment_cache_folder)
        self.segment_cache = SegmentCache(segment_cache_mb * 10**6, folder) if segment_cache_mb else None
        self.mixed_precision = mixed_precision
        self.grad_scaler_config = dict(grad_scaler_config or {})
        self.free_memory = FreeMemory()

    @property
    def encoder(self) -> HATModel:
        """RETURNS (HATModel): The encoder. RAISES (ValueError): If there is none yet."""
        if self._model is None:
            raise _no_weights()
        return self._model

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """RETURNS (PreTrainedTokenizerBase): Its tokenizer. RAISES (ValueError): If there is none yet."""
        if self._tokenizer is None:
            raise _no_weights()
        return self._tokenizer

    def load(self, encoder: HATModel, tokenizer: PreTrainedTokenizerBase) -> None:
        """Take an encoder and its tokenizer, and put the encoder on thinc's current device."""
        self._model, self._tokenizer = encoder, tokenizer
        encoder.to(get_torch_default_device())
        self._reset_grad_scaler()

    def to_device(self, device_type: str, device_id: int) -> None:
        # An encoder that comes later goes to thinc's current device.
        if self._model is not None:
            super().to_device(device_type, device_id)
            self._reset_grad_scaler()

    def _reset_grad_scaler(self) -> None:
        """float16 needs its gradients scaled; bfloat16, on a CPU, has the range of float32."""
        options = {"enabled": self.mixed_precision, **self.grad_scaler_config}
        options["enabled"] = options["enabled"] and self.device.type == "cuda"
        if "init_scale" in options:
            options["init_scale"] = float(options["init_scale"])  # an int would make an integer tensor of it
        self._grad_scaler = PyTorchGradScaler(**options)
        self._grad_scaler.to_(self.device)

    def predict(self, inputs: PackedInputs) -> Tensor:  # type: ignore[override]
        """Encode without gradient.

        inputs (PackedInputs): The batch.
        RETURNS (Tensor): (n_rows, hidden_size), float32; rows are pieces, or segments.
        """
        return torch.cat(list(self.predict_portions(inputs)))

    def predict_portions(self, inputs: PackedInputs) -> Iterator[Tensor]:
        """Encode without gradient, a few windows at a time, so that memory does not grow with the batch.

        inputs (PackedInputs): The batch.
        YIELDS (Tensor): (rows of the portion, hidden_size), float32; together the rows of the batch, in order.
        """
        encoder = self.predictor.encoder(self.encoder)
        at_once = self.max_batch_pieces
        if self.device.type == "cpu":
            at_once = min(at_once, CPU_MICRO_BATCH)
        segments_only = self.output == "segments"
        for portion in inputs.portions(self.max_batch_pieces):
            with torch.no_grad(), stage("encoder"):
                rows = encoder.forward_packed(portion, max_batch_pieces=at_once, segments_only=segments_only).float()
            check_encoded(rows, "prediction")
            yield rows

    def begin_update(  # type: ignore[override]
        self, inputs: PackedInputs
    ) -> tuple[Tensor, Callable[[Tensor], None]]:
        """Encode, and keep what the gradient needs.

        inputs (PackedInputs): The batch.
        RETURNS (tuple[Tensor, Callable]): The output (n_rows, hidden_size), and a callback that takes its gradient
            and adds to those of the parameters.
        """
        self.predictor.forget()
        encoder = self.encoder.train()
        with self._autocast():
            output = encoder.forward_packed(inputs, segments_only=self.output == "segments", cache=self.segment_cache)

        check_encoded(output, "training")

        def backprop(d_output: Tensor) -> None:
            if not output.requires_grad:  # every block is frozen
                return
            # What earlier batches of this update left must be scaled too, as it is unscaled with the rest.
            self._grad_scaler.scale(_gradients(encoder), inplace=True)
            scaled = self._grad_scaler.scale([d_output.to(output.dtype)])
            torch.autograd.backward([output], grad_tensors=list(scaled))
            gradients = _gradients(encoder)
            if self._grad_scaler.unscale(gradients):
                for gradient in gradients:
                    gradient.zero_()

        return output.detach().float(), backprop

    def finish_update(self, optimizer: Any) -> None:
        super().finish_update(optimizer)
        self.predictor.forget()

    def _autocast(self) -> AbstractContextManager:
        """RETURNS (AbstractContextManager): The precision of training."""
        device = self.device.type
        if not self.mixed_precision or (device == "cpu" and not cpu_multiplies_bfloat16()):
            return nullcontext()
        return torch.autocast(device, dtype=torch.float16 if device == "cuda" else torch.bfloat16)

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): Configuration, weights (safetensors) and tokenizer files, in msgpack: data, no code."""
        if self._model is None:
            return srsly.msgpack_dumps({})
        return write_encoder(self.encoder, self.tokenizer)

    def from_bytes(self, bytes_data: bytes) -> "HATShim":
        """Take back what to_bytes made, on thinc's current device. Needs no network.

        bytes_data (bytes): A stranger's, for all that is known.
        RETURNS (HATShim): This.
        RAISES (RefusedError): If they are damaged, or hold anything else.
        """
        encoded = read_encoder(bytes_data)
        if encoded is not None:
            self.load(*encoded)
        return self


def _gradients(encoder: HATModel) -> list[Tensor]:
    return [parameter.grad for parameter in encoder.parameters() if parameter.grad is not None]


def _no_weights() -> ValueError:
    return ValueError(
        "This HAT has no weights yet. Initialize the pipeline (nlp.initialize(), spacy train) or load a trained one "
        "(spacy.load, nlp.from_disk) before it is used."
    )
