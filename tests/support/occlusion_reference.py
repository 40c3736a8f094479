"""Occlusion by brute force: a Doc built without the sentence, packed by hand, through all of encoder and head."""

from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from thinc.api import Model

from spacy_hat.layers.hat_model import get_shim
from spacy_hat.packing import PackedDocs, tokenize
from spacy_hat.pipeline.heads import encoders_of

# Windows of segments of (piece id, number of its sentence)
Windows = list[list[list[tuple[int, int]]]]
Scores = list[dict[str, float] | None]


def segments_of(doc: Doc, encoder: Model) -> Windows:
    """RETURNS (Windows): How a document is packed."""
    shim = get_shim(encoder)
    config, tokenizer = shim.encoder.config, shim.tokenizer
    packed = encoder.attrs["packer"](
        [doc], tokenizer, segment_length=config.segment_length, max_segments=config.max_segments
    )
    pieces: list[tuple[int, int]] = []
    for number, sentence in enumerate(doc.sents):
        pieces += [(piece, number) for piece in tokenize(sentence.as_doc(), tokenizer).ids.tolist()]
    windows: Windows = []
    row, segment, used = 0, 0, 0
    for n_segments in packed.window_lengths:
        window = []
        for _ in range(n_segments):
            n_pieces = int(packed.segment_lengths[segment]) - 1
            found = pieces[used : used + n_pieces]
            assert [piece for piece, _ in found] == packed.piece_ids[row + 1 : row + 1 + n_pieces].tolist()
            window.append(found)
            row, segment, used = row + 1 + n_pieces, segment + 1, used + n_pieces
        windows.append(window)
    assert used == len(pieces)
    return windows


def doc_without(doc: Doc, gone: int) -> Doc:
    """RETURNS (Doc): The document without a sentence."""
    kept = [token for number, sentence in enumerate(doc.sents) if number != gone for token in sentence]
    return Doc(
        doc.vocab,
        words=[token.text for token in kept],
        spaces=[bool(token.whitespace_) for token in kept],
        sent_starts=[bool(token.is_sent_start) for token in kept],
    )


def pack_by_hand(windows: Windows, gone: int, doc: Doc, encoder: Model) -> PackedDocs:
    """RETURNS (PackedDocs): The document without a sentence, its pieces in the segments that they were in."""
    tokenizer = get_shim(encoder).tokenizer
    ids: list[int] = []
    lengths: list[int] = []
    window_lengths: list[int] = []
    positions: list[int] = []
    rows: list[int] = []
    for window in windows:
        left = [[piece for piece, sentence in segment if sentence != gone] for segment in window]
        left = [segment for segment in left if segment]
        for position, segment in enumerate(left):
            ids.append(tokenizer.cls_token_id)
            for piece in segment:
                rows.append(len(ids))
                ids.append(piece)
            lengths.append(1 + len(segment))
            positions.append(position)
        if left:
            window_lengths.append(len(left))
    counts = tokenize(doc, tokenizer).token_counts
    assert counts.sum() == len(rows)

    def as_array(values: list[int]) -> np.ndarray:
        return np.array(values, dtype=np.int64)

    return PackedDocs(
        piece_ids=as_array(ids),
        segment_lengths=as_array(lengths),
        segments_per_doc=as_array([len(lengths)]),
        window_lengths=as_array(window_lengths),
        segment_positions=as_array(positions),
        segment_tokens=np.zeros((len(lengths), 2), dtype=np.int64),
        tokens_per_doc=as_array([len(doc)]),
        align_lengths=counts,
        align_rows=as_array(rows),
    )


def run(nlp: Language, head: str, doc: Doc, packed: PackedDocs | None = None) -> Doc:
    """RETURNS (Doc): The document, after encoder and head; packed so, if that is given."""
    encoder = encoders_of(nlp)[0].layer
    own = encoder.attrs["packer"]
    if packed is not None:
        encoder.attrs["packer"] = lambda *_, **__: packed
    try:
        for name, component in nlp.pipeline:
            if name in ("transformer", head):
                doc = component(doc)
    finally:
        encoder.attrs["packer"] = own
    return doc


def scores_without(nlp: Language, head: str, doc: Doc, span: Span | None = None) -> Scores:
    """Score a document without each of its sentences, or a sentence of it without the others.

    RETURNS (Scores): For each sentence of the document, label -> score; None for the span itself.
    """
    encoder = encoders_of(nlp)[0].layer
    windows = segments_of(doc, encoder)
    component: Any = nlp.get_pipe(head)
    scores: Scores = []
    for gone, sentence in enumerate(doc.sents):
        if span is not None and sentence.start == span.start:
            scores.append(None)
            continue
        rest = doc_without(doc, gone)
        packed = pack_by_hand(windows, gone, rest, encoder)
        if span is None:
            scores.append(dict(run(nlp, head, rest, packed).cats))
            continue
        shift = len(sentence) if sentence.start < span.start else 0
        encoder.attrs["packer"], own = (lambda *_, packed=packed, **__: packed), encoder.attrs["packer"]
        try:
            if "transformer" in nlp.pipe_names:
                rest = nlp.get_pipe("transformer")(rest)
            ops = component.model.ops
            spans = component.suggester([rest], ops=ops)
            place = spans.dataXd[:, 0].tolist().index(span.start - shift)
            line = component.model.predict(([rest], spans))[place]
        finally:
            encoder.attrs["packer"] = own
        scores.append(dict(zip(component.labels, line.tolist(), strict=False)))
    return scores
