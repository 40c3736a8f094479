"""A HAT with what it is pretrained by: masked pieces, those of hidden segments, and which segment is hidden."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..choices import Objective
from .choosing import HATChooser, choice_scores, equal_segments, segment_means
from .config import HATConfig
from .model import HATModel, HATPreTrainedModel
from .packed_inputs import PackedInputs
from .piece_heads import HATForMaskedLM, HATLMHead
from .plan import Ints
from .segment_wise import segment_wise_copy


@dataclass(frozen=True)
class Guesses:
    """Pieces that are to be guessed.

    rows (Ints): (n_pieces,) where they stand among the pieces of the batch in which they are hidden.
    ids (Ints): (n_pieces,) what they are.
    """

    rows: Ints
    ids: Ints


@dataclass(frozen=True)
class HiddenBatch:
    """Documents as they are, and the same with something hidden.

    whole (PackedInputs): The documents.
    hidden (PackedInputs): The same segments and windows; a segment may be shorter.
    guesses (Mapping[Objective, Guesses]): Objective -> its pieces.
    chosen (Ints): (n_chosen,) numbers of the segments that are to be chosen.
    seed (int): Of dropout.
    """

    whole: PackedInputs
    hidden: PackedInputs
    guesses: Mapping[Objective, Guesses] = field(default_factory=dict)
    chosen: Ints = field(default_factory=lambda: torch.zeros(0, dtype=torch.long).numpy())
    seed: int = 0


class Part(NamedTuple):
    """The loss of one objective over a batch.

    total (Tensor): (), summed over items.
    n_items (int): How many items.
    n_right (Tensor): (), how many of them were right.
    """

    total: Tensor
    n_items: int
    n_right: Tensor

    def mean(self) -> Tensor:
        """RETURNS (Tensor): (), 0 where there is nothing to guess."""
        return self.total / max(self.n_items, 1)


class HATForPretraining(HATPreTrainedModel):
    """The encoder, and the heads that its objectives need.

    config (HATConfig): Sizes and switches.
    weights (Mapping[Objective, float]): Objective -> what its loss is multiplied by in the sum.
    """

    main_input_name = "batch"

    def __init__(self, config: HATConfig, weights: Mapping[Objective, float]) -> None:
        super().__init__(config)
        self.weights = dict(weights)
        self.hi_transformer = HATModel(config)
        words = self.hi_transformer.embeddings.word_embeddings
        self.lm_head = HATLMHead(config, words) if {"mlm", "segments"} & weights.keys() else None
        self.chooser = HATChooser(config) if "choice" in weights else None
        self.post_init()
        # In a tuple, so that it is neither trained nor saved.
        self._source: tuple[HATModel, ...] = ()

    @classmethod
    def start(cls, name: str, weights: Mapping[Objective, float], seed: int, **hub: Any) -> "HATForPretraining":
        """Begin with a checkpoint.

        name (str): Folder or hub name of a HAT. Its head for masked pieces is taken over, if it has one.
        weights (Mapping[Objective, float]): Objective -> weight.
        seed (int): For heads that start fresh.
        **hub: Options of huggingface_hub's hf_hub_download, such as revision.
        RETURNS (HATForPretraining): The model.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            loads = HATForMaskedLM if {"mlm", "segments"} & weights.keys() else HATModel
            loaded = loads.from_pretrained(name, **hub)
            model = cls(loaded.config, weights)
        model.hi_transformer = loaded if isinstance(loaded, HATModel) else loaded.hi_transformer
        if model.lm_head is not None:
            model.lm_head = loaded.lm_head
        if model.chooser is not None:
            model._source = (segment_wise_copy(model.hi_transformer),)
        return model

    def floating_point_ops(self, *_inputs: Any, **_options: Any) -> int:
        """RETURNS (int): 0: Trainer's formula is not one for packed batches."""
        return 0

    def forward(self, batch: HiddenBatch) -> dict[str, Tensor]:
        """Compute the loss.

        batch (HiddenBatch): What is hidden, and what it was.
        RETURNS (dict[str, Tensor]): `loss` (), the weighed sum of the objectives' means over the batch.
        """
        means = {name: part.mean() for name, part in self.parts(batch).items()}
        return {"loss": torch.stack([self.weights[name] * mean for name, mean in means.items()]).sum()}

    def parts(self, batch: HiddenBatch, names: Iterable[Objective] | None = None) -> dict[Objective, Part]:
        """Compute the loss of each objective.

        batch (HiddenBatch): What is hidden, and what it was.
        names (Iterable[Objective] | None): Which objectives; None: those of training.
        RETURNS (dict[Objective, Part]): Objective -> its loss.
        """
        with _seeded(batch.seed, self.device):
            rows = self.hi_transformer.forward_packed(batch.hidden)
        return {name: self._part(name, rows, batch) for name in names or self.weights}

    def _part(self, name: Objective, rows: Tensor, batch: HiddenBatch) -> Part:
        if name == "choice":
            return self._choose(rows, batch)
        guesses = batch.guesses[name]
        assert self.lm_head is not None  # made for these objectives
        scores = self.lm_head(rows[torch.from_numpy(guesses.rows).to(rows.device)])
        return _part(scores, torch.from_numpy(guesses.ids).to(rows.device))

    def _choose(self, rows: Tensor, batch: HiddenBatch) -> Part:
        assert self.chooser is not None  # made for this objective
        segments = torch.from_numpy(batch.chosen).to(rows.device)
        lengths = torch.from_numpy(batch.hidden.segment_lengths).to(rows.device)
        first = rows[(lengths.cumsum(0) - lengths)[segments]]
        guessed = self.chooser(first, segment_means(rows, batch.hidden.segment_lengths)[segments].to(first.dtype))
        scores = choice_scores(guessed, self.own_vectors(batch.whole), equal_segments(batch.whole, batch.chosen))
        return _part(scores, segments)

    @torch.no_grad()
    def own_vectors(self, whole: PackedInputs) -> Tensor:
        """What segments are without their context, to the encoder that this one started from.

        whole (PackedInputs): The segments.
        RETURNS (Tensor): (n_segments, hidden_size).
        """
        source = self._source[0].to(self.device)
        return segment_means(source.forward_packed(whole), whole.segment_lengths)

    def trained(self) -> HATPreTrainedModel:
        """RETURNS (HATPreTrainedModel): What is kept in the end: the encoder, with the head for pieces if any."""
        if self.lm_head is None:
            return self.hi_transformer.eval()
        masked = HATForMaskedLM(self.config)
        masked.hi_transformer, masked.lm_head = self.hi_transformer, self.lm_head
        return masked.eval()


def _part(scores: Tensor, right: Tensor) -> Part:
    """scores (Tensor): (n_items, n_labels). right (Tensor): (n_items,)."""
    total = F.cross_entropy(scores.float(), right, reduction="sum")
    return Part(total, len(right), (scores.detach().argmax(-1) == right).sum() if len(right) else scores.new_zeros(()))


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Let dropout be that of a batch, however many processes share the work, and wherever a run was stopped."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
