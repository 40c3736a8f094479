"""The HAT encoder in Hugging Face conventions."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from .block import init_weights
from .config import HATConfig
from .encoder import HATEncoder
from .files.checkpoint import load_pretrained, untied
from .kinds import kind_of
from .packed_inputs import PackedInputs
from .padded import find_slots, traced_slots
from .padded_checks import check_shapes, check_values
from .repeats import find_repeats
from .segment_cache import SegmentCache
from .stages import Stages, n_leading
from .tracing import is_traced


class HATPreTrainedModel(PreTrainedModel):
    """What the encoder and its heads share: configuration, fresh weights, strict loading, saving."""

    config_class: Any = HATConfig
    base_model_prefix = "hi_transformer"
    supports_gradient_checkpointing = True
    _supports_sdpa = True

    def _init_weights(self, module: nn.Module) -> None:
        init_weights(module, self.config.initializer_range)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *_model_args: Any, **kwargs: Any) -> Any:
        """Load a HAT by folder or hub name; see `checkpoint.load_pretrained`, which this passes everything to."""
        return load_pretrained(cls, pretrained_model_name_or_path, **kwargs)

    def save_pretrained(self, save_directory: Any, **kwargs: Any) -> None:
        """Save to safetensors, in the published format: tied tensors stand under each of their names.

        save_directory (str | Path): Where to.
        **kwargs: As in Hugging Face's method.
        """
        given = kwargs.pop("state_dict", None)  # by Trainer, tied
        weights = untied(self.state_dict() if given is None else given)
        super().save_pretrained(save_directory, state_dict=weights, **kwargs)


class HATModel(HATPreTrainedModel):
    """Hierarchical Attention Transformer (Chalkidis et al. 2022, section 3).

    Inside, only real pieces exist, as rows of one packed tensor. There are two ways in: `forward` takes the published
    padded batches, `forward_packed` takes runs of pieces as packing makes them.

    config (HATConfig): Sizes and switches.
    """

    def __init__(self, config: HATConfig) -> None:
        super().__init__(config)
        config.validate_sizes()
        self.embeddings = kind_of(config).embeddings(config)
        self.encoder = HATEncoder(config)
        self.post_init()
        for parameter in self._frozen_parameters():
            parameter.requires_grad_(False)

    def get_input_embeddings(self) -> nn.Module:
        return self.embeddings.word_embeddings

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.embeddings.word_embeddings = value

    def train(self, mode: bool = True) -> "HATModel":
        """Switch between training and evaluation; what is frozen stays in evaluation, without dropout."""
        super().train(mode)
        for module in self._frozen_modules():
            module.eval()
        return self

    def _frozen_modules(self) -> list[nn.Module]:
        k, layers = self.config.frozen_blocks, self.encoder.layers()
        if not k:
            return []
        return [self.embeddings, *layers[:k], *([self.encoder.final_norm] if k == len(layers) else [])]

    def _frozen_parameters(self) -> list[nn.Parameter]:
        """Parameters of frozen modules that no other block needs: document positions are shared by all blocks."""
        frozen = {id(p): p for module in self._frozen_modules() for p in module.parameters()}
        for layer in self.encoder.layers()[self.config.frozen_blocks :]:
            for parameter in layer.parameters():
                frozen.pop(id(parameter), None)
        return list(frozen.values())

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        return_dict: bool | None = None,
        compute_padding: bool = False,
    ) -> BaseModelOutput | tuple:
        """Encode padded documents.

        input_ids (Tensor | None): (n_docs, n_slots) piece ids; segment s has the slots from s * segment_length on.
        attention_mask (Tensor | None): (n_docs, n_slots), 1 for real pieces, otherwise 0; None: all are real.
        token_type_ids (Tensor | None): (n_docs, n_slots); None: zeros.
        position_ids (Tensor | None): (n_docs, n_slots) rows of the token position table; None: they start over in
            each segment, behind pad_token_id; 0 for padding pieces.
        inputs_embeds (Tensor | None): (n_docs, n_slots, hidden_size) word vectors, instead of input_ids.
        output_hidden_states (bool | None): Whether to return the embeddings and the output of every block too.
        output_attentions (bool | None): Not to be had: attention weights are never materialised.
        return_dict (bool | None): False for a plain tuple.
        compute_padding (bool): Compute padding too, for the numbers of the published heads; it is zeros otherwise.
        RETURNS (BaseModelOutput | tuple): `last_hidden_state` (n_docs, n_slots, hidden_size) and, if asked for,
            `hidden_states`, n_blocks + 1 tensors like it: the embeddings, and what each block gave.
        RAISES (ValueError): If not exactly one of input_ids and inputs_embeds is given, shapes do not agree, numbers
            are out of range, documents have more than max_segments segments, or attentions are asked for.
        """
        if output_attentions:
            raise ValueError("HATModel keeps no attention weights. Got: output_attentions. Leave it out.")
        self._check_padded(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
        )
        words = input_ids if input_ids is not None else inputs_embeds
        assert words is not None  # for the type checker: one of the two is given
        if attention_mask is None:
            attention_mask = torch.ones(words.shape[:2], dtype=torch.bool, device=words.device)
        config = self.config
        find = traced_slots if is_traced() else find_slots
        slots = find(attention_mask, config.segment_length, config.max_segments, compute_padding)
        packed = slots.pack(words if words.is_floating_point() else words.long())  # tables take no shorter numbers
        if position_ids is not None:
            positions = slots.pack(position_ids).long()
        else:
            positions = self._positions(slots.rows % config.segment_length, packed)
        types = torch.zeros_like(positions) if token_type_ids is None else slots.pack(token_type_ids).long()
        states = [self._embed(packed, positions, types)]
        for hidden in self.encoder(states[0], slots.plan):
            states = [*states, hidden] if output_hidden_states else [hidden]
        output = BaseModelOutput(
            last_hidden_state=slots.unpack(self.encoder.final_norm(states[-1])),
            hidden_states=tuple(slots.unpack(state) for state in states) if output_hidden_states else None,
        )
        return output.to_tuple() if return_dict is False else output

    def forward_packed(
        self,
        inputs: PackedInputs,
        *,
        max_batch_pieces: int | None = None,
        segments_only: bool = False,
        cache: SegmentCache | None = None,
    ) -> Tensor:
        """Encode packed documents.

        Until segments attend to each other, what a segment is does not depend on its document. Where no gradient is
        wanted of that part (in prediction, and of frozen blocks), segments of the same pieces go through it once.

        inputs (PackedInputs): The batch.
        max_batch_pieces (int | None): Pieces that go through a segment-wise block at once, which bounds memory;
            None, and whenever gradients are wanted: all.
        segments_only (bool): Whether only the segment vectors are wanted, which first pieces end as.
        cache (SegmentCache | None): Remembers that part, for as long as the weights of it do not change.
        RETURNS (Tensor): (n_pieces, hidden_size), or (n_segments, hidden_size).
        RAISES (ValueError): If a segment or a window is longer than the model has positions for.
        """
        self._check_packed(inputs)
        n_led = self.n_leading_blocks()
        stages = self._stages(
            n_led,
            segments_only=segments_only,
            max_batch_pieces=None if torch.is_grad_enabled() else max_batch_pieces,
            n_frozen=self.config.frozen_blocks,
            recompute=self.encoder.recomputes(),
        )
        repeats = find_repeats(inputs) if n_led else None
        if not n_led or (repeats is None and cache is None):
            return stages.encode(inputs)
        with torch.no_grad():
            hidden = stages.encode_once(inputs, repeats, cache, self._leading_state(n_led))
        return stages.encode_documents(hidden, inputs)

    def n_leading_blocks(self) -> int:
        """RETURNS (int): First blocks whose segment-wise part needs neither other segments nor a gradient."""
        leading = n_leading(self.encoder.layers())
        return min(leading, self.config.frozen_blocks) if torch.is_grad_enabled() else leading

    def staged(self, *, segments_only: bool, max_batch_pieces: int | None = None) -> Stages:
        """Cut the encoder before its first cross-segment attention, for whoever encodes parts of documents.

        segments_only (bool): Whether only segment vectors are wanted in the end.
        max_batch_pieces (int | None): Pieces that go through a segment-wise block at once; None: all.
        RETURNS (Stages): The two stages. Gradients pass frozen blocks too.
        """
        leading = n_leading(self.encoder.layers())
        return self._stages(leading, segments_only=segments_only, max_batch_pieces=max_batch_pieces, recompute=True)

    def _stages(self, n_led: int, **options: Any) -> Stages:
        return Stages(self.encoder.layers(), self._embed_packed, self.encoder.final_norm, n_led=n_led, **options)

    def _leading_state(self, n_led: int) -> tuple:
        """Changes when what the first stage makes does: with weights, device and precision."""
        modules = [self.embeddings, *(layer.sentence_encoder for layer in self.encoder.layers()[:n_led])]
        parameters = [p for module in modules if module is not None for p in module.parameters()]
        device = self.device.type
        precision = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
        return n_led, self.device, precision, [(p.data_ptr(), p._version) for p in parameters]

    def _embed_packed(self, inputs: PackedInputs) -> Tensor:
        piece_ids = torch.from_numpy(inputs.piece_ids).to(self.device)
        positions = self._positions(torch.from_numpy(inputs.offsets()).to(self.device), piece_ids)
        return self._embed(piece_ids, positions, torch.zeros_like(piece_ids))

    def _embed(self, words: Tensor, positions: Tensor, types: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.config.frozen_blocks == 0):
            return self.embeddings(words, positions, types)

    def _positions(self, offsets: Tensor, words: Tensor) -> Tensor:
        """Rows of the token position table: behind pad_token_id, or 0 for a piece that is the padding piece."""
        positions = offsets + self.config.pad_token_id + 1
        return positions if words.is_floating_point() else positions * (words != self.config.pad_token_id)

    def _check_padded(self, **inputs: Tensor | None) -> None:
        check_shapes(inputs)
        rows = self.embeddings.table_rows()
        if inputs["position_ids"] is not None and "position_ids" not in rows:
            raise ValueError(
                "position_ids cannot be given to an encoder with rotary blocks: places start over in each segment, and "
                "there is no table of them. Leave it out."
            )
        if not is_traced():  # otherwise numbers are not known yet
            check_values(inputs, rows, self.config.hidden_size)

    def _check_packed(self, inputs: PackedInputs) -> None:
        config = self.config
        longest, most = inputs.segment_lengths.max(initial=0), inputs.window_lengths.max(initial=0)
        has_room = config.max_segments is None or most <= config.max_segments
        if longest > config.segment_length or not has_room:
            raise ValueError(
                f"The batch has segments of up to {longest} pieces in windows of up to {most} segments, but this model "
                f"has positions for {config.segment_length} pieces and "
                f"{'any number of' if config.max_segments is None else config.max_segments} segments. Pack with its "
                "segment_length and max_segments."
            )
