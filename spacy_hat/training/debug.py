"""Look at a config and its corpora as training will, and take one step of it, before hours are spent."""

from collections.abc import Callable, Iterable
from pathlib import Path

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.tokens import Doc
from spacy.training import Corpus
from spacy.util import dot_to_object, load_config_from_str, load_model_from_config, registry, resolve_dot_names
from thinc.api import Config

from ..corpora.asked import ANSWERS_KEY, gold_questions, options_on
from ..corpora.languages import blank
from ..layers.hat_model import init
from ..pipeline.heads import Encoder, encoders_of
from .asked_findings import check_asked
from .config import training_config
from .config_checks import check_config
from .corpus_counts import Encoding, count_corpus
from .findings import check_documents, check_layout, check_overlap, check_settings
from .first_step import train_once
from .label_findings import check_labels
from .report import EncoderReport, TrainingReport
from .run_length import check_steps
from .sample import Sample

Notify = Callable[[str], None]


def debug_training(
    config: Config, *, use_gpu: int = -1, limit: int = 0, with_batch: bool = True, notify: Notify = lambda _: None
) -> TrainingReport:
    """Look at a config and its corpora.

    config (Config): The config, not interpolated.
    use_gpu (int): Number of the GPU, or -1 for the CPU.
    limit (int): Most documents to read of a corpus; 0 for all.
    with_batch (bool): Whether to train on one batch.
    notify (Notify): Called with what is being done.
    RETURNS (TrainingReport): What was found. Problems with the corpora or the encoder are in it.
    RAISES (ValueError): If the config cannot be made a pipeline, or the pipeline has no HAT.
    """
    notify("Making the pipeline")
    check_config(config)
    nlp = load_model_from_config(config, auto_fill=True)
    report = TrainingReport()
    settings = nlp.config.interpolate()
    encoders = find_encoders(nlp)
    try:
        encodings = load_encodings(nlp, encoders, report, notify)
        check_paths(settings)
        training = registry.resolve(settings["training"], schema=ConfigSchemaTraining)
        readers = resolve_dot_names(settings, [training["train_corpus"], training["dev_corpus"]])
        endless = {"train": training["max_epochs"] < 0, "dev": False}
        corpora = {
            name: Sample(read, limit, endless=endless[name])
            for name, read in zip(("train", "dev"), readers, strict=True)
        }
        count_all(nlp, encodings, corpora, report, notify)
        check_asked(nlp, corpora, report.findings)
    except (ValueError, OSError) as error:
        report.findings.problem("cannot be read", str(error))
        return report
    check_settings(nlp, encodings[0], report.corpora, report.findings)
    check_overlap(report.corpora, report.findings)
    sizes = settings["training"]["batcher"]
    by_number = sizes.get("@batchers") == "spacy.batch_by_sequence.v1" and isinstance(sizes.get("size"), int)
    n_docs = report.corpora["train"].n_docs_in_all or len(report.corpora["train"].docs)
    check_steps(training, n_docs, sizes["size"] if by_number else None, report.findings)
    if with_batch and not report.findings.problems:
        train_once(config, encodings, corpora, report, use_gpu, notify)
    return report


def debug_corpus(
    path: Path, *, hat: str, lang: str = "en", limit: int = 0, notify: Notify = lambda _: None
) -> TrainingReport:
    """Look at a corpus alone, as a config of `init-config` for what is annotated in it would read it.

    path (Path): `.spacy` file, or a folder of them.
    hat (str): Folder or hub name of a HAT.
    lang (str): Code of the language.
    limit (int): Most documents to read; 0 for all.
    notify (Notify): Called with what is being done.
    RETURNS (TrainingReport): What was found.
    RAISES (ValueError): If the language is unknown.
    """
    notify("Reading the corpus")
    corpus = Sample(Corpus(path), limit)
    tasks = tasks_of(example.reference for example in corpus(blank(lang)))
    # Without any annotation, only the packing counts, and that is the same for every task on documents.
    config = training_config(tasks or ["textcat"], hat=hat, lang=lang, train=str(path), dev=str(path))
    nlp = load_model_from_config(load_config_from_str(config, interpolate=True), auto_fill=True)
    if not tasks:
        nlp.remove_pipe("textcat")
    report = TrainingReport()
    try:
        encodings = load_encodings(nlp, find_encoders(nlp), report, notify)
        count_all(nlp, encodings, {"corpus": corpus}, report, notify)
    except (ValueError, OSError) as error:
        report.findings.problem("cannot be read", str(error))
    return report


def tasks_of(docs: Iterable[Doc]) -> list[str]:
    """RETURNS (list[str]): The tasks that documents are annotated for."""
    found: dict[str, bool] = {}
    several_labels = several_spans = False
    asked: dict[str, bool] = {}
    for doc in docs:
        found["textcat"] = found.get("textcat", False) or bool(doc.cats)
        labelled = any(len(group) for key, group in doc.spans.items() if key != ANSWERS_KEY)
        found["spancat"] = found.get("spancat", False) or labelled
        found["ner"] = found.get("ner", False) or bool(doc.ents)
        asked["qa"] = asked.get("qa", False) or bool(gold_questions(doc))
        asked["choice"] = asked.get("choice", False) or bool(options_on(doc))
        several_labels |= bool(doc.cats) and sum(score > 0 for score in doc.cats.values()) != 1
        bounds = [(span.start, span.end) for span in doc.spans.get("sc", [])]
        several_spans |= len(set(bounds)) < len(bounds)
    names = {
        "textcat": "textcat_multilabel" if several_labels else "textcat",
        "spancat": "spancat" if several_spans else "spancat_singlelabel",
        "ner": "ner",
    }
    if tasks := [names[task] for task, is_there in found.items() if is_there]:
        return tasks
    return [task for task, is_there in asked.items() if is_there][:1]


def load_encodings(nlp: Language, encoders: list[Encoder], report: TrainingReport, notify: Notify) -> list[Encoding]:
    """Load the weights of each HAT. RETURNS (list[Encoding]): How documents are read."""
    notify("Loading the encoder")
    for encoder in encoders:
        init(encoder.layer)
    first = encoders[0]
    sizes, packer = first.shim.encoder.config, first.layer.attrs["packer"]
    report.encoder = EncoderReport(
        component=first.component,
        name=first.layer.attrs["pretrained"].name,
        layout=sizes.layout,
        segment_length=sizes.segment_length,
        max_segments=sizes.max_segments,
        packing=packer.packing,
        overflow=packer.overflow,
        output=first.shim.output,
    )
    if len(encoders) > 1:
        report.findings.warn(
            "several encoders",
            f"The pipeline has several encoders: {', '.join(encoder.component for encoder in encoders)}. Pieces, "
            f"segments and windows are those of '{first.component}'; what would waste a run is looked for in all.",
        )
    return [Encoding(one.layer, one.component, annotators_before(nlp, one.component, report)) for one in encoders]


def annotators_before(nlp: Language, component: str, report: TrainingReport) -> list[Callable[[Doc], Doc]]:
    """RETURNS (list[Callable]): What annotates documents before a component, in training, and is ready to."""
    training = nlp.config.interpolate()["training"]
    before = nlp.pipe_names[: nlp.pipe_names.index(component)]
    annotating = [name for name in before if name in training["annotating_components"]]
    ready = [
        name
        for name in annotating
        if not getattr(nlp.get_pipe(name), "is_trainable", False) or name in training["frozen_components"]
    ]
    if learning := [name for name in annotating if name not in ready]:
        report.findings.warn(
            "annotates while it learns",
            f"{', '.join(learning)} annotates documents before the encoder and is trained along with it: what it will "
            "set cannot be foreseen, and the counts here are without it.",
        )
    return [nlp.get_pipe(name) for name in ready]


def find_encoders(nlp: Language) -> list[Encoder]:
    """RETURNS (list[Encoder]): The HATs of a pipeline. RAISES (ValueError): If there is none."""
    if encoders := encoders_of(nlp):
        return encoders
    raise ValueError(
        f"The pipeline has no HAT. Got: the components {', '.join(nlp.pipe_names) or '(none)'}. Expected: one with "
        "spacy-hat.HATModel.v1. To make such a config: python -m spacy hat init-config. For others, spaCy has "
        "`spacy debug data`."
    )


def check_paths(settings: Config) -> None:
    """RAISES (ValueError): If a corpus has no path, or there is nothing in that place."""
    for name in ("train", "dev"):
        section = settings["training"][f"{name}_corpus"]
        corpus = dot_to_object(settings, section)
        if not isinstance(corpus, dict) or "path" not in corpus:
            continue
        if not corpus["path"]:
            raise ValueError(f"The path of [{section}] is empty. Give one: --paths.{name} {name}.spacy")
        if not Path(corpus["path"]).exists():
            raise ValueError(
                f"There is nothing at {corpus['path']}, the path of [{section}]. Expected: a .spacy file, or a folder "
                f"of them. Correct --paths.{name}. To make one from CSV or JSONL: python -m spacy hat convert"
            )


def count_all(
    nlp: Language, encodings: list[Encoding], corpora: dict[str, Sample], report: TrainingReport, notify: Notify
) -> None:
    """Count each corpus, and look for what is wrong with it."""
    for name, corpus in corpora.items():

        def tell(number: int, name: str = name) -> None:
            notify(f"Reading {name}: {number:,} documents")

        report.corpora[name] = count_corpus(nlp, encodings, corpus, tell)
    for encoding in encodings:
        for name, counts in report.corpora.items():
            check_documents(name, counts.encoded[encoding.component], encoding, nlp, report.findings)
        check_layout(nlp, encoding, report.findings)
    frozen = nlp.config.interpolate()["training"]["frozen_components"]
    check_labels(nlp, report.corpora, frozen, report.findings)
