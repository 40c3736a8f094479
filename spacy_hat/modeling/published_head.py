"""The published heads that there are components for: reading them from a checkpoint, and writing them to one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from ..choices import HeadKind, Leads
from .config import HATConfig
from .config_entries import POOLINGS
from .files.checkpoint import ENCODER_PREFIX, MODEL_TYPES, class_of_config
from .files.disk import read_config
from .files.problems import Shape, WeightProblems, shorten
from .files.weights import open_weights
from .heads import HATForMultipleChoice, HATForSequenceClassification, HATForSequentialSentenceClassification
from .model import HATModel
from .piece_heads import HATForQuestionAnswering

# What published checkpoints and our own call the classes, without HAT, HATModel or HiTransformer before it.
_KINDS: dict[str, HeadKind] = {
    "ForSequenceClassification": "documents",
    "ForSequentialSentenceClassification": "segments",
    "ForQuestionAnswering": "answers",
    "ForMultipleChoice": "choices",
}
_CLASSES: dict[HeadKind, Any] = {
    "documents": HATForSequenceClassification,
    "segments": HATForSequentialSentenceClassification,
    "answers": HATForQuestionAnswering,
    "choices": HATForMultipleChoice,
}
POOLED: tuple[HeadKind, ...] = ("documents", "choices")
ATTENTIVE = "pooler.attentive_pooling."
# What of an encoder's configuration does not describe it.
_OF_OTHERS = ("_name_or_path", "model_type", "architectures", "id2label", "label2id", "problem_type")


@dataclass(frozen=True)
class PublishedHead:
    """A head as files hold it.

    kind (HeadKind): What it labels.
    labels (list[str]): (n_labels,) in the order of the classifier's rows; none for answers and choices.
    problem_type (str | None): `single_label_classification`, `multi_label_classification` or another one of Hugging
        Face; None if config.json does not say.
    weights (dict[str, np.ndarray]): By the published names.
    pooling (str): How segment vectors become a document's; without meaning for segments and answers.
    dropout (float): Before the classifier, in training.
    pool_padding (bool): Whether padded segments are pooled too.
    notes (list[str]): What its reader should know.
    leads (Leads | None): What a question or an option leads; None if it is not known, or there is none.
    """

    kind: HeadKind
    labels: list[str]
    problem_type: str | None
    weights: dict[str, np.ndarray]
    pooling: str = "max"
    dropout: float = 0.1
    pool_padding: bool = False
    notes: list[str] = field(default_factory=list)
    leads: Leads | None = None

    @property
    def class_name(self) -> str:
        """RETURNS (str): The class that reads it."""
        return _CLASSES[self.kind].__name__


def read_head(name: str | Path, *, pooling: str | None = None, **hub: Any) -> PublishedHead:
    """Read the head of a checkpoint. Its encoder is left alone.

    name (str | Path): Folder or hub name.
    pooling (str | None): How the head pools; None: as config.json says or the weights show, otherwise `max`.
    **hub: Options of huggingface_hub's hf_hub_download, such as revision.
    RETURNS (PublishedHead): The head.
    RAISES (ValueError): If there is no component for it, or its weights do not fit its configuration.
    """
    values = read_config(name, **hub)
    kind = _kind(name, values)
    config = class_of_config(values["model_type"], HATConfig).from_dict(values)
    config.validate_sizes()
    file = open_weights(name, **hub)
    in_file = {n: shape for n, shape in file.shapes.items() if not n.startswith(ENCODER_PREFIX)}
    chosen, notes = ("", []) if kind not in POOLED else _pooling(name, pooling, values, in_file)
    is_labelling = kind in ("documents", "segments")
    expected = head_shapes(kind, chosen, config.hidden_size, config.num_labels if is_labelling else 1)
    WeightProblems.between(expected, {n: shape for n, shape in in_file.items() if n in expected}).check(
        f"The head of {name} does not fit its config.json",
        "Fetch the checkpoint again, whole, with the config.json that belongs to it.",
    )
    weights = file.read()
    dropout = config.hidden_dropout_prob if config.classifier_dropout is None else config.classifier_dropout
    if ignored := sorted(in_file.keys() - expected.keys()):
        notes = [*notes, f"Not read, as this head has no place for them: {shorten(ignored)}."]
    return PublishedHead(
        kind=kind,
        labels=_labels(name, config) if is_labelling else [],
        problem_type=config.problem_type,
        weights={n: weights[n].float().numpy() for n in expected},
        pooling=chosen,
        dropout=dropout,
        pool_padding=config.pool_padding,
        notes=notes,
    )


def write_head(folder: Path, head: PublishedHead, encoder: HATModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Write a checkpoint that the class of the head loads.

    folder (Path): One that is there.
    head (PublishedHead): The head.
    encoder (HATModel): What it reads. Left as it is.
    tokenizer (PreTrainedTokenizerBase): The encoder's.
    """
    entries = {key: value for key, value in encoder.config.to_dict().items() if key not in _OF_OTHERS}
    config = class_of_config(encoder.config.model_type, HATConfig).from_dict(
        {
            **entries,
            **_entries_of_labels(head),
            "classifier_dropout": head.dropout,
            "pool_padding": head.pool_padding,
            **({"pooling": head.pooling} if head.kind in POOLED else {}),
        }
    )
    model = _CLASSES[head.kind](config)
    model.hi_transformer.load_state_dict(encoder.state_dict())
    own = dict(model.named_parameters())
    with torch.no_grad():
        for name, weight in head.weights.items():
            own[name].copy_(torch.from_numpy(np.ascontiguousarray(weight)))
    model.save_pretrained(folder)
    # Once more, with what is as the defaults have it too: whoever reads the file need not know these.
    model.config.to_json_file(folder / "config.json", use_diff=False)
    if head.leads is not None:
        _add_entry(folder / "config.json", "leads", head.leads)
    tokenizer.save_pretrained(folder)


def _entries_of_labels(head: PublishedHead) -> dict[str, Any]:
    if not head.labels:
        return {}
    return {
        "id2label": dict(enumerate(head.labels)),
        "label2id": {label: number for number, label in enumerate(head.labels)},
        "problem_type": head.problem_type,
    }


def _add_entry(config: Path, name: str, value: str) -> None:
    """Say what no configuration of an encoder has a place for."""
    values = json.loads(config.read_text(encoding="utf8"))
    config.write_text(json.dumps({**values, name: value}, indent=2, sort_keys=True) + "\n", encoding="utf8")


def head_shapes(kind: HeadKind, pooling: str, hidden_size: int, n_labels: int) -> dict[str, Shape]:
    """RETURNS (dict[str, tuple[int, ...]]): Name and shape of every weight of a head."""
    if kind == "answers":
        return {"qa_outputs.weight": (2, hidden_size), "qa_outputs.bias": (2,)}
    dense = "sentencizer.dense" if kind == "segments" else "pooler.dense"
    square = (hidden_size, hidden_size)
    shapes: dict[str, Shape] = {f"{dense}.weight": square, f"{dense}.bias": (hidden_size,)}
    if pooling == "attentive":
        shapes[f"{ATTENTIVE}lin_proj.weight"] = square
        shapes[f"{ATTENTIVE}lin_proj.bias"] = (hidden_size,)
        shapes[f"{ATTENTIVE}v.weight"] = (1, hidden_size)
    return {**shapes, "classifier.weight": (n_labels, hidden_size), "classifier.bias": (n_labels,)}


def _kind(name: str | Path, values: Mapping[str, Any]) -> HeadKind:
    if values["model_type"] not in MODEL_TYPES:
        raise ValueError(
            f"{name} is a checkpoint of type {values['model_type']!r}, expected a HAT ({' or '.join(MODEL_TYPES)}) "
            "with a head. Give the folder of a fine-tuned HAT."
        )
    listed = values.get("architectures")
    named = [str(architecture) for architecture in listed] if isinstance(listed, list) else []
    found = {kind for architecture in named for ending, kind in _KINDS.items() if architecture.endswith(ending)}
    if len(found) != 1:
        raise ValueError(
            f"The config.json of {name} has the architectures {', '.join(named) or '(none)'}, expected "
            f"{', '.join(cls.__name__ for cls in _CLASSES.values())}: no other head has a component. Give the folder "
            "of one of these. An encoder without head needs no import: --paths.hat"
        )
    return found.pop()


def _pooling(
    name: str | Path, wanted: str | None, values: Mapping[str, Any], weights: Mapping[str, Any]
) -> tuple[str, list[str]]:
    """How the head pools, and what to say about that. Published configurations do not name it."""
    if wanted is not None and wanted not in POOLINGS:
        raise ValueError(f"pooling is {wanted!r}, expected one of {', '.join(POOLINGS)}.")
    has_attention = any(weight.startswith(ATTENTIVE) for weight in weights)
    said = wanted or values.get("pooling")
    chosen = said or ("attentive" if has_attention else "max")
    if has_attention != (chosen == "attentive"):
        raise ValueError(
            f"The head of {name} pools by {chosen!r}, but its weights {'have' if has_attention else 'lack'} those of "
            f"attentive pooling. Give the pooling that it was trained with{'' if wanted else ' (--pooling)'}, or fetch "
            "the checkpoint again."
        )
    if said or has_attention:
        return chosen, []
    return chosen, [
        "config.json does not say how segments are pooled: max is taken, which is the published code's default. If it "
        "was trained with another one, say so (--pooling)."
    ]


def _labels(name: str | Path, config: PretrainedConfig) -> list[str]:
    by_number = {int(number): label for number, label in config.id2label.items()}
    numbers = sorted(by_number)
    labels = [by_number[number] for number in numbers]
    sound = all(isinstance(label, str) and label for label in labels) and len(set(labels)) == len(labels)
    if numbers != list(range(len(labels))) or not sound:
        raise ValueError(
            f"id2label in the config.json of {name} is {config.id2label!r}, expected a name of its own for each number "
            "from 0 on. Correct it there."
        )
    return labels
