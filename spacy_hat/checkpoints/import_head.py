"""A fine-tuned HAT of Hugging Face's kind becomes a spaCy pipeline that gives the same probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..choices import Leads, Packing, Pooling
from ..modeling.files.card import read_source_card
from ..modeling.files.checkpoint import PUBLISHED_TYPES
from ..modeling.files.disk import read_config
from ..modeling.published_head import POOLED, PublishedHead, read_head
from ..processing.files import read_own_settings
from ..processing.reading import BY_PUNCTUATION, Reading
from .asking import FACTORIES, asking_config, leads_of
from .head_weights import set_parameters

SINGLE, MULTI = "single_label_classification", "multi_label_classification"
TASKS = {
    "documents": {SINGLE: "textcat", MULTI: "textcat_multilabel"},
    "segments": {SINGLE: "spancat_singlelabel", MULTI: "spancat"},
}
POOLINGS: tuple[str, ...] = get_args(Pooling)
NEGATIVE_LABEL = "no_label"
LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
}


@dataclass
class Imported:
    """A pipeline, and where everything in it comes from.

    nlp (Language): Sentencizer, encoder, head, doc_cleaner.
    head (str): Name of the head's component.
    labels (list[str]): Its labels.
    went (dict[str, str]): Published name of each of the head's weights -> where it went.
    notes (list[str]): What is not as in the checkpoint, and what had to be assumed.
    """

    nlp: Language
    head: str
    labels: list[str]
    went: dict[str, str]
    notes: list[str]


def import_checkpoint(
    name: str,
    *,
    task: str | None = None,
    lang: str | None = None,
    packing: Packing | None = None,
    pooling: str | None = None,
    document_positions: bool | None = None,
    negative_label: str = NEGATIVE_LABEL,
    leads: Leads | None = None,
    revision: str | None = None,
) -> Imported:
    """Make a pipeline of a checkpoint with a head.

    name (str): Folder or hub name of a HATForSequenceClassification, HATForSequentialSentenceClassification,
        HATForQuestionAnswering or HATForMultipleChoice.
    task (str | None): Factory of the head's component; None: what problem_type in config.json says.
    lang (str | None): Language of the pipeline; None: that of the checkpoint's processor, otherwise English.
    packing (Packing | None): How sentences become segments; None: as processor_config.json says, otherwise `greedy`
        for documents, `sentences` for sentences, which is all that a head over segments can label.
    pooling (str | None): How the head pools segments; None: as the checkpoint shows, otherwise `max`.
    document_positions (bool | None): Whether document positions took part when it was trained; None: what
        config.json says, otherwise not.
    negative_label (str): Label of a spancat_singlelabel that means none: such sentences get no span.
    leads (Leads | None): What a question or an option leads; None: as config.json says, otherwise `windows`.
    revision (str | None): Version of a hub model.
    RETURNS (Imported): The pipeline, and where everything in it comes from.
    RAISES (ValueError): If the head cannot be represented exactly, or something about it is not known.
    """
    hub: dict[str, Any] = {"revision": revision} if revision else {}
    head = read_head(name, pooling=pooling, **hub)
    factory = _factory(head, task)
    _check_pooling(head)
    processor = read_own_settings(name, **hub) or {}
    packing = _packing(head, packing or processor.get("packing"))
    settings = dict(hub)
    if document_positions is not None:
        settings["document_position_embeddings"] = document_positions
    nlp, not_read = _blank(lang, processor)
    # One vector for each segment is what these heads read, and a hundredth of what pieces take.
    encoder = {
        "name": name,
        "packing": packing,
        "overflow": processor.get("overflow", "window"),
        "output": "segments",
        "transformer_config": settings,
    }
    if head.kind in FACTORIES:
        leads, assumed_leads = leads_of(read_config(name, **hub), leads)
        not_read = [*not_read, *assumed_leads]
        component = nlp.add_pipe(factory, config=asking_config(head, encoder, leads))
    else:
        nlp.add_pipe("hat", name="transformer", config={"model": encoder})
        component = nlp.add_pipe(factory, config=_head_config(head, factory))
        nlp.add_pipe("hat_cleaner", name="doc_cleaner")
    n_never = int(factory == "spancat_singlelabel")
    if n_never and negative_label in head.labels:
        head, n_never = _with_label_last(head, negative_label), 0
    for label in head.labels[: -1 if factory == "spancat_singlelabel" and not n_never else None]:
        component.add_label(label)  # type: ignore[attr-defined]
    doc = Doc(nlp.vocab, words=["a", "."], sent_starts=[True, False])
    nlp.initialize(lambda: [Example(doc, doc.copy())])
    went = set_parameters(component.model, head.kind, head.weights, n_never=n_never)  # type: ignore[attr-defined]
    _describe(nlp, name, hub)
    values = read_config(name, **hub)
    is_published = values["model_type"] in PUBLISHED_TYPES
    assumed = document_positions is None and is_published and "document_position_embeddings" not in values
    return Imported(
        nlp, factory, head.labels, went, [*head.notes, *not_read, *_notes(head, n_never, is_published, assumed)]
    )


def _factory(head: PublishedHead, task: str | None) -> str:
    """The component for a head, which problem_type decides, or the user where it does not say."""
    if head.kind in FACTORIES:
        if task is not None:
            raise ValueError(
                f"task is {task!r}, but this head is for {FACTORIES[head.kind]} and nothing else. Leave the task out."
            )
        return FACTORIES[head.kind]
    tasks = TASKS[head.kind]
    listed = " or ".join(tasks.values())
    if task is not None and task not in tasks.values():
        raise ValueError(f"task is {task!r}, but this head labels {head.kind}: expected {listed}. Choose one of them.")
    if head.problem_type is None and task is None:
        raise ValueError(
            f"config.json has no problem_type, so it is not known whether the {head.kind} have one label each or any "
            f"number. Expected: {SINGLE} or {MULTI}. Say which: --task {listed}."
        )
    if head.problem_type not in (None, *tasks):
        raise ValueError(
            f"problem_type is {head.problem_type!r}, expected {SINGLE} or {MULTI}: spaCy has no component for others."
        )
    said = tasks.get(head.problem_type or "", task)
    if task not in (None, said):
        raise ValueError(
            f"task is {task!r}, but problem_type in config.json is {head.problem_type}, which is {said}. Leave the "
            "task out, or correct config.json."
        )
    assert said is not None  # for the type checker
    if len(head.labels) < 2 and said in ("textcat", "spancat_singlelabel"):
        raise ValueError(
            f"The head has {len(head.labels)} label, expected two or more of which each gets one. With a single one it "
            "is a regression, or a head for --task textcat_multilabel or spancat."
        )
    return said


def _check_pooling(head: PublishedHead) -> None:
    if head.kind not in POOLED:
        return
    if head.pooling not in POOLINGS:
        ours = "DocumentClassifier" if head.kind == "documents" else "MultipleChoice"
        raise ValueError(
            f"The head pools by {head.pooling!r}, which spacy-hat.{ours}.v1 cannot: expected one of "
            f"{', '.join(POOLINGS)}. Use the checkpoint through {head.class_name}, or train a head anew."
        )
    if head.pool_padding and head.pooling != "first":
        raise ValueError(
            f"pool_padding is true: the head pools ({head.pooling}) wholly padded segments too, of which a pipeline "
            "has none, so its probabilities cannot be the same. Take pool_padding out of config.json to import the "
            "head as it is without padding."
        )


def _packing(head: PublishedHead, packing: Packing | None) -> Packing:
    if head.kind != "segments":
        return packing or "greedy"
    if packing not in (None, "sentences"):
        raise ValueError(
            f"packing is {packing!r}, but this head labels segments, and spaCy sentences: expected 'sentences', one "
            "segment for each. Leave it out."
        )
    return "sentences"


def _blank(lang: str | None, processor: Mapping[str, Any]) -> tuple[Language, list[str]]:
    """A pipeline that finds words and sentences as the checkpoint's processor does, and a note where it cannot."""
    said = Reading(processor.get("lang", "en"), processor.get("sentences", BY_PUNCTUATION))
    nlp = spacy.blank(lang or said.lang or "en")
    (said if said.sentences is not None else Reading()).add_to(nlp)
    missing = [what for what, value in (("words", said.lang), ("sentences", said.sentences)) if value is None]
    if not missing:
        return nlp, []
    return nlp, [
        f"processor_config.json does not say how {' and '.join(missing)} are found: something in the pipeline that was "
        f"exported did it, and here spacy.blank({nlp.lang!r}) and a sentencizer do. Put yours in their place."
    ]


def _head_config(head: PublishedHead, factory: str) -> dict[str, Any]:
    exclusive = factory in ("textcat", "spancat_singlelabel")
    model = {"tok2vec": LISTENER, "exclusive_classes": exclusive, "dropout": head.dropout}
    if head.kind == "documents":
        return {"model": {"@architectures": "spacy-hat.DocumentClassifier.v1", "pooling": head.pooling, **model}}
    return {
        "model": {"@architectures": "spacy-hat.SpanClassifier.v1", **model},
        "suggester": {"@misc": "spacy-hat.sentence_suggester.v1"},
    }


def _with_label_last(head: PublishedHead, label: str) -> PublishedHead:
    """The same head with one label moved to the end, where spancat_singlelabel has its negative label."""
    order = [number for number, other in enumerate(head.labels) if other != label] + [head.labels.index(label)]
    moved = {n: weight[order] if n.startswith("classifier.") else weight for n, weight in head.weights.items()}
    labels = [head.labels[number] for number in order]
    return PublishedHead(**{**vars(head), "labels": labels, "weights": moved})


def _notes(head: PublishedHead, n_never: int, is_published: bool, positions_assumed: bool) -> list[str]:
    notes = []
    if is_published and head.kind in POOLED and head.pooling in ("max", "attentive"):
        notes.append(
            "The published code pools wholly padded segments too, the pipeline has none: probabilities are those of "
            "the published code without padding."
        )
    if n_never:
        notes.append(
            "No label of the checkpoint means none (--negative-label): every sentence gets a span, and the negative "
            "label of spancat_singlelabel has probability 0."
        )
    if positions_assumed:
        notes.append(
            "config.json does not say whether document positions took part in training: they do not. A checkpoint that "
            "was trained with the published code of 2024 or later had them (--document-positions)."
        )
    return notes


def _describe(nlp: Language, name: str, hub: dict[str, Any]) -> None:
    card = read_source_card(name, **hub)
    nlp.meta["description"] = f"Imported from {card.name} by spacy-hat"
    nlp.meta["license"] = card.licence
    nlp.meta["sources"] = [{"name": card.name, "url": card.url, "license": card.licence}]
