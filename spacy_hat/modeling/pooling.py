"""From segment vectors to one vector per document."""

import torch
from torch import Tensor, nn

from .config import HATConfig


class AttentivePooling(nn.Module):
    """a = softmax(tanh(v · (W z + b))) over the segments of a document, sum of a z; as published."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        self.lin_proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.v = nn.Linear(config.hidden_size, 1, bias=False)

    def forward(self, vectors: Tensor, counts: Tensor) -> Tensor:
        """(n_docs, n_segments, hidden_size), (n_docs, n_segments) bool -> (n_docs, hidden_size)"""
        scores = torch.tanh(self.v(self.lin_proj(vectors))).squeeze(-1)
        weights = torch.softmax(scores.masked_fill(~counts, torch.finfo(scores.dtype).min), dim=-1)
        return torch.einsum("ds,dsh->dh", weights * counts, vectors)


class HATPooler(nn.Module):
    """Pools segment vectors, then a dense layer and tanh.

    config (HATConfig): Its `pooling` says how.
    """

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        self.pooling = config.pooling
        self.attentive_pooling = AttentivePooling(config) if config.pooling == "attentive" else None
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, vectors: Tensor, counts: Tensor) -> Tensor:
        """Pool documents.

        vectors (Tensor): (n_docs, n_segments, hidden_size), segment vectors.
        counts (Tensor): (n_docs, n_segments) bool, which of them count.
        RETURNS (Tensor): (n_docs, hidden_size); what a document without any segment pools is zeros.
        """
        return torch.tanh(self.dense(self._pool(vectors, counts)))

    def _pool(self, vectors: Tensor, counts: Tensor) -> Tensor:
        if self.attentive_pooling is not None:
            return self.attentive_pooling(vectors, counts)
        if self.pooling == "max":
            lowest = vectors.masked_fill(~counts[:, :, None], torch.finfo(vectors.dtype).min).amax(dim=1)
            return lowest * counts.any(dim=1, keepdim=True)
        if self.pooling == "mean":
            n_counted = counts.sum(dim=1, keepdim=True).clamp(min=1)
            return (vectors * counts[:, :, None]).sum(dim=1) / n_counted
        place = counts.long() * torch.arange(1, counts.shape[1] + 1, device=counts.device)
        chosen = counts.int().argmax(dim=1) if self.pooling == "first" else place.argmax(dim=1)
        vector = vectors[torch.arange(vectors.shape[0], device=vectors.device), chosen]
        return vector * counts.any(dim=1, keepdim=True)
