"""An encoder and its tokenizer as a pipeline stores them: written and read, and nothing taken on trust.

Whoever made a pipeline wrote what is read here. It passes the same gate as a checkpoint (`modeling/files`).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import srsly
from safetensors.torch import save
from thinc.api import Model
from transformers import PreTrainedTokenizerBase

from ..modeling import HATConfig, HATModel, HiTransformerConfig, RotaryHATConfig
from ..modeling.files.allowed import LEFT_BEHIND
from ..modeling.files.checkpoint import check_fit, check_overrides, fill_strictly, names_of_entries, untied_state_dict
from ..modeling.files.problems import RefusedError
from ..modeling.files.tokenizer import check_vocabulary, fast_name, make_tokenizer
from ..modeling.files.weights import weights_of_bytes

Encoded = tuple[HATModel, PreTrainedTokenizerBase]
PARTS = {"config": str, "weights": bytes, "tokenizer_class": str, "tokenizer": dict}
SOURCE = "this pipeline"
CONFIGS: dict[str, type[HATConfig]] = {
    config.model_type: config for config in (HATConfig, HiTransformerConfig, RotaryHATConfig)
}


class DamagedPipelineError(RefusedError):
    """What a pipeline stores of an encoder is damaged, or is not what an encoder stores."""


def write_encoder(encoder: HATModel, tokenizer: PreTrainedTokenizerBase) -> bytes:
    """Write an encoder and its tokenizer.

    encoder (HATModel): The encoder.
    tokenizer (PreTrainedTokenizerBase): Its tokenizer.
    RETURNS (bytes): Configuration, weights (safetensors) and tokenizer files, in msgpack: data, no code.
    """
    with TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        paths = sorted(path for path in Path(folder).iterdir() if path.name not in LEFT_BEHIND)
        files = {path.name: path.read_bytes() for path in paths}
    return srsly.msgpack_dumps(
        {
            # The standard json: srsly's would round a layer_norm_eps of 1e-12 to 0.
            "config": json.dumps(encoder.config.to_dict(), default=str),
            "weights": save(untied_state_dict(encoder)),
            "tokenizer_class": fast_name(type(tokenizer).__name__),
            "tokenizer": files,
        }
    )


def read_encoder(
    data: bytes,
    *,
    config: Mapping[str, Any] | None = None,
    tokenizer_config: Mapping[str, Any] | None = None,
    source: str = SOURCE,
) -> Encoded | None:
    """Read what `write_encoder` wrote. Needs no network.

    data (bytes): The bytes.
    config (Mapping[str, Any] | None): Entries of the configuration to override.
    tokenizer_config (Mapping[str, Any] | None): Options for the tokenizer, over those that are stored.
    source (str): What to call the pipeline in an error.
    RETURNS (tuple[HATModel, PreTrainedTokenizerBase] | None): Both, on the CPU; None if the pipeline was saved
        before it was initialized.
    RAISES (RefusedError): If they are damaged, or hold anything else.
    """
    message = read_message(data, source)
    if not message:
        return None
    strange = [name for name, kind in PARTS.items() if not isinstance(message.get(name), kind)]
    if strange or message.keys() != PARTS.keys():
        found = ", ".join(f"{name!s:.40} ({type(value).__name__})" for name, value in list(message.items())[:10])
        raise damaged(source, f"an encoder of {found}", f"{', '.join(PARTS)}")
    made = read_config(message["config"], config or {}, source)
    weights = weights_of_bytes(message["weights"], source=f"The weights of {source}")
    check_fit(made, weights, source=source)
    files = message["tokenizer"]
    if not all(isinstance(name, str) and isinstance(content, bytes) for name, content in files.items()):
        raise damaged(source, "tokenizer files of other kinds", "names and contents")
    if "tokenizer.json" not in files:
        raise damaged(source, f"the tokenizer files {', '.join(sorted(files)) or '(none)'}", "a tokenizer.json")
    tokenizer = make_tokenizer(files, message["tokenizer_class"], tokenizer_config, source=source)
    check_vocabulary(tokenizer, made.vocab_size, source=source)
    encoder = HATModel(made)
    fill_strictly(encoder, weights.read(), source=source)
    return encoder.eval(), tokenizer


def read_config(text: str, overrides: Mapping[str, Any], source: str) -> HATConfig:
    """RETURNS (HATConfig): The configuration in JSON. RAISES (ValueError): If it is not one of a HAT."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise damaged(source, "a configuration that is not JSON", "the config.json of a HAT") from None
    if not isinstance(values, dict) or str(values.get("model_type")) not in CONFIGS:
        raise damaged(source, "a configuration of another kind", f"one of type {' or '.join(CONFIGS)}")
    config_class = CONFIGS[values["model_type"]]
    check_overrides(overrides, names_of_entries(config_class))
    return config_class.from_dict(values, **overrides)


def read_message(data: bytes, source: str) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): What msgpack bytes hold. RAISES (DamagedPipelineError): If they are not a dict."""
    try:
        message = srsly.msgpack_loads(data)
    # Any kind, from the reader of msgpack and from that of numpy's arrays inside.
    except Exception as error:
        raise damaged(
            source, f"{len(data):,} bytes that are not msgpack ({error})", "the file as nlp.to_disk wrote it"
        ) from None
    if not isinstance(message, dict):
        raise damaged(source, f"a {type(message).__name__} in {len(data):,} bytes", "the file as nlp.to_disk wrote it")
    return message


def damaged(source: str, got: str, expected: str) -> DamagedPipelineError:
    """RETURNS (DamagedPipelineError): The error for a pipeline that is not as it was written."""
    return DamagedPipelineError(
        f"The weights of {source} cannot be read. Got: {got}. Expected: {expected}. The file may be cut off, or a "
        "pointer of Git LFS (then: git lfs pull): copy the pipeline again."
    )


def load_model(model: Model, data: bytes, source: str) -> None:
    """Fill a thinc model with what `Model.to_bytes` wrote.

    model (Model): The model of a component around an encoder, changed in place.
    data (bytes): The bytes.
    source (str): What to call the component in an error, and where the bytes are from.
    RAISES (RefusedError): If they are damaged, or of another model.
    """
    message = read_message(data, source)
    nodes = list(model.walk())
    parts = {name: message.get(name) for name in ("nodes", "attrs", "params", "shims")}
    if not all(isinstance(part, list) and len(part) == len(nodes) for part in parts.values()):
        raise damaged(source, "another model, or a part of one", f"{len(nodes)} layers, as the config builds them")
    for number, node in enumerate(nodes):
        if node.name == "hat":
            _check_hat(*(message[name][number] for name in parts), source=source)
    try:
        model.from_dict(parts)
    except RefusedError:
        raise
    # The kinds of error that thinc meets in the lists, which say of each layer its name, sizes, parameters and shims.
    except Exception as error:
        raise damaged(
            source, f"layers that do not fit ({type(error).__name__}: {error})", "those of this config"
        ) from None


def _check_hat(node: Any, attrs: Any, params: Any, shims: Any, *, source: str) -> None:
    """The layer around an encoder has a width and the encoder itself. Its settings come from the config."""
    dims = node.get("dims") if isinstance(node, dict) else None
    width = dims.get("nO") if isinstance(dims, dict) and dims.keys() <= {"nO"} else "?"
    whole = width is None or (isinstance(width, int) and width > 0)
    if not whole or attrs or params or not isinstance(shims, list) or len(shims) != 1:
        raise damaged(source, "a layer with other parts than an encoder", "its width, and what is stored of it")
