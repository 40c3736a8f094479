"""How fast a pipeline reads documents, what its time goes to, and how much memory it takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

import torch
from spacy.language import Language

from ..machine.memory import MB, memory_now, watch_peak
from .profile import Profile, profile_pipe

# What comes first loads libraries, makes kernels and fills caches, which is nobody's speed; a beginning is enough, and
# takes no memory that a long document would then not seem to need.
WARM_UP_DOCS, WARM_UP_CHARACTERS = 2, 2000


@dataclass
class Speed:
    """What some passes over the same documents took.

    profile (Profile): Of the pass with the median time.
    all_seconds (list[float]): Wall time of every pass, in order.
    loaded_mb (float | None): Memory of the process before them; None where the system does not say.
    peak_mb (float | None): The most memory of the process during them.
    gpu_peak_mb (float | None): The most memory of tensors on the GPU; None without one.
    """

    profile: Profile
    all_seconds: list[float]
    loaded_mb: float | None
    peak_mb: float | None
    gpu_peak_mb: float | None

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): All of it, for JSON."""
        profile, seconds = self.profile, self.profile.total
        return {
            "docs": profile.n_docs,
            "words": profile.n_words,
            "pieces": profile.n_pieces,
            "segments": profile.n_segments,
            "seconds": seconds,
            "seconds_of_each_pass": self.all_seconds,
            "docs_per_second": profile.n_docs / seconds,
            "words_per_second": profile.n_words / seconds,
            "pieces_per_second": profile.n_pieces / seconds,
            "padding_avoided": profile.avoided(profile.n_padded),
            "padding_avoided_to_longest": profile.avoided(profile.n_padded_longest),
            "share_outside_encoder": profile.share_outside_encoder,
            "shares": profile.shares,
            "loaded_mb": self.loaded_mb,
            "peak_mb": self.peak_mb,
            "gpu_peak_mb": self.gpu_peak_mb,
        }


def measure_speed(
    nlp: Language,
    texts: Sequence[str],
    *,
    passes: int = 5,
    batch_size: int | None = None,
    on_doc: Callable[[], object] = lambda: None,
) -> Speed:
    """Send the same documents through a pipeline several times.

    nlp (Language): A pipeline with a HAT encoder.
    texts (Sequence[str]): The documents.
    passes (int): How often.
    batch_size (int | None): Documents that components take at once; None: as the pipeline has it.
    on_doc (Callable): Called after each document of each pass.
    RETURNS (Speed): What it took.
    RAISES (ValueError): If the pipeline has no HAT encoder, or there are no documents.
    """
    if not texts:
        raise ValueError("There are no documents to measure. Got: none. Expected: at least one.")
    profile_pipe(nlp, [text[:WARM_UP_CHARACTERS] for text in texts[:WARM_UP_DOCS]], batch_size=batch_size)
    peaks = [watch_peak(on_gpu) for on_gpu in (False, torch.cuda.is_available())]
    loaded = _in_mb(memory_now(on_gpu=False))
    profiles = [profile_pipe(nlp, texts, batch_size=batch_size, on_doc=on_doc) for _ in range(passes)]
    all_seconds = [profile.total for profile in profiles]
    return Speed(
        profile=profiles[all_seconds.index(median_low(all_seconds))],
        all_seconds=all_seconds,
        loaded_mb=loaded,
        peak_mb=_in_mb(peaks[0]()),
        gpu_peak_mb=_in_mb(peaks[1]()) if torch.cuda.is_available() else None,
    )


def _in_mb(n_bytes: int | None) -> float | None:
    return None if n_bytes is None else n_bytes / MB
