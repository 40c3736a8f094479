"""The parameters of our document and span heads, as the published heads have them: the same numbers, other names.

    documents   pooling >> tanh(dense(p)) >> classifier        pooler.*        classifier.*    one to one
    choices     the same, with a classifier of one row
    answers     qa_outputs                                     qa_outputs.*                    one to one
    spans       tanh(dense([segments, pieces])) >> classifier  sentencizer.*   classifier.*    dense: segments alone

A published sentence head reads segment vectors only. So the half of our dense layer that reads pieces is zero in a span
head that was imported, and must not matter in one that is exported.
"""

from typing import cast

import numpy
from thinc.api import Model
from thinc.types import FloatsXd

from ..choices import HeadKind
from ..modeling.published_head import ATTENTIVE

Parameter = tuple[Model, str]
DENSE: dict[HeadKind, str] = {
    "documents": "pooler.dense",
    "choices": "pooler.dense",
    "segments": "sentencizer.dense",
}
POOLINGS = {"reduce_max": "max", "reduce_mean": "mean", "reduce_first": "first", "attentive_pooling": "attentive"}
# Of a label that is never given: its probability is 0.0 exactly, in float32, beside any sound logit.
NEVER = -1e4


def set_parameters(
    model: Model, kind: HeadKind, weights: dict[str, numpy.ndarray], *, n_never: int = 0
) -> dict[str, str]:
    """Fill a head with published weights.

    model (Model): The head's, initialized with the sizes of the weights.
    kind (HeadKind): Which head.
    weights (dict[str, numpy.ndarray]): By the published names.
    n_never (int): Labels behind the published ones that the head is never to give.
    RETURNS (dict[str, str]): Published name -> where it went.
    """
    places = parameters(model, kind)
    went: dict[str, str] = {}
    for name, weight in weights.items():
        layer, param = places[name]
        went[name] = f"{layer.name}.{param}"
        if name == "sentencizer.dense.weight":
            weight = numpy.concatenate([weight, numpy.zeros_like(weight)], axis=1)
            went[name] += ", its half for segments; that for pieces is zero"
        if name.startswith("classifier.") and n_never:
            fill = 0.0 if name.endswith("weight") else NEVER
            weight = numpy.concatenate([weight, numpy.full((n_never, *weight.shape[1:]), fill, dtype=weight.dtype)])
        shape = layer.get_param(param).shape
        layer.set_param(param, layer.ops.asarray_f(cast(FloatsXd, weight.reshape(shape)), dtype="float32"))
    return went


def get_parameters(model: Model, kind: HeadKind) -> dict[str, numpy.ndarray]:
    """Read a head's weights. The dense layer of a span head comes whole, (hidden_size, 2 * hidden_size).

    model (Model): The head's.
    kind (HeadKind): Which head.
    RETURNS (dict[str, numpy.ndarray]): By the published names.
    """
    places = parameters(model, kind).items()
    weights = {name: numpy.array(layer.ops.to_numpy(layer.get_param(param))) for name, (layer, param) in places}
    attention = f"{ATTENTIVE}v.weight"
    return {name: weight.reshape(1, -1) if name == attention else weight for name, weight in weights.items()}


def parameters(model: Model, kind: HeadKind) -> dict[str, Parameter]:
    """RETURNS (dict[str, tuple[Model, str]]): Published name -> layer of a head, and its parameter."""
    output = model.get_ref("output_layer")
    if kind == "answers":
        return {"qa_outputs.weight": (output, "W"), "qa_outputs.bias": (output, "b")}
    hidden = model.get_ref("hidden")
    found: dict[str, Parameter] = {
        f"{DENSE[kind]}.weight": (hidden, "W"),
        f"{DENSE[kind]}.bias": (hidden, "b"),
        "classifier.weight": (output, "W"),
        "classifier.bias": (output, "b"),
    }
    for layer in model.walk():
        if layer.name == "attentive_pooling":
            found[f"{ATTENTIVE}lin_proj.weight"] = (layer, "W")
            found[f"{ATTENTIVE}lin_proj.bias"] = (layer, "b")
            found[f"{ATTENTIVE}v.weight"] = (layer, "v")
    return found


def pooling_of(model: Model) -> str:
    """RETURNS (str): How a document classifier pools."""
    return next(POOLINGS[layer.name] for layer in model.walk() if layer.name in POOLINGS)
