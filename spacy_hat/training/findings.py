"""What is wrong with a config and its corpora: problems would waste a training run, warnings may be meant.

What training itself asks of text and span categorizers comes from pipeline/head_checks.
"""

from dataclasses import dataclass, field

from spacy.language import Language
from spacy.util import dot_to_object

from ..layers.hat_model import get_shim
from ..packing import DocCounts
from ..pipeline.cleaner import CLEANERS
from ..pipeline.findings import Finding
from ..pipeline.head_checks import SENTENCE_ATTRIBUTES
from ..pipeline.heads import encoder_of, heads_of
from .corpus_counts import CorpusCounts, Encoding


@dataclass
class Findings:
    """What was found, each once.

    found (list[Finding]): In the order in which it was found.
    """

    found: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Add a finding, unless the same kind of thing is known of that component."""
        known = [(other.kind, other.component) for other in self.found if other.component]
        if finding not in self.found and (finding.kind, finding.component) not in known:
            self.found.append(finding)

    def problem(self, kind: str, message: str, component: str = "", **counts: int) -> None:
        """Add what would waste a training run."""
        self.add(Finding(kind, "wastes", message, component, counts))

    def warn(self, kind: str, message: str, component: str = "", **counts: int) -> None:
        """Add what may be meant."""
        self.add(Finding(kind, "may be meant", message, component, counts))

    @property
    def problems(self) -> list[str]:
        """RETURNS (list[str]): What would waste a training run, in words."""
        return [finding.message for finding in self.found if finding.severity != "may be meant"]

    @property
    def warnings(self) -> list[str]:
        """RETURNS (list[str]): What may be meant, in words."""
        return [finding.message for finding in self.found if finding.severity == "may be meant"]


def check_settings(nlp: Language, encoding: Encoding, corpora: dict[str, CorpusCounts], findings: Findings) -> None:
    """Look at the settings that undo what this package is for.

    nlp (Language): The pipeline.
    encoding (Encoding): How it reads documents.
    corpora (dict[str, CorpusCounts]): Name -> counts; `train`, and `dev` if there is one.
    findings (Findings): To be added to.
    """
    config = nlp.config.interpolate()
    for name in corpora:
        place = config["training"][f"{name}_corpus"]
        settings = dot_to_object(config, place)
        if isinstance(settings, dict) and settings.get("max_length"):
            findings.problem(
                "maximum length",
                f"[{place}] has max_length = {settings['max_length']}, so that longer documents are cut into "
                f"sentences, or skipped. Expected: whole documents. Set max_length = 0 in [{place}].",
            )
    if not any(config["training"]["score_weights"].values()):
        findings.problem(
            "no score counts",
            "No score counts, so that model-best is the untrained pipeline. Got: [training.score_weights] without a "
            "weight above 0. Expected: one for each component that is trained. Set them in [training.score_weights].",
        )
    factories = {nlp.get_pipe_meta(name).factory for name in nlp.pipe_names}
    if not factories & set(CLEANERS) and "dev" in corpora:
        shim = get_shim(encoding.model)
        segments_only = shim.output == "segments"
        dev = corpora["dev"]
        rows = sum(doc.n_segments for doc in dev.docs) if segments_only else dev.n_rows
        size = rows * shim.encoder.config.hidden_size * 4
        findings.warn(
            "no doc_cleaner",
            f"The pipeline ends without a `doc_cleaner` or `hat_cleaner`: each evaluation keeps the encoder's output "
            f"of all {len(dev.docs):,} documents of dev, about {size / 2**20:,.0f} MB. Add a `hat_cleaner`, as "
            "`spacy hat init-config` does.",
        )


def check_documents(name: str, docs: list[DocCounts], encoding: Encoding, nlp: Language, findings: Findings) -> None:
    """Look at one corpus, as one encoder reads it.

    name (str): Of the corpus.
    docs (list[DocCounts]): What the encoder makes of each document.
    encoding (Encoding): How it is read.
    nlp (Language): The pipeline.
    findings (Findings): To be added to.
    """
    packer = encoding.model.attrs["packer"]
    max_segments = get_shim(encoding.model).encoder.config.max_segments
    n_docs = len(docs)
    n_empty = sum(doc.n_pieces == 0 for doc in docs)
    if n_empty == n_docs:
        found = f"{n_docs:,} documents without any text" if n_docs else "no documents"
        message = f"Corpus {name} has nothing to read. Got: {found}. Expected: documents. Correct paths.{name}."
        findings.problem("nothing to read", message, n_docs=n_docs)
        return
    if n_empty:
        message = f"{n_empty:,} of {n_docs:,} documents in {name} have no text that the tokenizer sees."
        findings.warn("documents without text", message, n_empty=n_empty)
    if cut := sum(doc.n_pieces_cut for doc in docs):
        share = cut / sum(doc.n_pieces for doc in docs)
        findings.warn(
            "pieces cut off",
            f'overflow = "truncate" cuts {cut:,} pieces ({share:.1%}) of {name} off. Set overflow = "window" in '
            f"[components.{encoding.component}.model] to read documents whole.",
            n_cut=cut,
        )
    n_over = 0 if max_segments is None else sum(doc.n_segments > max_segments for doc in docs)
    if n_over and packer.overflow == "error":
        findings.problem(
            "too many segments",
            f"{n_over:,} of {n_docs:,} documents in {name} have more than {max_segments} segments, and overflow is "
            f'"error". Set overflow = "window" in [components.{encoding.component}.model] to read them whole.',
            n_docs=n_over,
        )
    n_without = sum(doc.lacks_sentences for doc in docs)
    if packer.packing != "fixed" and n_without:
        without_all = n_without == n_docs - n_empty
        message = (
            f"{n_without:,} of {n_docs:,} documents in {name} have no sentences when they are encoded, and are packed "
            f'as with "fixed". {_sentence_remedy(nlp, encoding)}'
        )
        (findings.problem if without_all or packer.require_sentences else findings.warn)(
            "no sentences", message, n_docs=n_without
        )


def _sentence_remedy(nlp: Language, encoding: Encoding) -> str:
    before = nlp.pipe_names[: nlp.pipe_names.index(encoding.component)]
    finders = [name for name in before if SENTENCE_ATTRIBUTES & set(nlp.get_pipe_meta(name).assigns)]
    if finders:
        return f'In prediction, {finders[0]!r} finds them: add "{finders[0]}" to annotating_components of [training].'
    return "Put a `sentencizer` before the encoder in [nlp] pipeline, and into annotating_components of [training]."


def check_layout(nlp: Language, encoding: Encoding, findings: Findings) -> None:
    """Look for components that read tokens behind a last block that changes first pieces only."""
    layout = get_shim(encoding.model).encoder.config.layout
    heads = {head.name for head in heads_of(nlp)}
    readers = [
        name
        for name, pipe in nlp.pipeline
        if name not in heads | {encoding.component}
        and getattr(pipe, "is_trainable", False)
        and (encoder := encoder_of(nlp, name)) is not None
        and encoder.layer is encoding.model
    ]
    if readers and "S" not in layout.rpartition("|")[2]:
        findings.warn(
            "last block",
            f"The encoder's layout, {layout}, ends in a block that changes first pieces only, and "
            f"{', '.join(readers)} never sees these. Use an encoder whose last block has an S.",
        )


def check_overlap(corpora: dict[str, CorpusCounts], findings: Findings) -> None:
    """Look for documents that are trained on and evaluated with."""
    if "dev" in corpora and (shared := len(corpora["train"].texts & corpora["dev"].texts)):
        findings.warn(
            "documents in both",
            f"{shared:,} of {len(corpora['dev'].texts):,} different documents of dev are in train too: scores on them "
            "say nothing about new documents.",
            n_docs=shared,
        )
