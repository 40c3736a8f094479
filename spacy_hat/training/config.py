"""Configs to train with: one template, which `init-config` and the configs of this project's repository are made by.

A setting that all of them share has its one place in config.jinja.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, StrictUndefined
from spacy.util import combine_score_weights

from ..choices import AskingTask, DocumentTask, Optimize, SentenceTask, Task, TokenTask
from ..corpora.doc_bins import count_docs
from ..corpora.languages import get_language
from .paths import one_line, quoted
from .splitting import Splitting
from .steps import BATCH_SIZE, UNKNOWN_DOCS, Steps, epochs_of

TEMPLATE = Path(__file__).with_name("config.jinja")
DOCUMENTS: tuple[str, ...] = get_args(DocumentTask)
SENTENCES: tuple[str, ...] = get_args(SentenceTask)
TOKENS: tuple[str, ...] = get_args(TokenTask)
ASKING: tuple[str, ...] = get_args(AskingTask)
TASKS: tuple[str, ...] = get_args(Task)

PURPOSES = {
    "textcat": "one label for each whole document",
    "textcat_multilabel": "any number of labels for each whole document",
    "spancat": "any number of labels for each sentence, in the context of its document",
    "spancat_singlelabel": "a label, or none, for each sentence, in the context of its document",
    "ner": "names and other entities",
    "tagger": "a tag for each token",
    "morphologizer": "part of speech and morphology of each token",
    "trainable_lemmatizer": "the lemma of each token",
    "qa": "answers to questions about a document, as parts of it",
    "choice": "one of the options that a document brings",
}
LABELS = "Documents carry their labels in doc.cats, 1.0 for what is true and 0.0 for what is not."
SPANS = """\
Annotated sentences are spans in doc.spans["sc"]. Their boundaries must be those that the pipeline finds: a span that
equals no sentence is not learned."""
QUESTIONS = """\
Documents carry questions in doc._.questions, and right answers in doc.spans["answers"], labelled with their questions;
a question without an answer there has none. `spacy hat convert` makes such documents of JSON in the form of SQuAD."""
OPTIONS = """\
Documents carry options in doc._.options, the right one in doc._.choice, and a question in doc._.question if there is
one. `spacy hat convert` makes such documents of JSON lines with "text", "options", "answer" and "question"."""
ABOUT_PATHS = [
    "Corpora in spaCy's binary format: files or folders of files. What is null here, the command line gives."
]
# What a task counts by, then what else its scorer reports.
SCORES: dict[str, tuple[dict[str, float], Sequence[str]]] = {
    **dict.fromkeys(
        DOCUMENTS,
        (
            {"cats_score": 1.0},
            [
                "cats_score_desc",
                *(f"cats_{average}_{score}" for average in ("micro", "macro") for score in "prf"),
                "cats_macro_auc",
                "cats_f_per_type",
            ],
        ),
    ),
    **dict.fromkeys(SENTENCES, ({"spans_sc_f": 1.0}, ["spans_sc_p", "spans_sc_r"])),
    "ner": ({"ents_f": 1.0}, ["ents_p", "ents_r", "ents_per_type"]),
    "tagger": ({"tag_acc": 1.0}, ["tag_micro_p", "tag_micro_r", "tag_micro_f", "pos_acc"]),
    "morphologizer": ({"pos_acc": 0.5, "morph_acc": 0.5}, ["morph_per_feat"]),
    "trainable_lemmatizer": ({"lemma_acc": 1.0}, []),
    "qa": ({"qa_f1": 1.0}, ["qa_em", "qa_f1_answered", "qa_f1_unanswered"]),
    "choice": ({"choice_acc": 1.0}, []),
}


def training_config(
    tasks: Sequence[str],
    *,
    hat: str | None = None,
    train: str | None = None,
    dev: str | None = None,
    lang: str = "en",
    optimize: Optimize = "speed",
    gpu: bool = False,
    balanced: bool = False,
    units: Sequence[str] = ("sentences",),
    pattern: str | None = None,
    steps: Steps | None = None,
    file: str = "config.cfg",
    output: str | None = None,
    about_paths: Sequence[str] = (),
) -> str:
    """Write a complete config, with comments, that trains as it is.

    tasks (Sequence[str]): Names in TASKS; what is learned together on one encoder.
    hat (str | None): Folder or hub name of a HAT; `--paths.hat` if None.
    train (str | None): Training corpus, `.spacy` file or folder of them; `--paths.train` if None.
    dev (str | None): Development corpus; `--paths.dev` if None.
    lang (str): Code of the language.
    optimize (Optimize): `speed` keeps the first block as it is and is what the project's own configs do; `accuracy`
        trains everything, for twice as long.
    gpu (bool): Whether predictions are for a GPU: larger batches. Training is the same on both, but for dropout on
        attention weights, which a CPU is slow at.
    balanced (bool): Whether documents with rare labels come more often.
    units (Sequence[str]): What a sentence is: `sentences` as the sentencizer finds them, one of
        `hat_units`, or both.
    pattern (str | None): The regular expression of the unit `pattern`.
    steps (Steps | None): How long to train; from the number of training documents if None.
    file (str): Name of the config, for its first lines.
    output (str | None): Folder that they propose; from the tasks if None.
    about_paths (Sequence[str]): Lines of a comment on the paths.
    RETURNS (str): The config.
    RAISES (ValueError): If a task, a unit or the language is unknown, or two of them do not go together.
    """
    tasks, splitting = check_tasks(tasks), Splitting.of(units, pattern)
    if balanced and not set(tasks) & {*DOCUMENTS}:
        raise ValueError(
            f"Labels of documents are balanced. Got: the tasks {', '.join(tasks)}. Expected: {' or '.join(DOCUMENTS)} "
            "among them. Leave --balanced out."
        )
    epochs = epochs_of(tasks, optimize)
    if steps is None:
        steps = Steps.for_corpus(count_docs(Path(train)) if train else UNKNOWN_DOCS, epochs)
    environment = Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 A config is not HTML.
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf8")).render(
        header=header(tasks, splitting),
        data=annotation(tasks),
        about_paths=about_paths or ABOUT_PATHS,
        about_steps=f"For your own data: {epochs} times its documents, divided by the batcher's size.",
        file=one_line(file),
        output=output or f"training/{'_'.join(tasks)}",
        train=quoted(train),
        dev=quoted(dev),
        hat=quoted(hat),
        lang=lang,
        splitting=splitting,
        pipeline=json.dumps([*splitting.components, *components_of(tasks)], separators=(",", ":")),
        **language_sections(lang),
        tasks=tasks,
        asks=bool({*tasks} & {*ASKING}),
        documents=DOCUMENTS,
        steps=steps,
        batch_size=BATCH_SIZE,
        encoder_rate=steps.encoder_rate(tasks),
        score_weights=score_weights(tasks),
        packing="sentences" if {*tasks} & {*SENTENCES} else "greedy",
        output_of_encoder="segments" if {*tasks} <= {*DOCUMENTS, "choice"} else "pieces",
        reads_tokens=bool({*tasks} & {*TOKENS}),
        accuracy=optimize == "accuracy",
        gpu=gpu,
        balanced=balanced,
    )


def check_tasks(tasks: Sequence[str]) -> list[str]:
    """RETURNS (list[str]): Each task once. RAISES (ValueError): If one is unknown, or two do not go together."""
    tasks = list(dict.fromkeys(tasks))
    listed = ", ".join(TASKS)
    if not tasks:
        raise ValueError(f"No task is given. Expected at least one of {listed}.")
    if unknown := [task for task in tasks if task not in TASKS]:
        raise ValueError(
            f"Unknown task: {', '.join(unknown)}. Expected some of {listed}. Other components that listen to a "
            "transformer can be added to the config by hand."
        )
    for pair, place in ((DOCUMENTS, "doc.cats"), (SENTENCES, 'doc.spans["sc"]')):
        if {*pair} <= {*tasks}:
            raise ValueError(
                f"The tasks {' and '.join(pair)} do not go together. Got: both, which read and write {place}. "
                "Expected: one of them. Choose by whether a label excludes the others."
            )
    if len(tasks) > 1 and (asking := [task for task in tasks if task in ASKING]):
        raise ValueError(
            f"The task {asking[0]} has an encoder of its own, as it reads each document along with what is asked. Got: "
            f"{', '.join(tasks)}. Expected: it alone. Train the others by themselves, and add it to their pipeline: "
            f'nlp.add_pipe("hat_{asking[0]}", source=other)'
        )
    return tasks


def components_of(tasks: Sequence[str]) -> list[str]:
    """RETURNS (list[str]): The components for some tasks, behind those that find sentences."""
    if {*tasks} & {*ASKING}:
        return [f"hat_{task}" for task in tasks]
    return ["transformer", *tasks, "doc_cleaner"]


def header(tasks: Sequence[str], splitting: Splitting) -> list[str]:
    """RETURNS (list[str]): What the config is for."""
    if len(tasks) == 1:
        (task,) = tasks
        purpose = PURPOSES[task][0].upper() + PURPOSES[task][1:]
        parts = f"hat_{task}, with an encoder of its own" if task in ASKING else f"HAT encoder, {task}"
        return [f"{purpose}: {', '.join(splitting.components)}, {parts}."]
    return ["Learned together on one HAT encoder:", *(f"  {task}: {PURPOSES[task]}" for task in tasks)]


def annotation(tasks: Sequence[str]) -> list[str]:
    """RETURNS (list[str]): What documents must hold."""
    if {*tasks} & {*ASKING}:
        return (QUESTIONS if "qa" in tasks else OPTIONS).splitlines()
    lines = [LABELS] if {*tasks} & {*DOCUMENTS} else []
    return [*lines, *SPANS.splitlines()] if {*tasks} & {*SENTENCES} else lines


def score_weights(tasks: Sequence[str]) -> dict[str, str]:
    """RETURNS (dict[str, str]): Score -> its weight in choosing the best model, as JSON; tasks count alike."""
    weights: dict[str, float | None] = {}
    for task in tasks:
        weights |= SCORES[task][0]
    weights |= {name: None for task in tasks for name in SCORES[task][1] if name not in weights}
    # Twice, since rounding changes their sum, and spaCy would normalize what it finds once more.
    for _ in range(2):
        weights = combine_score_weights([weights])
    return {name: json.dumps(weight) for name, weight in weights.items()}


def language_sections(lang: str) -> dict[str, str]:
    """RETURNS (dict[str, str]): The sections that some languages fill otherwise."""
    own: dict[str, Any] = get_language(lang).Defaults.config
    default = {"@tokenizers": "spacy.Tokenizer.v1"}
    tokenizer = own.get("nlp", {}).get("tokenizer", default)
    initialize = own.get("initialize", {}).get("tokenizer", {})
    return {
        "tokenizer": section("nlp.tokenizer", tokenizer),
        "initialize_tokenizer": section("initialize.tokenizer", initialize),
    }


def section(name: str, values: dict[str, Any]) -> str:
    """RETURNS (str): A section of a config, with those inside it. Versions of confection write it in several ways."""
    own = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if not _is_nested(value)]
    inner = [section(f"{name}.{key}", value) for key, value in values.items() if _is_nested(value)]
    return "\n\n".join(["\n".join([f"[{name}]", *own]), *inner])


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict)
