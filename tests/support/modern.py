"""Tiny random ModernBERTs in folders, to start a HAT from, and the tokenizers of their kin."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import ModernBertConfig, ModernBertForMaskedLM, ModernBertModel, PreTrainedTokenizerFast

from spacy_hat.modeling import HATModel, RotaryHATConfig, warm_start
from spacy_hat.modeling.start.rotary_names import MODERNBERT

from .sources import save_encoder
from .tokenizers_tiny import TEXT

DEPTH = 4
# More than a segment of 16 or 24 pieces is, so that there are windows, and layers of both kinds.
SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_attention_heads": 4,
    "num_hidden_layers": DEPTH,
    "local_attention": 8,
    "global_attn_every_n_layers": 3,
    "pad_token_id": 3,
    "bos_token_id": 1,
    "cls_token_id": 1,
    "eos_token_id": 2,
    "sep_token_id": 2,
    "reference_compile": False,
}
LENGTH = 24


def modern_tokenizer() -> PreTrainedTokenizerFast:
    """ModernBERT's: byte-level BPE with BERT's special pieces."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 2, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
    )


def gemma_tokenizer() -> PreTrainedTokenizerFast:
    """mmBERT's, which is Gemma's: BPE over characters, blanks as `▁`, what is unknown as bytes; opened by <bos>."""
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    pieces = [*specials, *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    trainer = trainers.BpeTrainer(vocab_size=340, special_tokens=pieces, show_progress=False)
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.train_from_iterator([TEXT] * 2, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", pair="<bos> $A <eos> $B <eos>", special_tokens=[("<bos>", 2), ("<eos>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>",
        cls_token="<bos>",
        eos_token="<eos>",
        sep_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
    )


def make_modern(seed: int = 11, head: bool = False, scale: float = 0.1, **settings: Any) -> Any:
    """RETURNS (ModernBertModel | ModernBertForMaskedLM): With random weights, norms and biases among them."""
    if settings.get("local_rope_theta", 0) is None and int(transformers.__version__.partition(".")[0]) >= 5:
        settings["local_rope_theta"] = settings.get("global_rope_theta", 160000.0)  # which None meant before
    config = ModernBertConfig(**{**SIZES, "vocab_size": 400, **settings})
    config._attn_implementation = "sdpa"
    model = (ModernBertForMaskedLM if head else ModernBertModel)(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if name.endswith("norm.weight") else 0.0
            parameter.copy_(centre + scale * torch.randn(parameter.shape, generator=generator))
    return model


class ModernSource:
    """A tiny random ModernBERT, saved with its tokenizer.

    folder (Path): Where it is.
    model (PreTrainedModel): The model as it was saved, with its head if it has one.
    """

    def __init__(
        self, folder: Path, tokenizer: Callable[[], PreTrainedTokenizerFast] = modern_tokenizer, **settings: Any
    ) -> None:
        own = tokenizer()
        self.folder = folder
        self.model = make_modern(vocab_size=len(own), **settings)
        save_encoder(self.model, own, folder)

    @property
    def encoder(self) -> Any:
        return self.model.base_model

    def start(self, layout: str | None = None, **settings: Any) -> Any:
        """Warm-start from it, with copied cross-segment blocks unless told."""
        sizes = {"segment_length": LENGTH, "cross_segment_start": "copy", **settings}
        return warm_start(self.folder, layout=layout, **sizes)


def hat_of(model: Any, layout: str | None = None, segment_length: int = LENGTH) -> HATModel:
    """RETURNS (HATModel): Segment-wise blocks with a ModernBERT's weights, put in by hand."""
    theirs = model.config
    names = set(RotaryHATConfig.entries) - {
        "pool_padding",
        "max_segments",
        "segment_length",
        "frozen_blocks",
        "pooling",
    }
    settings = {name: getattr(theirs, name) for name in names if hasattr(theirs, name)}
    for kind, parameters in (getattr(theirs, "rope_parameters", None) or {}).items():  # as transformers 5 has them
        settings[{"full_attention": "global", "sliding_attention": "local"}[kind] + "_rope_theta"] = parameters[
            "rope_theta"
        ]
    layout = "|".join(["S"] * theirs.num_hidden_layers) if layout is None else layout
    hat = HATModel(RotaryHATConfig(**settings, layout=layout, segment_length=segment_length)).eval()
    own = dict(hat.named_parameters())
    with torch.no_grad():
        for name, weight in _renamed(model.state_dict(), theirs.num_hidden_layers):
            own.pop(name).copy_(weight)
    assert not own
    return hat.to(next(model.parameters()).dtype)


def _renamed(weights: dict[str, torch.Tensor], depth: int) -> Iterator[tuple[str, torch.Tensor]]:
    for name, weight in weights.items():
        if name.startswith(("embeddings.", "final_norm.")):
            yield name.replace("tok_emb", "word_emb").replace("final_norm", "encoder.final_norm"), weight
    for number in range(depth):
        for name, weight in MODERNBERT.split(weights, number).items():
            yield f"encoder.layer.{number}.sentence_encoder.{name}", weight


def random_ids(model: Any, *shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(5, model.config.vocab_size, shape, generator=torch.Generator().manual_seed(seed))
