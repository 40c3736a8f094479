"""The encoder as a thinc layer: documents in, what spaCy's transformer component passes to its listeners out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.layers.chain import init as init_chain
from thinc.types import Floats2d, Ragged

from ..machine.clock import stage
from ..machine.forks import use_one_thread_if_forked
from ..modeling import HATModel, PackedInputs, load_tokenizer
from ..modeling.files.tokenizer import check_vocabulary
from ..packing import PackedDocs, Packer
from .hat_batch import make_batch
from .segment_grid import SegmentGrid
from .shim import HATShim
from .trained_pipeline import encoder_of_pipeline, is_pipeline
from .trf_interface import FullTransformerBatch, split_trf_batch, trfs2arrays


@dataclass
class Pretrained:
    """Where weights come from when a pipeline is initialized.

    name (str | None): Folder or hub name of a HAT checkpoint, or the folder of a trained pipeline, whose HAT is taken.
    tokenizer_config (dict[str, Any]): Options for its tokenizer.
    transformer_config (dict[str, Any]): Entries of its config.json to override; `revision` pins a hub version.
    """

    name: str | None
    tokenizer_config: dict[str, Any]
    transformer_config: dict[str, Any]

    def load_into(self, shim: HATShim) -> None:
        """Load encoder and tokenizer. RAISES (ValueError): If there is no name, or it leads to no HAT."""
        if not self.name:
            raise ValueError(
                "spacy-hat.HATModel.v1 has no encoder: its `name` is empty. Give a folder or hub name, with the "
                "shipped configs as --paths.hat. To make one from any BERT: python -m spacy hat warm-start "
                "bert-base-uncased hat"
            )
        overrides = dict(self.transformer_config)
        hub = {"revision": overrides.pop("revision")} if "revision" in overrides else {}
        if is_pipeline(self.name):
            shim.load(*encoder_of_pipeline(Path(self.name), overrides, self.tokenizer_config))
            return
        encoder = HATModel.from_pretrained(self.name, **hub, **overrides)
        tokenizer = load_tokenizer(self.name, self.tokenizer_config, **hub)
        check_vocabulary(tokenizer, encoder.config.vocab_size, source=str(self.name))
        shim.load(encoder, tokenizer)


def hat_model(pretrained: Pretrained, packer: Packer, shim: HATShim) -> Model[list[Doc], FullTransformerBatch]:
    """Encode whole documents.

    pretrained (Pretrained): Where weights come from at initialization; a pipeline from disk brings its own.
    packer (Packer): How documents become segments.
    shim (HATShim): Takes the encoder.
    RETURNS (Model[list[Doc], FullTransformerBatch]): One row per segment; only `last_hidden_state` has a gradient.
    """
    return Model(
        "hat",
        forward,
        init=init,
        shims=[shim],
        dims={"nO": None},
        # None of these can be written to bytes, and need not be: they are made anew from the config.
        attrs={
            "pretrained": pretrained,
            "packer": packer,
            "replace_listener": replace_listener,
            "replace_listener_cfg": replace_listener_cfg,
        },
    )


def init(model: Model, X: Any = None, Y: Any = None) -> None:
    """Load the weights, unless they are there. The documents do not matter.

    RAISES (ValueError): If the component around it expects scores: it comes with truth, or with spans.
    """
    if Y is not None or isinstance(X, tuple):
        raise ValueError(
            "spacy-hat.HATModel.v1 encodes documents and labels nothing. Got: it is the [model] of a component that "
            "wants scores, such as textcat, spancat or tagger. Expected: a `transformer` or `hat` component around it. "
            "Give this component a head that listens to that one: spacy-hat.DocumentClassifier.v1 for documents, "
            "spacy-hat.SpanClassifier.v1 for spans, or spaCy's own."
        )
    shim = get_shim(model)
    if shim._model is None:
        model.attrs["pretrained"].load_into(shim)
    if model.has_dim("nO") is None:
        model.set_dim("nO", shim.encoder.config.hidden_size)


def get_shim(model: Model) -> HATShim:
    """RETURNS (HATShim): The shim of a `hat_model` layer, which holds encoder and tokenizer."""
    return model.shims[0]  # type: ignore[return-value]


@stage("copy")
def forward(
    model: Model[list[Doc], FullTransformerBatch], docs: list[Doc], is_train: bool
) -> tuple[FullTransformerBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    """Pack, encode, and hand out by document."""
    use_one_thread_if_forked()
    shim = get_shim(model)
    config, tokenizer = shim.encoder.config, shim.tokenizer
    packed = model.attrs["packer"](
        docs, tokenizer, segment_length=config.segment_length, max_segments=config.max_segments
    )
    if not is_train:
        # Before the encoder: reading a long document takes more than its segment vectors, and in smaller pieces.
        shim.free_memory.count(len(packed.piece_ids))
    grid = SegmentGrid.of(packed, shim.output)
    inputs = inputs_of(packed)
    no_rows = torch.zeros(0, config.hidden_size, device=shim.device)

    def no_backprop(d_batch: FullTransformerBatch) -> list[Doc]:
        return docs

    if not is_train or not grid.n_segments:
        spread = grid.spread(shim.predict_portions(inputs), no_rows)
        return make_batch(docs, packed, grid, spread, tokenizer), no_backprop
    hidden, backprop_encoder = shim.begin_update(inputs)

    def backprop(d_batch: FullTransformerBatch) -> list[Doc]:
        (d_grid,) = d_batch.model_output.to_tuple()
        backprop_encoder(grid.collect(d_grid.to(hidden.device)))
        return docs

    return make_batch(docs, packed, grid, grid.spread([hidden], no_rows), tokenizer), backprop


def inputs_of(packed: PackedDocs) -> PackedInputs:
    """RETURNS (PackedInputs): The same batch for the encoder."""
    return PackedInputs(packed.piece_ids, packed.segment_lengths, packed.window_lengths, packed.segment_positions)


def replace_listener(model: Model[list[Doc], FullTransformerBatch]) -> Model:
    """RETURNS (Model): What stands in a component's model where its listener stood."""
    tok2vec: Model = chain(model, split_trf_batch())
    # A chain hands the truth on to every layer of unknown width; it is for those that follow.
    tok2vec.init = init_without_truth
    return tok2vec


def init_without_truth(model: Model, X: Any = None, Y: Any = None) -> None:
    """Initialize a chain of which no layer has to do with scores."""
    init_chain(model, X=X)


def replace_listener_cfg(hat_config: dict[str, Any], listener_config: dict[str, Any]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): The config of a component's tok2vec once its listener is replaced."""
    kept = {key: value for key, value in listener_config.items() if key in ("pooling", "grad_factor")}
    return {**hat_config, **kept, "@architectures": "spacy-hat.HATTok2Vec.v1"}


def hat_tok2vec(
    model: Model[list[Doc], FullTransformerBatch], pooling: Model[Ragged, Floats2d], grad_factor: float
) -> Model[list[Doc], list[Floats2d]]:
    """An encoder of one component's own, in the same nesting that replace_listener leaves behind.

    model (Model[list[Doc], FullTransformerBatch]): The encoder.
    pooling (Model[Ragged, Floats2d]): From the pieces of a token to its vector.
    grad_factor (float): Multiplies the gradient that reaches the encoder.
    RETURNS (Model[list[Doc], list[Floats2d]]): (n_tokens, hidden_size) for each Doc.
    """
    return chain(replace_listener(model), trfs2arrays(pooling, grad_factor))
