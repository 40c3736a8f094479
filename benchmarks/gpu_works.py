"""What is timed on a GPU, and whose memory is looked at: predictions and training steps, ours and others'."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from benchmarks import peers
from benchmarks.gpu_encoders import (
    Encoders,
    full_documents,
    in_buckets,
    long_document,
    padded_batches,
    sentences,
    sorted_batches,
    whole_batches,
)
from benchmarks.timing import Key, Work
from spacy_hat.modeling import PackedInputs

OURS, BUCKETS, SMALLER = "HAT", "HAT, in buckets", "HAT, 4,096 pieces at once"
HUB, HUB_BUCKETS = "HAT, layout of the hub", "HAT, layout of the hub, in buckets"
HUB_SEGMENTS, RECOMPUTING = "HAT, layout of the hub, output segments", "HAT, layout of the hub, recomputing"
ROTARY = "HAT of ModernBERT's blocks"
ROBERTA, SORTED, LONGFORMER = "RoBERTa, padded", "RoBERTa, sorted, batches of {}", "Longformer"
MODERN, FLASH = "ModernBERT, sdpa", "ModernBERT, flash_attention_2"
UNDROPPED = ", no dropout on attention"
FULL, SENTENCES, DOCUMENT = "full segments", "ordinary sentences", "one document"
PREDICTION, STEP = "prediction", "training step"
NO_FLASH = f"{FLASH}: the package flash-attn is not installed"
TOO_MUCH = f"{MODERN}, one document of 65,536 pieces, but for predictions in bfloat16: it takes half a minute"
# Segments that others take at once. In training, ours takes as many pieces as the larger batch holds.
BATCH_SIZES = (32, 256)
LARGER = max(BATCH_SIZES)
Batches = Callable[[], list[peers.Batch]]
Builds = dict[Key, Callable[[], Work]]


def named(kind: str, inputs: PackedInputs) -> str:
    """RETURNS (str): A work, and how many pieces it is."""
    return f"{kind}, {len(inputs.piece_ids):,} pieces"


def our_prediction(
    encoders: Encoders, model: str, inputs: PackedInputs, precision: Any, buckets: bool = False, **settings: Any
) -> Work:
    """RETURNS (Work): Encodes a batch with ours."""
    shim = encoders.shim(getattr(encoders, model), precision=precision, **settings)

    def work() -> Tensor:
        with in_buckets(buckets):
            return shim.predict(inputs)

    return work


def their_prediction(encoders: Encoders, model: str, batches: Batches, precision: str) -> Work:
    """RETURNS (Work): Encodes batches with another, in the fastest way."""
    made = batches()
    run = peers.in_precision(getattr(encoders, model), made[0].small(), precision)
    return lambda: [run(batch) for batch in made]


def our_step(encoders: Encoders, model: str, inputs: PackedInputs, precision: str) -> Work:
    """RETURNS (Work): A step of ours without the optimizer's, in portions whose gradients add up."""
    shim = encoders.shim(getattr(encoders, model), mixed_precision=precision == "mixed")
    portions = list(inputs.portions(LARGER * encoders.setting.size.segment_length))

    def step() -> None:
        shim.encoder.zero_grad()
        for portion in portions:
            output, backprop = shim.begin_update(portion)
            backprop(torch.full_like(output, 1.0 / len(inputs.piece_ids)))

    return step


def their_step(encoders: Encoders, model: str, batches: Batches, precision: str) -> Work:
    """RETURNS (Work): The same of another, under autocast to what ours takes on the device."""
    other, made = getattr(encoders, model).train(), batches()
    device = encoders.setting.device.type
    half = torch.float16 if device == "cuda" else torch.bfloat16
    n_pieces = sum(int(batch.mask.sum()) for batch in made)
    width = other.config.hidden_size
    gradients = [(batch.mask[:, :, None] / n_pieces).expand(-1, -1, width) for batch in made]

    def step() -> None:
        other.train().zero_grad()
        for batch, gradient in zip(made, gradients, strict=True):
            with torch.autocast(device, half) if precision == "mixed" else nullcontext():
                output = other(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
            output.backward(gradient.to(output.dtype))

    return step


def predict_builds(encoders: Encoders, precision: str) -> Builds:
    """RETURNS (Builds): Who predicts what in a precision, and what makes them."""
    setting, builds = encoders.setting, Builds()
    halved = precision != "float32"  # there attention of any lengths is one call, which can be left out

    def ours(work: str, by: str, model: str, inputs: PackedInputs, **settings: Any) -> None:
        builds[work, by, precision] = partial(our_prediction, encoders, model, inputs, precision, **settings)

    def ours_in_buckets(work: str, by: str, model: str, inputs: PackedInputs) -> None:
        if halved:
            ours(work, by, model, inputs, buckets=True)

    def theirs(work: str, by: str, model: str, batches: Batches) -> None:
        builds[work, by, precision] = partial(their_prediction, encoders, model, batches, precision)

    for factor in (1, setting.n_docs):
        inputs = full_documents(setting, factor)
        work = named(FULL, inputs)
        ours(work, OURS, "segment_wise", inputs)
        ours(work, HUB, "hub", inputs)
        ours_in_buckets(work, BUCKETS, "segment_wise", inputs)
        theirs(work, ROBERTA, "roberta", partial(padded_batches, inputs, setting, LARGER))
        theirs(work, LONGFORMER, "longformer", partial(whole_batches, inputs, setting, 4))
    for n_segments in (setting.size.n_segments, 4 * setting.n_docs * setting.size.n_segments):
        inputs = sentences(setting, n_segments)
        work = named(SENTENCES, inputs)
        ours(work, OURS, "segment_wise", inputs)
        if len(inputs.piece_ids) > setting.size.n_pieces:
            ours(work, SMALLER, "segment_wise", inputs, max_batch_pieces=setting.size.n_pieces)
        ours_in_buckets(work, BUCKETS, "segment_wise", inputs)
        theirs(work, ROBERTA, "roberta", partial(padded_batches, inputs, setting, LARGER))
        for n in BATCH_SIZES:
            if n <= n_segments:
                theirs(work, SORTED.format(n), "roberta", partial(sorted_batches, inputs, setting, n))
    for factor in (2, setting.n_docs):
        inputs = long_document(setting, factor)
        work = named(DOCUMENT, inputs)
        ours(work, HUB, "hub", inputs)
        ours(work, ROTARY, "rotary", inputs)
        ours_in_buckets(work, HUB_BUCKETS, "hub", inputs)
        if not _is_too_much(MODERN, factor, precision):
            theirs(work, MODERN, "modern_bert", partial(whole_batches, inputs, setting, 1))
        if halved and find_spec("flash_attn"):
            theirs(work, FLASH, "modern_bert_flash", partial(whole_batches, inputs, setting, 1))
    return builds


def training_builds(encoders: Encoders, precision: str) -> Builds:
    """RETURNS (Builds): Who takes which training steps in a precision, `float32` or `mixed`, and what makes them."""
    setting, builds = encoders.setting, Builds()
    n_sentences = 4 * setting.n_docs * setting.size.n_segments
    given = {FULL: full_documents(setting, setting.n_docs), SENTENCES: sentences(setting, n_sentences)}
    for kind, inputs in given.items():
        work = named(kind, inputs)
        in_order = partial(sorted_batches, inputs, setting, LARGER)
        for name, mine, other in (("", "segment_wise", "roberta"), (UNDROPPED, "undropped", "roberta_undropped")):
            builds[work, OURS + name, precision] = partial(our_step, encoders, mine, inputs, precision)
            by = SORTED.format(LARGER) + name
            builds[work, by, precision] = partial(their_step, encoders, other, in_order, precision)
        if kind == SENTENCES:
            padded = partial(padded_batches, inputs, setting, LARGER)
            builds[work, ROBERTA, precision] = partial(their_step, encoders, "roberta", padded, precision)
    return builds


def memory_builds(encoders: Encoders) -> Builds:
    """RETURNS (Builds): Whose memory is looked at, in which precision, and what makes them."""
    setting, builds = encoders.setting, Builds()
    mine = {HUB: ("hub", "pieces"), HUB_SEGMENTS: ("hub", "segments"), ROTARY: ("rotary", "pieces")}
    for factor in (1, 2, setting.n_docs):
        inputs = long_document(setting, factor)
        prediction, step = named(PREDICTION, inputs), named(STEP, inputs)
        whole = partial(whole_batches, inputs, setting, 1)
        padded = partial(padded_batches, inputs, setting, LARGER)
        others = [(ROBERTA, "roberta", padded)]
        # Longformer has positions for the smallest document; ModernBERT is for longer ones.
        others.append((LONGFORMER, "longformer", whole) if factor == 1 else (MODERN, "modern_bert", whole))
        for precision in ("bfloat16", "float32"):
            for by, (model, output) in mine.items():
                build = partial(our_prediction, encoders, model, inputs, precision, output=output)
                builds[prediction, by, precision] = build
            for by, model, batches in others:
                if not _is_too_much(by, factor, precision):
                    builds[prediction, by, precision] = partial(their_prediction, encoders, model, batches, precision)
        for by, model in {HUB: "hub", RECOMPUTING: "recomputing", ROTARY: "rotary"}.items():
            builds[step, by, "mixed"] = partial(our_step, encoders, model, inputs, "mixed")
        for by, model, batches in others:
            if not _is_too_much(by, factor, "mixed"):
                builds[step, by, "mixed"] = partial(their_step, encoders, model, batches, "mixed")
    return builds


def _is_too_much(by: str, factor: int, precision: str) -> bool:
    """RETURNS (bool): Whether somebody is left out as TOO_MUCH says."""
    return by == MODERN and factor > 2 and precision != "bfloat16"
