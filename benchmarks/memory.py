"""What is held in memory: over a stream of documents, for one long one, in evaluation and in training. Linux only.

    python -m benchmarks.memory pipe models/hat-minilm
    python -m benchmarks.memory document models/hat-minilm
    python -m benchmarks.memory document --rotary --n-pieces 100000
    python -m benchmarks.memory evaluate models/hat-minilm
    python -m benchmarks.memory training models/hat-minilm

Each takes --quick, which puts a tiny HAT of random weights in the place of the folder, and --out FILE for JSON.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training.loop import create_evaluation_callback

from benchmarks.kept import measure_kept
from benchmarks.pipelines import CONFIGS, label, load_shipped, make_text, make_texts, save_rotary_hat, save_tiny_hat
from benchmarks.resident import MB, in_fresh_process, in_use_mb, resident_mb, watch_peak_mb
from spacy_hat.layers.hat_model import get_shim
from spacy_hat.machine.free_memory import give_back

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
console = Console()
Hat = Annotated[Path | None, typer.Argument(help="Folder of a HAT")]
Quick = Annotated[bool, typer.Option("--quick", help="A tiny HAT, and little of everything")]
Out = Annotated[Path | None, typer.Option(help="Write the results there, as JSON")]
# What explains the peak of one document. Bytes of a piece: in spaCy's tokens; in what the tokenizer makes of it while
# it reads; in alignment, strings and what the allocator keeps around them. And how many times the hidden states of what
# goes through the encoder together. TOKENS and READING were measured step by step. PACKED and WORKING were fitted to
# documents of 125,000 and 250,000 pieces: at most four hidden states are alive at once, in the embeddings, and what the
# others are was not found out.
TOKENS, READING = 160, 780
PACKED = {"pieces": 320, "segments": 100}
WORKING = 10
# The same where a document is one window, however long: fitted to rotary blocks and 25,000 to 100,000 pieces.
WORKING_WHOLE = 4.75
Shipped = Annotated[str, typer.Option(help="Shipped config")]


@contextmanager
def encoder(folder: Path | None, quick: bool, rotary: bool = False) -> Iterator[Path]:
    """YIELDS (Path): The folder given, or with --quick or --rotary one for the time of the benchmark."""
    if folder is not None and not quick and not rotary:
        yield folder
    elif quick or rotary:
        with TemporaryDirectory() as temporary:
            yield save_rotary_hat(Path(temporary), quick) if rotary else save_tiny_hat(Path(temporary))
    else:
        raise typer.BadParameter("Give the folder of a HAT, such as models/hat-minilm, or --quick.")


def run(quick: bool, work: Callable[..., Any], *args: Any) -> Any:
    """RETURNS (Any): What the work returns, in a process of its own; --quick has no use for exact figures."""
    return work(*args) if quick else in_fresh_process(work, *args)


def report(table: Table, results: Any, out: Path | None) -> None:
    """Print the table, and write the results."""
    console.print(table)
    if out is not None:
        out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf8")


# --- a stream of documents

SHIPPED = sorted(path.stem for path in CONFIGS.glob("*.cfg") if "[components.transformer]" in path.read_text("utf8"))


def stream(hat: Path, config: str, n_docs: int, lengths: tuple[int, int], every: int) -> dict[str, dict[int, float]]:
    """RETURNS (dict): Memory in MB, resident and in use, after so many documents of a stream; none of them is kept."""
    nlp = load_shipped(config, hat)
    found: dict[str, dict[int, float]] = {"resident": {}, "in use": {}}
    docs = nlp.pipe(make_texts(n_docs, *lengths))
    for number, _ in enumerate(track(docs, total=n_docs, description=config), start=1):
        if number % every == 0:
            found["resident"][number], found["in use"][number] = resident_mb(), in_use_mb()
    return found


@app.command()
def pipe(hat: Hat = None, quick: Quick = False, out: Out = None) -> None:
    """`nlp.pipe` over 1,000 documents of 100 to 300 pieces, with each shipped config that has a `transformer`.

    What is in use stays flat. The encoder gives free memory back now and then, so that what is resident may follow.
    """
    n_docs, lengths, every = (100, (20, 60), 20) if quick else (1000, (100, 300), 100)
    with encoder(hat, quick) as folder:
        results = {name: run(quick, stream, folder, name, n_docs, lengths, every) for name in SHIPPED}
    first = n_docs // 5
    numbers = range(first, n_docs + 1, first)
    table = Table("config", "memory", *(f"MB after {number}" for number in numbers), f"growth from {first}")
    for name, kinds in results.items():
        for kind, found in kinds.items():
            growth = found[n_docs] / found[first] - 1
            table.add_row(name, kind, *(f"{found[number]:.0f}" for number in numbers), f"{growth:+.1%}")
    report(table, results, out)


# --- one long document


def predict_document(hat: Path, config: str, output: str, n_pieces: int) -> dict[str, float]:
    """RETURNS (dict[str, float]): Memory, in MB, that predicting one document takes, and what explains it."""
    nlp = load_shipped(config, hat, components__transformer__model__output=output)
    nlp.remove_pipe("doc_cleaner")
    text = make_text(0, n_pieces)
    nlp("the court. " * 100)  # what is made once, at the first call, belongs to the loaded model
    give_back()  # what loading left behind, too: it would be used first
    peak_mb = watch_peak_mb()
    loaded, start = resident_mb(), perf_counter()
    doc = nlp(text)
    data = doc._.trf_data
    output_mb = data.model_output.last_hidden_state.nbytes / MB
    return {
        "n_tokens": len(doc),
        "n_segments": len(data.wordpieces),
        "output_mb": output_mb,
        "explained_mb": explained_mb(nlp, n_pieces, output_mb),
        "peak_mb": peak_mb() - loaded,
        "kept_mb": resident_mb() - loaded,
        "seconds": perf_counter() - start,
    }


def explained_mb(nlp: Language, n_pieces: int, output_mb: float) -> float:
    """RETURNS (float): What a document should take: to be read, or to be encoded, whichever is more."""
    transformer: Any = nlp.get_pipe("transformer")
    shim = get_shim(transformer.model)
    sizes = shim.encoder.config
    if sizes.max_segments is None:
        together, times = n_pieces, WORKING_WHOLE
    else:
        together = min(n_pieces, max(shim.max_batch_pieces, sizes.max_segments * sizes.segment_length))
        times = WORKING
    working = times * together * sizes.hidden_size * 4
    encoding = (TOKENS + PACKED[shim.output]) * n_pieces + working
    return max((TOKENS + READING) * n_pieces / MB, output_mb + encoding / MB)


@app.command()
def document(
    hat: Hat = None,
    quick: Quick = False,
    out: Out = None,
    n_pieces: Annotated[int, typer.Option(help="Pieces of the longest document")] = 500_000,
    config: Shipped = "hat_textcat",
    rotary: Annotated[bool, typer.Option("--rotary", help="Rotary blocks of random weights, and no windows")] = False,
) -> None:
    """One document of 500,000 pieces, whole; and ones of a half and a quarter of them.

    Their peak above the loaded model is compared with what it should take to encode them: the output, some bytes of
    each piece, and a working memory that does not grow with the document, unless it is one window (--rotary); or with
    what it should take to read them, if that is more. The constants are at the top of this file, with how they were
    come by.
    """
    longest = 4000 if quick else n_pieces
    results: dict[str, dict[str, float]] = {}
    columns = ("output", "explained", "peak", "kept")
    table = Table("output", "pieces", *(f"{name}, MB" for name in columns), "peak / explained", "seconds")
    with encoder(hat, quick, rotary) as folder, console.status("predicting") as status:
        for output in ("pieces", "segments"):
            for size in (longest // 4, longest // 2, longest):
                status.update(f"predicting {size:,} pieces, output = {output}")
                found = run(quick, predict_document, folder, config, output, size)
                results[f"{output} {size}"] = found
                mbs = (f"{found[f'{name}_mb']:.0f}" for name in columns)
                ratio = found["peak_mb"] / found["explained_mb"]
                table.add_row(output, f"{size:,}", *mbs, f"{ratio:.2f}", f"{found['seconds']:.0f}")
    report(table, results, out)


# --- evaluation

# What becomes of the encoder's output of a document: the encoder's setting, and whether a doc_cleaner follows.
EVALUATIONS = {
    "all pieces kept (no doc_cleaner)": ("pieces", False),
    "segment vectors kept (no doc_cleaner)": ("segments", False),
    "nothing kept (doc_cleaner, as shipped)": ("pieces", True),
}


def evaluate_documents(hat: Path, config: str, output: str, clean: bool, n_docs: int, n_words: int) -> list[float]:
    """RETURNS (list[float]): Memory in MB, less that of the loaded model, after each document of an evaluation."""
    nlp = load_shipped(config, hat, components__transformer__model__output=output)
    if not clean:
        nlp.remove_pipe("doc_cleaner")
    examples = [label(nlp, make_text(number, n_words), number) for number in range(n_docs)]
    give_back()
    loaded, predict = resident_mb(), nlp.pipe
    curve: list[float] = []

    def metered(docs: Iterator[Doc], **settings: Any) -> Iterator[Doc]:
        for doc in predict(docs, **settings):
            curve.append(resident_mb() - loaded)
            yield doc

    nlp.pipe = metered  # type: ignore[method-assign, assignment]
    create_evaluation_callback(nlp, lambda _: examples, {})()
    return curve


@app.command()
def evaluate(hat: Hat = None, quick: Quick = False, out: Out = None, config: Shipped = "hat_spancat") -> None:
    """The evaluation of `spacy train`, on 300 documents of 1,000 pieces: it keeps every document until the last.

    Whether a document keeps what the encoder said of it is up to the pipeline.
    """
    n_docs, n_words = (48, 100) if quick else (300, 1000)
    with encoder(hat, quick) as folder, console.status("evaluating"):
        curves = {
            name: run(quick, evaluate_documents, folder, config, output, clean, n_docs, n_words)
            for name, (output, clean) in EVALUATIONS.items()
        }
    numbers = [max(1, n_docs * part // 6) for part in range(1, 7)]
    table = Table("MB above the loaded model after", *(f"{number} documents" for number in numbers))
    for name, curve in curves.items():
        table.add_row(name, *(f"{curve[number - 1]:.0f}" for number in numbers))
    report(table, curves, out)


# --- training


@app.command()
def training(hat: Hat = None, quick: Quick = False, out: Out = None) -> None:
    """What a forward pass in training keeps for the backward pass, counted exactly, and the gradients it leads to."""
    with encoder(hat, quick) as folder, console.status("training"):
        results = measure_kept(folder, n_segments=8 if quick else 32)
    table = Table("settings", "kept, MB", "of all", "expected", "gradients differ by")
    for kept in results:
        table.add_row(*kept.row(everything=results[0]))
    report(table, [vars(kept) for kept in results], out)


if __name__ == "__main__":
    app()
