"""Look at a config and its corpora as training will, and take one step of it, before hours are spent."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.tokens import Doc
from spacy.training import Corpus, Example
from spacy.training.initialize import init_nlp
from spacy.util import dot_to_object, load_config_from_str, load_model_from_config, registry, resolve_dot_names
from thinc.api import Config, Model

from ..corpora.languages import blank
from ..layers.hat_model import get_shim, init
from ..pipeline.heads import encoders_of
from .config import training_config
from .corpus_counts import Encoding, count_corpus
from .findings import check_documents, check_heads_of, check_layout, check_overlap, check_settings, check_steps
from .report import TrainingReport
from .timed_batch import time_batch

Read = Callable[[Language], Iterable[Example]]
Notify = Callable[[str], None]
SAID_BY_PACKER = ("A Doc has no sentence boundaries", "are cut off:")


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
    nlp = load_model_from_config(config, auto_fill=True)
    report = TrainingReport()
    settings = nlp.config.interpolate()
    component, model = find_hat(nlp)
    try:
        encoding = load_encoding(nlp, component, model, report, notify)
        check_paths(settings)
        training = registry.resolve(settings["training"], schema=ConfigSchemaTraining)
        readers = resolve_dot_names(settings, [training["train_corpus"], training["dev_corpus"]])
        corpora = {name: limited(read, limit) for name, read in zip(("train", "dev"), readers, strict=True)}
        count_all(nlp, encoding, corpora, report, notify)
    except (ValueError, OSError) as error:
        report.findings.problem(str(error))
        return report
    check_settings(nlp, encoding, report.corpora, report.findings)
    check_overlap(report.corpora, report.findings)
    sizes = settings["training"]["batcher"]
    by_number = sizes.get("@batchers") == "spacy.batch_by_sequence.v1" and isinstance(sizes.get("size"), int)
    n_docs = len(report.corpora["train"].docs)
    check_steps(training, n_docs, sizes["size"] if by_number else None, report.findings)
    if with_batch and not report.findings.problems:
        train_once(config, encoding, corpora["train"], report, use_gpu, notify)
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
    read = limited(Corpus(path), limit)
    tasks = tasks_of(example.reference for example in read(blank(lang)))
    # Without any annotation, only the packing counts, and that is the same for every task on documents.
    config = training_config(tasks or ["textcat"], hat=hat, lang=lang, train=str(path), dev=str(path))
    nlp = load_model_from_config(load_config_from_str(config, interpolate=True), auto_fill=True)
    if not tasks:
        nlp.remove_pipe("textcat")
    report = TrainingReport()
    try:
        encoding = load_encoding(nlp, *find_hat(nlp), report, notify)
        count_all(nlp, encoding, {"corpus": read}, report, notify)
    except (ValueError, OSError) as error:
        report.findings.problem(str(error))
    return report


def tasks_of(docs: Iterable[Doc]) -> list[str]:
    """RETURNS (list[str]): The tasks that documents are annotated for."""
    found: dict[str, bool] = {}
    several_labels = several_spans = False
    for doc in docs:
        found["textcat"] = found.get("textcat", False) or bool(doc.cats)
        found["spancat"] = found.get("spancat", False) or any(len(group) for group in doc.spans.values())
        found["ner"] = found.get("ner", False) or bool(doc.ents)
        several_labels |= bool(doc.cats) and sum(score > 0 for score in doc.cats.values()) != 1
        bounds = [(span.start, span.end) for span in doc.spans.get("sc", [])]
        several_spans |= len(set(bounds)) < len(bounds)
    names = {
        "textcat": "textcat_multilabel" if several_labels else "textcat",
        "spancat": "spancat" if several_spans else "spancat_singlelabel",
        "ner": "ner",
    }
    return [names[task] for task, is_there in found.items() if is_there]


def load_encoding(nlp: Language, component: str, model: Model, report: TrainingReport, notify: Notify) -> Encoding:
    """Load the weights of the HAT. RETURNS (Encoding): How documents are read."""
    notify("Loading the encoder")
    init(model)
    shim, packer = get_shim(model), model.attrs["packer"]
    sizes = shim.encoder.config
    report.encoder = {
        "component": component,
        "name": model.attrs["pretrained"].name,
        "layout": sizes.layout,
        "segment_length": sizes.segment_length,
        "max_segments": sizes.max_segments,
        "packing": packer.packing,
        "overflow": packer.overflow,
        "output": shim.output,
    }
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
            f"{', '.join(learning)} annotates documents before the encoder and is trained along with it: what it will "
            "set cannot be foreseen, and the counts here are without it."
        )
    return Encoding(model, component, [nlp.get_pipe(name) for name in ready])


def find_hat(nlp: Language) -> tuple[str, Model]:
    """RETURNS (tuple[str, Model]): The first component with a HAT, and that. RAISES (ValueError): If there is none."""
    for encoder in encoders_of(nlp):
        return encoder.component, encoder.layer
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


def limited(read: Read, limit: int) -> Read:
    """RETURNS (Callable): A reader that stops after so many documents, unless 0."""

    def read_some(nlp: Language) -> Iterator[Example]:
        for number, example in enumerate(read(nlp), start=1):
            yield example
            if number == limit:
                return

    return read_some


def count_all(
    nlp: Language, encoding: Encoding, corpora: dict[str, Read], report: TrainingReport, notify: Notify
) -> None:
    """Count each corpus, and look for what is wrong with it."""
    for name, read in corpora.items():

        def tell(number: int, name: str = name) -> None:
            notify(f"Reading {name}: {number:,} documents")

        report.corpora[name] = count_corpus(nlp, encoding, read(nlp), tell)
    for name, counts in report.corpora.items():
        check_documents(name, counts, encoding, nlp, report.findings)
    check_heads_of(nlp, report.corpora, report.findings)
    check_layout(nlp, encoding, report.findings)


def train_once(
    config: Config, encoding: Encoding, read: Read, report: TrainingReport, use_gpu: int, notify: Notify
) -> None:
    """Initialize the pipeline as training does, and take a step."""

    def count_rows(example: Example) -> int:
        counts = encoding.count(example.predicted)
        return counts.n_pieces - counts.n_pieces_cut + counts.n_segments

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            notify("Initializing the pipeline")
            nlp = init_nlp(config, use_gpu=use_gpu)
            notify("Training on one batch, twice")
            training = registry.resolve(nlp.config.interpolate()["training"], schema=ConfigSchemaTraining)
            n_rows = report.corpora["train"].n_rows
            report.batch = time_batch(nlp, training, read, count_rows, n_rows=n_rows, on_gpu=use_gpu >= 0)
        except Exception as error:  # whatever it is, training would raise it too
            report.findings.problem(f"Training fails in its first step ({type(error).__name__}): {error}")
            return
    for message in (str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)):
        # What the packer says was counted, and it says so of the documents too that initializing makes up.
        if not any(part in message for part in SAID_BY_PACKER):
            report.findings.warn(message)
    if failures := report.batch.failures():
        report.findings.problem(
            f"The loss of {', '.join(failures)} is no number after one step. Got: nan or infinity. Lower the rates in "
            "[training.optimizer], or set mixed_precision = false in the encoder's model."
        )
