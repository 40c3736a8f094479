"""Which segment was hidden here? Its own vector among those of others, by InfoNCE (van den Oord et al. 2018, eq. 4)."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import HATConfig
from .packed_inputs import PackedInputs
from .plan import Bools, Ints
from .repeats import find_repeats

TEMPERATURE = 0.07


class HATChooser(nn.Module):
    """Two linear layers: from a hidden segment's output to the vector that it is taken to have.

    config (HATConfig): Sizes.
    """

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(2 * config.hidden_size, config.hidden_size)
        self.project = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, first: Tensor, mean: Tensor) -> Tensor:
        """Guess vectors.

        first (Tensor): (n_segments, hidden_size), the segment vectors.
        mean (Tensor): (n_segments, hidden_size), the means of their pieces.
        RETURNS (Tensor): (n_segments, hidden_size).
        """
        return self.project(F.gelu(self.dense(torch.cat([first, mean], dim=-1))))


def segment_means(rows: Tensor, segment_lengths: Ints) -> Tensor:
    """Average the pieces of each segment, the classifier piece included.

    rows (Tensor): (n_pieces, hidden_size).
    segment_lengths (Ints): (n_segments,) pieces of each.
    RETURNS (Tensor): (n_segments, hidden_size) float32.
    """
    lengths = torch.from_numpy(segment_lengths).to(rows.device)
    numbers = torch.repeat_interleave(torch.arange(len(lengths), device=rows.device), lengths)
    sums = torch.zeros(len(lengths), rows.shape[-1], dtype=torch.float32, device=rows.device)
    return sums.index_add(0, numbers, rows.float()) / lengths[:, None]


def equal_segments(whole: PackedInputs, segments: Ints) -> Bools:
    """Find candidates that nobody could tell from the right one.

    whole (PackedInputs): The segments.
    segments (Ints): (n_chosen,) some of them.
    RETURNS (Bools): (n_chosen, n_segments) whether another segment has the same pieces.
    """
    n_segments = len(whole.segment_lengths)
    repeats = find_repeats(whole)
    kinds = np.arange(n_segments) if repeats is None else repeats.segments
    is_same = kinds[segments, None] == kinds[None, :]
    is_same[np.arange(len(segments)), segments] = False
    return is_same


def choice_scores(guessed: Tensor, vectors: Tensor, is_equal: Bools, temperature: float = TEMPERATURE) -> Tensor:
    """Score candidates by cosine, after the mean of all of them is taken off.

    guessed (Tensor): (n_chosen, hidden_size).
    vectors (Tensor): (n_segments, hidden_size), of the candidates.
    is_equal (Bools): (n_chosen, n_segments) which candidates do not count.
    temperature (float): What cosines are divided by.
    RETURNS (Tensor): (n_chosen, n_segments) float32.
    """
    centred = F.normalize(vectors.float() - vectors.float().mean(dim=0), dim=-1)
    scores = F.normalize(guessed.float(), dim=-1) @ centred.T / temperature
    return scores.masked_fill(torch.from_numpy(is_equal).to(scores.device), -torch.inf)
