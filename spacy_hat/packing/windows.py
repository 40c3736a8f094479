"""What happens to documents with more segments than the model has positions for."""

import numpy as np

from ..ragged import Ints1d, ranges


def window_lengths(segments_per_doc: Ints1d, max_segments: int | None) -> Ints1d:
    """Spread the segments of each document evenly over the fewest windows.

    Evenly, because a full window followed by one of a single segment would leave that segment without context.

    segments_per_doc (Ints1d): (n_docs,) number of segments.
    max_segments (int | None): Most segments of a window; None: all of a document.
    RETURNS (Ints1d): (n_windows,) segments of each window. Within a document they differ by at most 1, the longer ones
        first; a document without segments has no window.
    """
    if max_segments is None:
        return segments_per_doc[segments_per_doc > 0]
    windows_per_doc = -(-segments_per_doc // max_segments)
    shortest, longer = np.divmod(segments_per_doc, np.maximum(windows_per_doc, 1))
    place_in_doc = ranges(np.zeros_like(windows_per_doc), windows_per_doc)
    return np.repeat(shortest, windows_per_doc) + (place_in_doc < np.repeat(longer, windows_per_doc))


def overflow_error(segments_per_doc: Ints1d, max_segments: int) -> ValueError:
    """The error for overflow = "error".

    segments_per_doc (Ints1d): (n_docs,) number of segments, at least one of them over max_segments.
    max_segments (int): Most segments of a document.
    RETURNS (ValueError): To be raised.
    """
    n_over = int((segments_per_doc > max_segments).sum())
    return ValueError(
        f"{n_over} of {len(segments_per_doc)} documents in the batch have more than {max_segments} segments (the "
        f'longest has {segments_per_doc.max()}), and overflow is "error". Set overflow = "window" in '
        f"[components.transformer.model] to read them whole, or use a model with more segments."
    )


def truncation_warning(n_docs: int, n_pieces: int, max_segments: int) -> str:
    """The warning for overflow = "truncate".

    n_docs (int): Documents that lost pieces.
    n_pieces (int): Pieces that they lost.
    max_segments (int): Most segments of a document.
    RETURNS (str): The message.
    """
    return (
        f"Documents with more than {max_segments} segments are cut off: {n_docs} in this batch, which lost {n_pieces} "
        f'pieces. Set overflow = "window" in [components.transformer.model] to read them whole. This is said once.'
    )
