"""The `hat_vectors` component: `doc.vector`, `span.vector` and `similarity` from segment vectors.

A token has the vector of its segment, a span and a document the mean of their tokens', as everywhere in spaCy; so a
sentence with a segment of its own has that segment's vector.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.lexeme import Lexeme
from spacy.tokens import Doc, Span, Token
from spacy.vocab import Vocab
from thinc.api import get_array_module

from ..choices import Keep
from ..layers.segment_data import alignment, distinct_segments
from ..layers.transformer_outputs import has_output, hidden_states
from ..layers.trf_interface import TransformerData

EXTENSION = "hat_vectors"
Table = dict[str, np.ndarray]
Hooks = dict[str, Callable[..., Any]]


@Language.factory(
    "hat_vectors", assigns=[f"doc._.{EXTENSION}"], requires=["doc._.trf_data"], default_config={"keep": "segments"}
)
def make_hat_vectors(nlp: Language, name: str, keep: Keep) -> "HATVectors":
    """Build the component. It stands after the encoder, and before a `doc_cleaner` that clears the encoder's output.

    nlp (Language): The pipeline.
    name (str): The component's name.
    keep (Keep): `segments`: a vector for each segment in `doc._.hat_vectors`, and hooks, which spaCy does not
        serialise: pass documents from DocBin, to_bytes or other processes through the component once more. `tensor`: a
        vector for each token in `doc.tensor`, some hundred times more, which to_bytes and n_process bring along. A
        `doc_cleaner` of spaCy clears that; a `hat_cleaner` does not.
    RETURNS (HATVectors): The component.
    """
    return HATVectors(nlp.vocab, name=name, keep=keep)


class HATVectors:
    """Sets vectors on documents.

    vocab (Vocab): Of the pipeline.
    name (str): The component's name.
    keep (Keep): Where they are kept.
    """

    def __init__(self, vocab: Vocab, *, name: str = "hat_vectors", keep: Keep = "segments") -> None:
        self.name = name
        self.keep = keep
        _install()
        if keep == "tensor" and vocab.vectors.size:
            warnings.warn(
                f"Component '{name}' fills doc.tensor, but spaCy does not look there. Got: a vocabulary with word "
                'vectors, which doc.vector is then the mean of. Expected: none. Set keep = "segments".',
                UserWarning,
                stacklevel=2,
            )

    def __call__(self, doc: Doc) -> Doc:
        """Set the vectors of a document that the encoder has read, or that was saved with its vectors.

        doc (Doc): The document.
        RETURNS (Doc): The same.
        RAISES (ValueError): If it is neither.
        """
        _install()
        data = doc._.trf_data if Doc.has_extension("trf_data") else None
        table = segment_table(data) if data is not None else _table(doc)
        if table is None:
            if doc.text.strip():
                raise ValueError(
                    f"No transformer output for document {doc[:5].text!r}... Got: doc._.trf_data = None, and no "
                    f"vectors of an earlier run. Expected: a `hat` component before '{self.name}', and no "
                    "`doc_cleaner` between the two. Of a saved document, keep the user data: "
                    "DocBin(store_user_data=True)."
                )
            return doc
        if self.keep == "tensor":
            doc.tensor = token_vectors(table)
            return doc
        doc._.set(EXTENSION, table)
        doc.user_hooks.update(DOC_HOOKS)
        doc.user_span_hooks.update(SPAN_HOOKS)
        doc.user_token_hooks.update(TOKEN_HOOKS)
        return doc


def segment_table(data: TransformerData) -> Table | None:
    """Reduce a document's output to what vectors need, in a form that msgpack can write.

    data (TransformerData): The output.
    RETURNS (Table | None): "vectors" (n_segments, hidden_size); "segments", those that each token has pieces in,
        token after token; "counts" (n_tokens,), how many each token has. None for an empty document.
    """
    if not has_output(data):
        return None
    hidden = hidden_states(data)
    width = hidden.shape[1]
    align = alignment(data)
    piece_segments = _on_host(align.dataXd).reshape(-1) // width
    segments, counts = distinct_segments(piece_segments, _on_host(align.lengths))
    return {
        "vectors": _on_host(hidden[:, 0]).copy(),
        "segments": segments.astype("int32"),
        "counts": counts.astype("int32"),
    }


def token_vectors(table: Table, start: int = 0, end: int | None = None) -> np.ndarray:
    """Look up the vectors of tokens.

    table (Table): Of the document.
    start (int): The first token.
    end (int | None): One past the last; None: all that follow.
    RETURNS (ndarray): (n_tokens, hidden_size), the mean of each token's segments; zeros for spaces.
    """
    bounds = np.append(0, np.cumsum(table["counts"]))
    counts = table["counts"][start:end]
    segments = table["segments"][bounds[start] : bounds[start + len(counts)]]
    sums = np.zeros((len(counts), table["vectors"].shape[1]), dtype="float32")
    np.add.at(sums, np.repeat(np.arange(len(counts)), counts), table["vectors"][segments])
    return sums / np.maximum(counts, 1)[:, None].astype("float32")


def vector(of: Doc | Span | Token) -> np.ndarray:
    """The mean vector of the tokens that have one.

    of (Doc | Span | Token): A document that went through the component, or a part of it.
    RETURNS (ndarray): (hidden_size,) float32, zeros if no token has one.
    """
    doc = of if isinstance(of, Doc) else of.doc
    table = _table(doc)
    if table is None:
        return np.zeros((doc.vocab.vectors_length,), dtype="float32")
    start, end = _token_range(of)
    n_with = int((table["counts"][start:end] > 0).sum())
    return token_vectors(table, start, end).sum(axis=0) / max(n_with, 1)


def has_vector(of: Doc | Span | Token) -> bool:
    """RETURNS (bool): Whether any of its tokens has a vector."""
    table = _table(of if isinstance(of, Doc) else of.doc)
    start, end = _token_range(of)
    return table is not None and bool((table["counts"][start:end] > 0).any())


def vector_norm(of: Doc | Span | Token) -> float:
    """RETURNS (float): The length of its vector."""
    return float(np.linalg.norm(_on_host(of.vector)))


def similarity(of: Doc | Span | Token, other: Doc | Span | Token | Lexeme) -> float:
    """RETURNS (float): The cosine of two vectors; 0 if one of them is all zeros."""
    one, another = _on_host(of.vector), _on_host(other.vector)
    norms = np.linalg.norm(one) * np.linalg.norm(another)
    return float(one @ another / norms) if norms else 0.0


DOC_HOOKS: Hooks = {"vector": vector, "has_vector": has_vector, "vector_norm": vector_norm, "similarity": similarity}
# Without the norm: spaCy asks the hook for the vector in its place.
SPAN_HOOKS: Hooks = {"vector": vector, "has_vector": has_vector, "similarity": similarity}
TOKEN_HOOKS: Hooks = DOC_HOOKS


def _install() -> None:
    if not Doc.has_extension(EXTENSION):
        Doc.set_extension(EXTENSION, default=None)


def _table(doc: Doc) -> Table | None:
    """The stored table, if it is of these tokens: a part taken with as_doc, and merged tokens, have others."""
    table = doc._.get(EXTENSION) if Doc.has_extension(EXTENSION) else None
    return table if table is not None and len(table["counts"]) == len(doc) else None


def _token_range(of: Doc | Span | Token) -> tuple[int, int]:
    if isinstance(of, Token):
        return of.i, of.i + 1
    return (0, len(of)) if isinstance(of, Doc) else (of.start, of.end)


def _on_host(array: Any) -> np.ndarray:
    return array if get_array_module(array) is np else array.get()
