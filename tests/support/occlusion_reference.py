"""Occlusion by brute force: a Doc built without the sentence, packed by hand, through all of encoder and head."""

import numpy as np
from spacy.tokens import Doc

from spacy_hat.explanations.head import find_encoder
from spacy_hat.packing import PackedDocs, tokenize


def segments_of(nlp, doc, encoder):
    """RETURNS (list): The windows of a document, lists of segments, lists of (piece id, sentence)."""
    config, tokenizer = encoder.shims[0].encoder.config, encoder.shims[0].tokenizer
    packed = encoder.attrs["packer"](
        [doc], tokenizer, segment_length=config.segment_length, max_segments=config.max_segments
    )
    pieces = []
    for number, sentence in enumerate(doc.sents):
        pieces += [(piece, number) for piece in tokenize(sentence.as_doc(), tokenizer).ids.tolist()]
    windows, row, segment, used = [], 0, 0, 0
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


def doc_without(doc, gone):
    """RETURNS (Doc): The document without a sentence."""
    kept = [token for number, sentence in enumerate(doc.sents) if number != gone for token in sentence]
    return Doc(
        doc.vocab,
        words=[token.text for token in kept],
        spaces=[bool(token.whitespace_) for token in kept],
        sent_starts=[bool(token.is_sent_start) for token in kept],
    )


def pack_by_hand(windows, gone, doc, encoder):
    """RETURNS (PackedDocs): The document without a sentence, its pieces in the segments that they were in."""
    tokenizer = encoder.shims[0].tokenizer
    ids, lengths, window_lengths, positions, rows = [], [], [], [], []
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
    as_array = lambda values: np.array(values, dtype=np.int64)  # noqa: E731
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


def run(nlp, head, doc, packed=None):
    """RETURNS (Doc): The document, after encoder and head; packed so, if that is given."""
    encoder = next(filter(None, map(find_encoder, (component.model for component in models(nlp)))))
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


def models(nlp):
    return [component for _, component in nlp.pipeline if hasattr(component, "model")]


def scores_without(nlp, head, doc, span=None):
    """Score a document without each of its sentences, or a sentence of it without the others.

    RETURNS (list): For each sentence of the document, label -> score; None for the span itself.
    """
    encoder = next(filter(None, map(find_encoder, (component.model for component in models(nlp)))))
    windows = segments_of(nlp, doc, encoder)
    component = nlp.get_pipe(head)
    scores = []
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
