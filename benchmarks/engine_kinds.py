"""What else runs a BERT on a CPU: torch, OpenVINO, ONNX Runtime and CTranslate2, each as its makers say.

Each gets segments as a server would send them: sorted by length, in batches, each batch as wide as its longest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import engine_files
from benchmarks.ctranslate2_process import encoder_process
from benchmarks.sizes import PAD, Ints, Size
from spacy_hat.modeling import PackedInputs
from spacy_hat.ragged import starts_of

Floats = NDArray[np.float32]
# Takes ids and mask, (n_rows, width) int64, and gives (n_rows, width, hidden_size).
Encode = Callable[[Ints, Ints], Floats]
PACKAGES = {"OpenVINO": "openvino", "ONNX Runtime": "onnxruntime", "CTranslate2": "ctranslate2"}


@dataclass(frozen=True)
class Setting:
    """What an engine is made for.

    bert (Path): Folder of the BERT.
    size (Size): Of it.
    threads (int): How many it may use.
    converter (Path): A Python that converts for CTranslate2.
    """

    bert: Path
    size: Size
    threads: int
    converter: Path


def torch_engine(setting: Setting, precision: str) -> Encode:
    """transformers' own, with torch's fused attention, and weights in the precision."""
    model = engine_files.load_bert(setting.bert).to(getattr(torch, precision))

    def encode(ids: Ints, mask: Ints) -> Floats:
        with torch.inference_mode():
            given = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
            return model(**given).last_hidden_state.float().numpy()

    return encode


def openvino_engine(setting: Setting, precision: str) -> Encode:
    import openvino

    short = {"float32": "f32", "bfloat16": "bf16"}[precision]
    options = {
        "INFERENCE_PRECISION_HINT": short,
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": setting.threads,
    }
    compiled = openvino.Core().compile_model(str(engine_files.onnx_file(setting.bert)), "CPU", options)
    request = compiled.create_infer_request()

    def encode(ids: Ints, mask: Ints) -> Floats:
        return np.asarray(request.infer([ids, mask], share_inputs=True)[0])

    return encode


def onnx_runtime_engine(setting: Setting, precision: str) -> Encode:
    import onnxruntime

    files = {"float32": engine_files.fused_onnx_file, "int8": engine_files.int8_onnx_file}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = setting.threads, 1
    file = files[precision](setting.bert, setting.size)
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})[0]


def ctranslate2_engine(setting: Setting, precision: str) -> Encode:
    folder = engine_files.ctranslate2_folder(setting.bert, setting.converter)
    encode_rows = encoder_process(folder, precision, setting.threads)

    def encode(ids: Ints, mask: Ints) -> Floats:
        return encode_rows([row[:length].tolist() for row, length in zip(ids, mask.sum(axis=1), strict=True)])

    return encode


# ONNX Runtime has no bfloat16 on a CPU; OpenVINO's and torch's own int8 want examples, or are for weights alone.
ENGINES: dict[str, dict[str, Callable[[Setting, str], Encode]]] = {
    "float32": {
        "torch": torch_engine,
        "OpenVINO": openvino_engine,
        "ONNX Runtime": onnx_runtime_engine,
        "CTranslate2": ctranslate2_engine,
    },
    "bfloat16": {"torch": torch_engine, "OpenVINO": openvino_engine, "CTranslate2": ctranslate2_engine},
    "int8": {"ONNX Runtime": onnx_runtime_engine, "CTranslate2": ctranslate2_engine},
}


def cannot(name: str, precision: str) -> str:
    """RETURNS (str): Why an engine is left out, empty if it is not."""
    if name in missing():
        return "it is not installed"
    if name == "CTranslate2":
        import ctranslate2

        if precision not in ctranslate2.get_supported_compute_types("cpu"):
            return f"it has no {precision} on this CPU"
    return ""


def missing() -> list[str]:
    """RETURNS (list[str]): Engines that are not installed."""
    return [name for name, package in PACKAGES.items() if find_spec(package) is None]


def built(setting: Setting, precision: str) -> tuple[dict[str, Encode], list[str]]:
    """Build the engines of a precision.

    setting (Setting): What for.
    precision (str): The precision.
    RETURNS (tuple[dict[str, Encode], list[str]]): The engines by name, and of those that are left out name and reason.
    """
    engines: dict[str, Encode] = {}
    left_out = []
    for name, build in ENGINES[precision].items():
        reason = cannot(name, precision)
        if not reason:
            try:
                engines[name] = build(setting, precision)
            except engine_files.NotConvertedError as error:
                reason = str(error)
        if reason:
            left_out.append(f"{name} in {precision}: {reason}")
    return engines, left_out


@dataclass(frozen=True)
class SortedBatches:
    """Segments in batches of similar length.

    ids, masks (list[Ints]): (n_rows, width) of each batch.
    rows (list[Ints]): (n_rows,) of each batch, the numbers of its segments.
    """

    ids: list[Ints]
    masks: list[Ints]
    rows: list[Ints]

    @classmethod
    def of(cls, inputs: PackedInputs, batch_size: int) -> "SortedBatches":
        """RETURNS (SortedBatches): The segments, the longest first."""
        lengths, starts = inputs.segment_lengths, starts_of(inputs.segment_lengths)
        order = np.argsort(-lengths, kind="stable")
        batches = cls([], [], [])
        for first in range(0, len(order), batch_size):
            rows = order[first : first + batch_size]
            real = np.arange(lengths[rows].max()) < lengths[rows, None]
            ids = np.full(real.shape, PAD)
            ids[real] = np.concatenate([inputs.piece_ids[starts[row] : starts[row] + lengths[row]] for row in rows])
            batches.ids.append(ids)
            batches.masks.append(real.astype(np.int64))
            batches.rows.append(rows)
        return batches

    def run(self, encode: Encode) -> list[Floats]:
        """RETURNS (list[Floats]): What an engine makes of each batch."""
        return [encode(ids, mask) for ids, mask in zip(self.ids, self.masks, strict=True)]

    def real(self, outputs: list[Floats], lengths: Ints) -> Floats:
        """RETURNS (Floats): (n_pieces, hidden_size) of real pieces, in the order of the packed segments."""
        rows_by_segment: dict[int, Floats] = {}
        for rows, output in zip(self.rows, outputs, strict=True):
            rows_by_segment |= {int(row): output[i, : lengths[row]] for i, row in enumerate(rows)}
        return np.concatenate([rows_by_segment[i] for i in range(len(lengths))])
