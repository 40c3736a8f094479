"""One Doc through the tokenizer, and its pieces aligned to spaCy's tokens by character offsets."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from spacy.tokens import Doc

from ..machine.clock import stage
from ..ragged import Ints1d, Ints2d
from .offsets import encode, reach_composed


class FastTokenizer(Protocol):
    """What packing needs of a fast Hugging Face tokenizer (`PreTrainedTokenizerFast` has it)."""

    backend_tokenizer: Any  # tokenizers.Tokenizer
    cls_token_id: int | None
    bos_token_id: int | None
    sep_token_id: int | None


@dataclass(frozen=True)
class Pieces:
    """The pieces of one Doc that touch at least one token with visible text, in reading order.

    Both the first and the last token that a piece touches never decrease from piece to piece. Hence the pieces of
    a token are one contiguous range, and a piece that reaches over two tokens is in the range of both.
    """

    ids: Ints1d
    """(n_pieces,) vocabulary ids, no special tokens."""
    piece_tokens: Ints2d
    """(n_pieces, 2) the first token that a piece touches, and one past the last."""
    token_first: Ints1d
    """(n_tokens,) the first piece of each token; says nothing where token_counts is 0."""
    token_counts: Ints1d
    """(n_tokens,) number of pieces of each token; 0 for spaces and what the tokenizer throws away."""

    def __len__(self) -> int:
        return len(self.ids)


@stage("tokenise")
def tokenize(doc: Doc, tokenizer: FastTokenizer) -> Pieces:
    """Cut the text of a Doc into pieces, without special tokens, truncation, padding or a length warning.

    doc (Doc): The document; nothing but its tokenisation is read.
    tokenizer (FastTokenizer): A fast Hugging Face tokenizer, left as it is.
    RETURNS (Pieces): The pieces and where they belong.
    RAISES (ValueError): The tokenizer is a slow one.
    """
    backend = _unlimited_backend(tokenizer)
    text = doc.text
    ids, offsets = encode(backend, text)
    if backend.normalizer is not None:
        is_space, starts, lengths = _tokens(doc)
        visible = np.stack([starts, starts + lengths], axis=1)[is_space == 0]
        offsets = reach_composed(offsets, visible, text, backend.normalizer)
    return align(ids, offsets, doc)


def text_pieces(text: str, tokenizer: FastTokenizer) -> Ints1d:
    """Cut a text that is not a document into pieces, in the same way.

    text (str): The text.
    tokenizer (FastTokenizer): A fast Hugging Face tokenizer, left as it is.
    RETURNS (Ints1d): (n_pieces,) vocabulary ids, no special tokens.
    RAISES (ValueError): The tokenizer is a slow one.
    """
    return encode(_unlimited_backend(tokenizer), text)[0]


@stage("align")
def align(ids: Ints1d, offsets: Ints2d, doc: Doc) -> Pieces:
    """Find the tokens that each piece touches, and drop the pieces that touch none but spaces.

    A piece of width zero (a byte-level tokenizer that trims blanks off its offsets has them) counts as one
    character wide, so that it belongs to the token it lies in or stands at the start of.

    ids (Ints1d): (n_pieces,) vocabulary ids.
    offsets (Ints2d): (n_pieces, 2) start and end characters in `doc.text`.
    doc (Doc): The document.
    RETURNS (Pieces): The pieces that were kept.
    """
    is_space, token_starts, token_lengths = _tokens(doc)
    visible = np.flatnonzero(is_space == 0)
    token_starts, token_ends = token_starts[visible], token_starts[visible] + token_lengths[visible]
    piece_starts, piece_ends = offsets[:, 0], np.maximum(offsets[:, 1], offsets[:, 0] + 1)
    # Among the visible tokens: the first that ends after the piece starts, the last that starts before it ends.
    first = np.searchsorted(token_ends, piece_starts, side="right")
    last = np.searchsorted(token_starts, piece_ends, side="left") - 1
    kept = first <= last
    # A normaliser that reorders characters can give offsets that step back. What was kept stays kept: this moves a
    # stray piece to a later visible token, and never loses it.
    first = np.maximum.accumulate(first[kept])
    last = np.maximum.accumulate(np.maximum(last[kept], first))
    first, last = visible[first], visible[last]
    tokens = np.arange(len(doc))
    token_first = np.searchsorted(last, tokens, side="left")
    token_counts = np.searchsorted(first, tokens, side="right") - token_first
    # A piece that reaches over "a b" also covers the space token that may stand between them.
    token_counts[is_space != 0] = 0
    return Pieces(
        ids=ids[kept],
        piece_tokens=np.stack([first, last + 1], axis=1),
        token_first=token_first,
        token_counts=token_counts,
    )


def _tokens(doc: Doc) -> Ints2d:
    """(3, n_tokens): whether each token is a space, its first character, and how many it has."""
    return doc.to_array(["IS_SPACE", "IDX", "LENGTH"]).astype(np.int64).T


# Private copies of the backends that came with a limit, with the number of added tokens at the time of the copy.
_UNLIMITED: WeakKeyDictionary[FastTokenizer, tuple[int, Any]] = WeakKeyDictionary()


def _unlimited_backend(tokenizer: FastTokenizer) -> Any:
    """The `tokenizers.Tokenizer` inside, or a copy of it where its file asks for truncation or padding.

    A copy, and not switching off and on again around each call: a second thread could encode, and lose text,
    just after the first has switched truncation back on.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ValueError(
            f"spacy-hat needs a fast tokenizer, which knows the characters of each piece, but got "
            f"'{type(tokenizer).__name__}'. Load it with AutoTokenizer.from_pretrained(..., use_fast=True) and save "
            f"it again, so that the folder has a tokenizer.json."
        )
    if backend.truncation is None and backend.padding is None:
        return backend
    # Not get_vocab_size(), which builds the whole vocabulary to count it: 10 ms a document.
    n_added = len(backend.get_added_tokens_decoder())
    if _UNLIMITED.get(tokenizer, (None, None))[0] != n_added:
        unlimited = deepcopy(backend)
        unlimited.no_truncation()
        unlimited.no_padding()
        _UNLIMITED[tokenizer] = (n_added, unlimited)
    return _UNLIMITED[tokenizer][1]
