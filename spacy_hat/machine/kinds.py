"""What commands make, and how an earlier result is told from what is somebody else's."""

import configparser
import json
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .card_mark import is_unedited
from .places import Kind

PRETRAINING = "pretraining.json"
"""What a pretrained HAT, or one that is being pretrained, is made of."""
LOG = "pretraining.jsonl"
CURVES = "pretraining.png"
CHECKPOINT_TYPES = ("hierarchical-transformer", "hi-transformer", "rotary-hierarchical-transformer")
WEIGHTS = {"model.safetensors", "pytorch_model.bin"}
CHECKPOINT_FILES = {
    *WEIGHTS,
    *("config.json", "README.md", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    "processor_config.json",
    *(PRETRAINING, LOG, CURVES),
    *("added_tokens.json", "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model", "chat_template.jinja"),
}
CORPUS_ENDING = ".spacy"
CORPORA_MARK = ".spacy-hat-corpora"
"""A file in a folder of corpora that says that nothing else is in it."""

PAGE_ENDING = ".html"
PAGE_MARK = '<meta name="generator" content="spacy-hat">'
PICTURE_MARK = "spacy-hat"
"""Who made an SVG file, in its metadata."""
FIGURES = {"model", "machine", "docs", "words", "pieces"}
SAMPLE_SOURCE = "spacy-hat sample: "
"""What every `source` of a document that comes with the package begins with."""
MANIFEST = "_manifest.json"
"""What a folder of annotations was made of. Readers of folders pass over names that begin so."""
ERRORS = "_errors"
"""A folder in it, with a list of the failed documents of each shard."""
READING = "_reading"
"""A folder in it, with what is being read, and what was when a process was killed."""
RAY = "_ray"
"""A folder in it, with what is being written by Ray, and which rows are in each shard that Ray wrote."""
SHARD = re.compile(r"part-\d+-\d+\.(parquet|jsonl|spacy)")
CARD = "README.md"
SCORES = {"component", "label", "method", "probability", "sentences"}


def mark_corpora(folder: Path) -> None:
    """Let `convert --force` know later that a folder holds corpora and nothing else."""
    (folder / CORPORA_MARK).write_text("Corpora of `spacy hat convert`; it may replace this folder.\n", encoding="utf8")


def _others(folder: Path, own: Iterable[str]) -> str:
    others = sorted(path.name for path in folder.iterdir() if path.name not in {*own})
    return f"it holds {', '.join(others[:3])}{' and more' * (len(others) > 3)}" if others else ""


def _json(path: Path) -> Any:
    try:
        return _json_of(path.read_text(encoding="utf8"))
    except (OSError, ValueError):
        return None


def _json_of(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _no_checkpoint(folder: Path) -> str:
    config = _json(folder / "config.json")
    if not isinstance(config, dict) or config.get("model_type") not in CHECKPOINT_TYPES:
        return "no config.json of a HAT"
    if not any((folder / name).is_file() for name in WEIGHTS):
        return "no weights"
    return _others(folder, CHECKPOINT_FILES)


def _no_pipeline(folder: Path) -> str:
    meta = _json(folder / "meta.json")
    if not isinstance(meta, dict) or not _is_config(folder / "config.cfg"):
        return "no config.cfg of a pipeline beside its meta.json"
    components = [*meta.get("pipeline", ()), *meta.get("disabled", ())]
    # Each writes a folder, or a file of its name.
    files = [path.name for path in folder.iterdir() if path.stem in components]
    card = [CARD] if is_unedited(folder / CARD) else []
    return _others(folder, [*files, *card, "config.cfg", "meta.json", "tokenizer", "vocab"])


def _is_config(path: Path) -> bool:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf8"))
    except (OSError, ValueError, configparser.Error):
        return False
    return "nlp" in parser


def _is_corpus(path: Path) -> bool:
    """Whether it begins as DocBin writes it: compressed, and with the name of an entry."""
    try:
        with path.open("rb") as file:
            beginning = zlib.decompressobj().decompress(file.read(1024), 64)
    except (OSError, zlib.error):
        return False
    return b"version" in beginning or b"attrs" in beginning


def _no_corpora(folder: Path) -> str:
    if not (folder / CORPORA_MARK).is_file():
        return "its files were not made by this command"
    own = [path.name for path in folder.iterdir() if path.suffix == CORPUS_ENDING and path.is_file()]
    return _others(folder, [*own, CORPORA_MARK])


def _no_page(path: Path) -> str:
    with path.open("rb") as file:
        return "" if PAGE_MARK.encode() in file.read(2048) else "not written by this command"


def _no_pages(folder: Path) -> str:
    pages = [path.name for path in folder.iterdir() if path.suffix == PAGE_ENDING and path.is_file()]
    if others := _others(folder, pages):
        return others
    return next((reason for name in pages if (reason := _no_page(folder / name))), "")


def _no_figures(path: Path) -> str:
    found = _json(path)
    return "" if isinstance(found, dict) and found.keys() >= FIGURES else "not written by this command"


def _no_scores(path: Path) -> str:
    found = _json(path)
    is_own = isinstance(found, list) and found and all(isinstance(one, dict) and one.keys() >= SCORES for one in found)
    return "" if is_own else "not written by this command"


def _no_sample(path: Path) -> str:
    lines = path.read_bytes().decode(errors="replace").removesuffix("\n").split("\n")
    sources = [found.get("source") if isinstance(found := _json_of(line), dict) else None for line in lines]
    is_own = all(isinstance(source, str) and source.startswith(SAMPLE_SOURCE) for source in sources)
    return "" if is_own else "it holds other documents than a sample"


def _no_annotations(folder: Path) -> str:
    manifest = _json(folder / MANIFEST)
    hidden = [path.name for path in folder.iterdir() if path.name.startswith((".part-", f".{MANIFEST}"))]
    if not isinstance(manifest, dict):
        return _others(folder, hidden)
    shards = [path.name for path in folder.iterdir() if SHARD.fullmatch(path.name)]
    return _others(folder, [*shards, *hidden, MANIFEST, ERRORS, READING, RAY])


def _no_pretraining(folder: Path) -> str:
    if not (folder / PRETRAINING).is_file():
        return f"no {PRETRAINING} in it"
    own = [path.name for path in folder.iterdir() if path.name.startswith(("checkpoint-", "corpus", ".corpus"))]
    return _others(folder, [*own, PRETRAINING])


def _no_card(path: Path) -> str:
    return "" if path.suffix == Path(CARD).suffix else "its name does not end in .md"


def _is_picture(path: Path) -> bool:
    try:
        beginning = path.read_text(encoding="utf8")[:10_000]
    except (OSError, ValueError):
        return False
    return "<svg" in beginning and f"<dc:title>{PICTURE_MARK}</dc:title>" in beginning


CHECKPOINT = Kind("a HAT checkpoint", True, _no_checkpoint)
PIPELINE = Kind("a pipeline", True, _no_pipeline)
CORPORA = Kind("a folder of corpora", True, _no_corpora)
CORPUS = Kind("a corpus", False, lambda path: "" if _is_corpus(path) else "not in spaCy's binary format")
CONFIG = Kind("a config", False, lambda path: "" if _is_config(path) else "no [nlp] in it")
PAGE = Kind("a page of explanations", False, _no_page)
PICTURE = Kind(
    "a picture of ours, an SVG file", False, lambda path: "" if _is_picture(path) else "not made by spacy-hat"
)
PAGES = Kind("a folder of pages of explanations", True, _no_pages)
SCORES_FILE = Kind("a file of scores", False, _no_scores)
ANNOTATIONS = Kind("a folder of annotations", True, _no_annotations)
PRETRAINING_RUN = Kind("the beginning of a pretraining", True, _no_pretraining)
FIGURES_FILE = Kind("a file of figures", False, _no_figures)
SAMPLE = Kind("a sample", False, _no_sample)
MODEL_CARD = Kind("a model card", False, _no_card)
