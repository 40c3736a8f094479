"""What explaining a document costs, in forward passes over it: `python -m benchmarks.explain`.

A random encoder of MiniLM's width in three layouts, a document of sentences of about 20 words, packed greedily. A pass
for each sentence would be what a naive occlusion costs.
"""

import time
from collections.abc import Callable
from functools import partial
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
from spacy.training import Example
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from spacy_hat.explanations import explain
from spacy_hat.modeling import HATConfig, HATModel

LAYOUTS = {"interleaved": "S|SD|S|SD|S|SD", "late": "S|S|S|SD|D|D", "segments alone": "S|S|S|S|S|S"}
WORDS = [f"word{number}" for number in range(500)]


def make_nlp(folder: Path, layout: str, width: int) -> Language:
    """RETURNS (Language): A pipeline with a random encoder and a document classifier."""
    vocabulary = {piece: i for i, piece in enumerate(["[PAD]", "[UNK]", "[CLS]", ".", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]")
    fast.save_pretrained(folder)
    config = HATConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=4 * width,
        num_attention_heads=12,
        layout=layout,
        max_sentences=128,
        pad_token_id=0,
        document_position_embeddings=True,
    )
    HATModel(config).save_pretrained(folder)
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("hat", name="transformer", config={"model": {"name": str(folder), "output": "segments"}})
    listener = {"@architectures": "spacy-transformers.TransformerListener.v1", "pooling": {"@layers": "reduce_mean.v1"}}
    head = {"@architectures": "spacy-hat.DocumentClassifier.v1", "exclusive_classes": True, "tok2vec": listener}
    nlp.add_pipe("textcat", config={"model": head})
    cats = [{"A": 1.0, "B": 0.0}, {"A": 0.0, "B": 1.0}]
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("word1."), {"cats": one}) for one in cats])
    return nlp


def make_text(n_sentences: int) -> str:
    """RETURNS (str): Sentences of 10 to 30 words."""
    random = np.random.default_rng(0)
    return " ".join(" ".join(random.choice(WORDS, random.integers(10, 31))) + "." for _ in range(n_sentences))


def seconds(run: Callable[[], object], repeats: int) -> float:
    """RETURNS (float): The shortest of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def main(
    n_sentences: Annotated[int, typer.Option(help="Sentences of the document")] = 120,
    quick: Annotated[bool, typer.Option("--quick", help="A short document, to see that it runs")] = False,
) -> None:
    """Time a forward pass and each method of explanation on one document."""
    n_sentences, width, repeats = (12, 96, 1) if quick else (n_sentences, 384, 3)
    torch.set_num_threads(1)
    table = Table("layout", "a pass (s)", "occlusion (s)", "in passes", "of a pass each", "gradient, in passes")
    for name, layout in LAYOUTS.items():
        with TemporaryDirectory() as folder:
            nlp = make_nlp(Path(folder), layout, width)
        doc = nlp(make_text(n_sentences))
        transformer: Any = nlp.get_pipe("transformer")
        once = seconds(partial(transformer.predict, [doc]), repeats + 2)
        occlusion = seconds(partial(explain, nlp, doc, "A"), repeats)
        gradient = seconds(partial(explain, nlp, doc, "A", method="gradient"), repeats)
        table.add_row(
            f"{name}: {layout}",
            f"{once:.3f}",
            f"{occlusion:.2f}",
            f"{occlusion / once:.1f}",
            f"{occlusion / once / n_sentences:.0%}",
            f"{gradient / once:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
