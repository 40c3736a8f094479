"""The model card of a new HAT: README.md, with the front matter that the hub reads."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from huggingface_hub import ModelCardData
from transformers import PretrainedConfig

from ..config import HATConfig
from ..files.card import SourceCard
from ..model import HATModel
from ..published_head import PublishedHead
from .report import WarmStartReport

TAGS = ["spacy", "spacy-hat", "hierarchical-attention-transformer", "long-documents"]
ENCODER_USE = (
    "In spacy-hat, name this folder (or repository) in a config, in the place of THIS:\n\n"
    "```bash\npython -m spacy train configs/hat_textcat.cfg --paths.hat THIS --paths.train train.spacy "
    "--paths.dev dev.spacy\n```\n\n"
    'or in code: `nlp.add_pipe("hat", config={"model": {"name": "THIS"}})`. In PyTorch:\n\n'
    "```python\nfrom spacy_hat.modeling import HATModel, load_tokenizer\n\n"
    'model = HATModel.from_pretrained("THIS")\ntokenizer = load_tokenizer("THIS")\n```'
)
PAPER = "Chalkidis et al. 2022 ([arXiv 2210.05529](https://arxiv.org/abs/2210.05529))"


def warm_start_card(model: HATModel, report: WarmStartReport, source: SourceCard) -> str:
    """Write the card of a HAT that started from an encoder.

    model (HATModel): The HAT.
    report (WarmStartReport): Where its weights come from.
    source (SourceCard): The encoder.
    RETURNS (str): README.md.
    """
    link = f"[{source.name}]({source.url})" if source.on_hub else f"`{source.name}`"
    revision = f", revision `{source.revision}`" if source.revision else ""
    licence = (
        f"Licence: {source.licence}, that of the source."
        if source.licence
        else "Licence: unknown, as the source's card does not say. What the source's licence asks holds for this too."
    )
    return _card(
        model.config,
        {**source.metadata, **({"base_model": source.name} if source.on_hub else {})},
        title=f"HAT from {source.name}",
        about=f"A Hierarchical Attention Transformer ({PAPER}), warm-started from {link}{revision}. It has not been "
        "trained since: fine-tune it before use.",
        body=[
            licence,
            "## Where its weights come from",
            _table(("HAT", "source"), report.copied.items()),
            "## What is new",
            _bullets(report.fresh) or "Nothing: every weight is a copy.",
            "## What of the source has no place here",
            _bullets(report.unused) or "Nothing.",
        ],
        n_parameters=_size(model),
    )


def scratch_card(model: HATModel, report: WarmStartReport) -> str:
    """Write the card of a HAT that started from texts alone.

    model (HATModel): The HAT.
    report (WarmStartReport): What was done; its source is what the corpus is called.
    RETURNS (str): README.md.
    """
    return _card(
        model.config,
        {},
        title="HAT from scratch",
        about=f"A Hierarchical Attention Transformer ({PAPER}) with random weights, and a tokenizer trained on "
        f"`{report.source}`: {report.copied['tokenizer']}. It knows nothing yet: train it.",
        body=["## What is new", _bullets(report.fresh)],
        n_parameters=_size(model),
    )


def pretrained_card(model: HATModel, source: SourceCard, made_of: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """Write the card of a HAT that was pretrained further.

    model (HATModel): The HAT.
    source (SourceCard): What it began with.
    made_of (Mapping): The settings, and what the corpus was.
    figures (Mapping): What was logged `first` and `last`.
    RETURNS (str): README.md.
    """
    link = f"[{source.name}]({source.url})" if source.on_hub else f"`{source.name}`"
    licence = f"Licence: {source.licence}, that of {source.name}." if source.licence else "Licence: unknown."
    measured = sorted(figures["last"].keys() & figures["first"].keys() - {"step", "epoch"})
    base = source.name if source.on_hub else source.base_model
    return _card(
        model.config,
        {**source.metadata, **({"base_model": base} if base else {})},
        title=f"{source.name}, pretrained further",
        about=f"A Hierarchical Attention Transformer ({PAPER}): {link}, trained on texts without labels by `spacy hat "
        "pretrain`. Fine-tune it before use.",
        body=[
            licence,
            "## How it was trained",
            _table(("", ""), [(name, f"`{json.dumps(value)}`") for name, value in made_of.items()]),
            "## On documents that were held out",
            _table(
                ("", "at the start", f"after {figures['last']['step']:,} steps"),
                [(name, *(f"{figures[when][name]:.3f}" for when in ("first", "last"))) for name in measured],
            ),
        ],
        n_parameters=_size(model),
    )


def head_card(encoder: HATModel, head: PublishedHead, licence: str) -> str:
    """Write the card of a checkpoint with a head, exported from a pipeline.

    encoder (HATModel): What the head reads.
    head (PublishedHead): The head.
    licence (str): The pipeline's; empty if it has none.
    RETURNS (str): README.md.
    """
    documents, name = head.kind == "documents", head.class_name
    how_many = "one of them each" if head.problem_type == "single_label_classification" else "any number of them"
    gives = {
        "documents": f"gives documents labels, {how_many}",
        "segments": f"gives sentences labels, {how_many}",
        "answers": "finds the answer to a question in a document",
        "choices": "chooses among options for a document",
    }[head.kind]
    place = "each segment begins" if head.leads == "segments" else "the first segments are filled"
    asked = f" In training, {place} with what is asked, and a separator." if head.leads else ""
    length = encoder.config.segment_length
    task = next((f"hat-{kind}-classification" for kind in ("document", "sentence") if f"{kind}s labels" in gives), None)
    ask = f'\nfrom transformers import pipeline\n\nask = pipeline("{task}", model="THIS")\n' if task else ""
    use = (
        'In spaCy, with spacy-hat: `python -m spacy hat import THIS pipeline`, then `spacy.load("pipeline")`. In '
        "Hugging Face's libraries:\n\n```python\nfrom spacy_hat.hugging_face import HATProcessor\n"
        f"from spacy_hat.modeling import {name}\n\n"
        f'model = {name}.from_pretrained("THIS")\nprocessor = HATProcessor.from_pretrained("THIS")\n{ask}```\n\n'
        f"`input_ids` and `attention_mask` are (documents, segments * {length}): each segment has {length} slots, "
        f"opens with the classifier piece, and holds no other special piece.{asked}"
    )
    return _card(
        encoder.config,
        {**({"license": licence} if licence else {}), **({"pipeline_tag": "text-classification"} if documents else {})},
        title=f"{name} from spaCy",
        about=f"A Hierarchical Attention Transformer ({PAPER}) that {gives}. Exported from a spaCy pipeline by "
        "spacy-hat.",
        body=["## Labels", _bullets(head.labels)] if head.labels else [],
        n_parameters=_size(encoder),
        use=use,
    )


def _card(
    config: PretrainedConfig,
    metadata: dict,
    *,
    title: str,
    about: str,
    body: list[str],
    n_parameters: int,
    use: str = ENCODER_USE,
) -> str:
    front = ModelCardData(tags=TAGS, library_name="spacy-hat", **metadata).to_yaml()
    assert isinstance(config, HATConfig)
    sizes = {
        "layout": f"`{config.layout}`".replace("|", "\\|"),
        "pieces in a segment": config.segment_length,
        "segments that attend to each other": "all of a document"
        if config.max_segments is None
        else config.max_segments,
        "hidden size": config.hidden_size,
        "attention heads": config.num_attention_heads,
        "intermediate size": config.intermediate_size,
        "vocabulary": f"{config.vocab_size:,}",
        "document positions": _document_positions(config),
        "weights": f"{n_parameters / 1e6:.1f} million",
    }
    sections = [f"# {title}", about, *body, "## Sizes", _table(("", ""), sizes.items()), "## How to use it", use]
    return f"---\n{front}\n---\n\n" + "\n\n".join(sections) + "\n"


def _document_positions(config: HATConfig) -> str:
    if config.kind == "rotary":
        return "by rotation"
    return "on" if config.document_position_embeddings else "off"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head, *lines = [f"| {' | '.join(map(str, row))} |" for row in (header, *rows)]
    return "\n".join([head, f"|{'---|' * len(header)}", *lines])


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)


def _size(model: HATModel) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
