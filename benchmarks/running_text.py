"""Documents of a given length, cut from real text."""

from itertools import cycle, islice
from pathlib import Path

from benchmarks.pipelines import make_text
from spacy_hat.corpora.texts import read_texts

SPEECHES = Path("corpus/speeches/train.spacy")


def cut_texts(path: Path | None, n_docs: int, n_words: int) -> list[str]:
    """Cut running text into documents of the same number of words.

    path (Path | None): A file or folder that `spacy hat benchmark` reads, as one run of words, from the beginning again
        where it ends; None: made-up text, for --quick.
    n_docs (int): How many.
    n_words (int): Words between blanks of each.
    RETURNS (list[str]): The documents.
    """
    texts = [make_text(0, 10 * n_words)] if path is None else read_texts(path)
    words = cycle(word for text in texts for word in text.split())
    return [" ".join(islice(words, n_words)) for _ in range(n_docs)]
