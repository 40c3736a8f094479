"""Heads that answer questions or choose: a checkpoint's into a pipeline, and a pipeline's into a checkpoint."""

from collections.abc import Mapping
from typing import Any, cast, get_args

from spacy.language import Language

from ..choices import HeadKind, Leads
from ..layers.multiple_choice import NAME as CHOOSES
from ..layers.question_answering import NAME as ANSWERS
from ..modeling.published_head import PublishedHead
from .head_weights import get_parameters, pooling_of

FACTORIES: dict[HeadKind, str] = {"answers": "hat_qa", "choices": "hat_choice"}
KINDS: dict[str, HeadKind] = {ANSWERS: "answers", CHOOSES: "choices"}
LEADS_KEY = "leads"
"""Entry of config.json with what a question leads; ours, as published checkpoints do not say it."""


def asking_config(head: PublishedHead, encoder: dict[str, Any], leads: Leads) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): The config of the component for a head."""
    if head.kind == "answers":
        return {"model": {"leads": leads, "encoder": {**encoder, "output": "pieces"}}}
    return {"model": {"leads": leads, "pooling": head.pooling, "dropout": head.dropout, "encoder": encoder}}


def leads_of(values: Mapping[str, Any], wanted: Leads | None) -> tuple[Leads, list[str]]:
    """Find what a question led when a checkpoint was trained.

    values (Mapping[str, Any]): Its config.json.
    wanted (Leads | None): What the user says.
    RETURNS (tuple[Leads, list[str]]): That, and a note where it was assumed.
    """
    said = wanted or values.get(LEADS_KEY)
    if said in get_args(Leads):
        return cast(Leads, said), []
    return "windows", [
        "config.json does not say where questions, or options, stood in training: they come first, in segments of "
        "their own, as in any text that begins with them. If each segment began with one, say so (--leads segments)."
    ]


def asking_heads(nlp: Language) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): The components of a pipeline that answer questions or choose, by their names."""
    return {name: pipe for name, pipe in nlp.pipeline if _model_name(pipe) in KINDS}


def published_asking_head(pipe: Any) -> tuple[PublishedHead, list[str]]:
    """RETURNS (tuple[PublishedHead, list[str]]): The head of such a component, and what a checkpoint does not say."""
    kind, model = KINDS[pipe.model.name], pipe.model
    is_choice = kind == "choices"
    head = PublishedHead(
        kind=kind,
        labels=[],
        problem_type=None,
        weights=get_parameters(model, kind),
        pooling=pooling_of(model) if is_choice else "max",
        dropout=model.get_ref("hidden").attrs["dropout"] if is_choice else 0.1,
        leads=model.attrs["leads"],
    )
    what = "an option" if is_choice else "a question"
    place = "each segment begins with" if head.leads == "segments" else "the segments before the document hold"
    return head, [
        f"The processor cuts documents alone: put {what} before them yourself. As it was trained, {place} it, with "
        "the tokenizer's separator behind it."
    ]


def _model_name(pipe: Any) -> str:
    return getattr(getattr(pipe, "model", None), "name", "")
