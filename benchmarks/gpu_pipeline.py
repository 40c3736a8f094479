"""From texts to `doc.cats` on a device, and how much of the time the encoder takes."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import spacy
from spacy.language import Language

from benchmarks.gpu_encoders import MAX_BATCH_PIECES, Setting
from benchmarks.pipeline import LAYOUTS, piping
from benchmarks.pipelines import load_shipped, make_text, make_texts, save_tiny_hat, save_tiny_tokenizer
from benchmarks.sizes import BASE, MINILM, Size
from benchmarks.timing import seconds_of
from spacy_hat.modeling import HATConfig, HATModel, load_tokenizer
from spacy_hat.profiling.profile import profile_pipe

SIZES = {"MiniLM size": MINILM, "base size": BASE}
# As `spacy hat init-config --gpu` writes it.
BATCH_SIZE = 64
TIMED = 2


def save_hat(folder: Path, size: Size, layout: str) -> Path:
    """RETURNS (Path): The folder, with a HAT of random weights that reads the words of `make_text`."""
    tokenizer = load_tokenizer(save_tiny_tokenizer(folder))
    shared: dict[str, Any] = {**size.shared(), "vocab_size": len(tokenizer)}
    HATModel(HATConfig(**shared, layout=layout, pad_token_id=0)).save_pretrained(folder)
    return folder


def load(folder: Path, precision: str) -> Language:
    """RETURNS (Language): The shipped text classifier around a HAT, with the settings of a GPU."""
    model = "components__transformer__model__"
    settings = {f"{model}precision": precision, f"{model}max_batch_pieces": MAX_BATCH_PIECES}
    return load_shipped("hat_textcat", folder, nlp__batch_size=BATCH_SIZE, **settings)


def measure(setting: Setting, size: str, precision: str, quick: bool) -> dict[str, Any]:
    """Time a pipeline, and see where the time goes.

    setting (Setting): Where.
    size (str): One of SIZES.
    precision (str): Of the encoder.
    quick (bool): Whether to see only that it works.
    RETURNS (dict[str, Any]): Seconds of each run, shares of another one, and what was read.
    """
    if setting.device.type == "cuda":
        spacy.require_gpu(setting.device.index or 0)
    n_docs, n_words = (4, 40) if quick else (64, 2000)
    texts = [make_text(number, n_words) for number in range(n_docs)]
    with TemporaryDirectory() as name:
        folder = save_tiny_hat(Path(name)) if quick else save_hat(Path(name), SIZES[size], LAYOUTS[size])
        nlp = load(folder, precision)
    for _ in nlp.pipe(make_texts(8, 20, 200)):
        pass
    work = piping(nlp, texts, BATCH_SIZE)
    seconds = [seconds_of(work) for _ in range(1 if quick else TIMED)]
    profile = profile_pipe(nlp, texts, batch_size=BATCH_SIZE)
    return {"seconds": seconds, "shares": profile.shares, "n_docs": n_docs, "n_pieces": profile.n_pieces}
