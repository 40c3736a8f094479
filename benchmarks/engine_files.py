"""A BERT of random weights in the form that each engine reads: converted once, kept in a folder."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor, nn

from benchmarks.sizes import PAD, Size

# In the order of their numbers: the classifier piece is BOS, padding is PAD.
SPECIALS = {"cls_token": "[CLS]", "pad_token": "[PAD]", "unk_token": "[UNK]", "sep_token": "[SEP]"}


class NotConvertedError(RuntimeError):
    """Raised where weights could not be brought into the form of an engine: the engine is left out."""


def bert_folder(folder: Path, size: Size) -> Path:
    """Write a BERT, and a tokenizer of as many made-up words as it has pieces.

    folder (Path): Where everything of this size is kept.
    size (Size): Of the encoder.
    RETURNS (Path): Its folder.
    """

    def write(target: Path) -> None:
        torch.manual_seed(0)
        config = transformers.BertConfig(
            **size.shared(),
            num_hidden_layers=size.n_layers,
            max_position_embeddings=size.segment_length,
            pad_token_id=PAD,
        )
        transformers.BertModel(config).save_pretrained(target)
        words = {word: i for i, word in enumerate(SPECIALS.values())}
        words |= {f"w{i}": i for i in range(len(words), size.vocab_size)}
        backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
        backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        transformers.PreTrainedTokenizerFast(tokenizer_object=backend, **SPECIALS).save_pretrained(target)

    return once(folder / "bert", write)


def load_bert(folder: Path, attention: str = "sdpa") -> nn.Module:
    """RETURNS (nn.Module): The BERT of a folder, for prediction."""
    model = transformers.BertModel.from_pretrained(folder, attn_implementation=attention)
    model.pooler = None
    return model.eval().requires_grad_(False)


class _LastHidden(nn.Module):
    """What is exported: pieces and mask in, last hidden states out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return self.model(input_ids=ids, attention_mask=mask).last_hidden_state


def onnx_file(bert: Path) -> Path:
    """RETURNS (Path): The BERT of a folder in ONNX, with plain attention, which engines know to fuse."""

    def write(target: Path) -> None:
        model = _LastHidden(load_bert(bert, "eager"))
        example = torch.ones(2, 8, dtype=torch.long)
        axes = {0: "rows", 1: "width"}
        shapes = dict.fromkeys(("ids", "mask", "hidden"), axes)
        torch.onnx.export(
            model,
            (example, example),
            str(target),
            dynamo=False,
            input_names=["ids", "mask"],
            output_names=["hidden"],
            dynamic_axes=shapes,
            opset_version=17,
        )

    return once(bert.with_name("bert.onnx"), write)


def fused_onnx_file(bert: Path, size: Size) -> Path:
    """RETURNS (Path): The same after ONNX Runtime's optimizer for transformers: attention, GELU and norms fused."""
    from onnxruntime.transformers import optimizer

    def write(target: Path) -> None:
        fused = optimizer.optimize_model(
            str(onnx_file(bert)), model_type="bert", num_heads=size.n_heads, hidden_size=size.hidden_size
        )
        fused.save_model_to_file(str(target))

    return once(bert.with_name("fused.onnx"), write)


def int8_onnx_file(bert: Path, size: Size) -> Path:
    """RETURNS (Path): The fused one, quantised as ONNX Runtime does without examples: weights by channel, the rest at
    run time."""
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic

    def write(target: Path) -> None:
        # Fused operators do not tell their types.
        types = {"DefaultTensorType": TensorProto.FLOAT}
        fused = str(fused_onnx_file(bert, size))
        quantize_dynamic(fused, str(target), per_channel=True, weight_type=QuantType.QInt8, extra_options=types)

    return once(bert.with_name("int8.onnx"), write)


def ctranslate2_folder(bert: Path, converter: Path) -> Path:
    """RETURNS (Path): The BERT as CTranslate2 reads it.

    bert (Path): The folder of the BERT.
    converter (Path): A Python with ctranslate2 and the transformers that its converter wants.
    RAISES (NotConvertedError): If that Python cannot convert it.
    """

    def write(target: Path) -> None:
        module = "import sys; from ctranslate2.converters.transformers import main; sys.exit(main())"
        command = [str(converter), "-W", "ignore", "-c", module, "--model", str(bert), "--output_dir", str(target)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise NotConvertedError(f"its converter does not start: {error}") from error
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            raise NotConvertedError(f"its converter says: {reason}")

    return once(bert.with_name("ctranslate2"), write)


def once(place: Path, write: Callable[[Path], None]) -> Path:
    """Make a file or folder, whole or not at all, unless it is there."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_name(f"unfinished-{place.name}")
        if unfinished.is_dir():
            shutil.rmtree(unfinished)
        write(unfinished)
        unfinished.rename(place)
    return place
