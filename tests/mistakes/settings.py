"""Mistakes in settings of the encoder: config.json, transformer_config and the builders' own."""

from typing import get_args

import spacy
from thinc.config import ConfigValidationError

from spacy_hat.architectures import hat_model_v1
from spacy_hat.choices import Pooling
from spacy_hat.layers.pooling import document_pooling

from ..support.mistake import Mistake
from ..support.pipelines import document_head, make_nlp, span_head
from ..support.workshop import start


def override(**entries):
    """The mistake of a transformer_config."""
    return lambda w: start(w.sound_hat, transformer_config=entries)


def build(**settings):
    """The mistake of a [components.transformer.model]; building the pipeline is enough."""
    return lambda w: make_nlp(w.sound_hat, **settings)


def without_name(w):
    nlp = spacy.blank("en")
    nlp.add_pipe("hat")
    nlp.initialize()


def head(made, **settings):
    """The mistake of the [model] of a head; adding it is enough."""
    factory = "textcat" if made is document_head else "spancat"
    return lambda w: make_nlp(w.sound_hat).add_pipe(
        factory, config={"model": made(**{"exclusive_classes": True, **settings})}
    )


WHERE = "transformer_config of [components.transformer.model]"
SETTINGS = [
    Mistake(
        "a block that does not exist in the layout",
        override(layout="S|X"),
        ["HAT layout 'S|X' holds ['X']", "S (segment-wise), D (cross-segment)", "such as 'S|SD|S|SD'"],
    ),
    Mistake(
        "a layout that is a number", override(layout=12), ["HAT layout is 12", "expected a string", "Put it in quotes"]
    ),
    Mistake(
        "encoder_layout as a string",
        lambda w: start(w.hat(encoder_layout="S|SD")),
        ["encoder_layout is 'S|SD'", "expected a dict of blocks", "put `layout` there instead"],
    ),
    Mistake(
        "encoder_layout with a gap",
        lambda w: start(w.hat(encoder_layout={"0": {"sentence_encoder": True}, "2": {"sentence_encoder": True}})),
        ["encoder_layout numbers its blocks [0, 2]", "expected 0 to 1 without a gap", "Correct config.json"],
    ),
    Mistake(
        "layout and depth that disagree",
        lambda w: start(w.hat(num_hidden_layers=12)),
        ["HAT layout 'SD|S' has 2 blocks but num_hidden_layers is 12, expected 2", "Make them agree", WHERE],
    ),
    Mistake(
        "a layout deeper than the checkpoint",
        override(layout="SD|S|S"),
        ["do not fit its configuration", "missing: encoder.layer.2.", "Check layout"],
    ),
    Mistake(
        "heads that do not divide the hidden size",
        lambda w: start(w.hat(num_attention_heads=5)),
        ["hidden_size is 32", "5 attention heads do not divide", "Choose a num_attention_heads that does"],
    ),
    Mistake(
        "no attention heads",
        lambda w: start(w.hat(num_attention_heads=0)),
        ["num_attention_heads is 0", "expected a whole number of at least 1", WHERE],
    ),
    Mistake(
        "a size in quotes",
        override(frozen_blocks="1"),
        ["frozen_blocks is '1'", "expected a whole number of at least 0", WHERE],
    ),
    Mistake("negative frozen_blocks", override(frozen_blocks=-1), ["frozen_blocks is -1", "of at least 0", WHERE]),
    Mistake(
        "more frozen_blocks than blocks",
        override(frozen_blocks=3),
        ["frozen_blocks is 3", "expected 0 to 2", "layout 'SD|S'", WHERE],
    ),
    Mistake(
        "an unknown activation", override(hidden_act="gelly"), ["hidden_act is 'gelly'", "expected one", "gelu", WHERE]
    ),
    Mistake(
        "a dropout over 1",
        override(hidden_dropout_prob=1.5),
        ["hidden_dropout_prob is 1.5", "expected a probability of at least 0.0, less than 1.0", WHERE],
    ),
    Mistake(
        "a negative dropout on attention",
        override(attention_probs_dropout_prob=-0.1),
        ["attention_probs_dropout_prob is -0.1", "expected a probability", WHERE],
    ),
    Mistake("an unknown pooling", override(pooling="sum"), ["pooling is 'sum'", "expected one of max, mean", WHERE]),
    Mistake(
        "segment_length beyond the positions",
        override(segment_length=512),
        ["misshapen: embeddings.position_embeddings.weight (13, 32), expected (513, 32)", "Check layout, sizes"],
    ),
    Mistake(
        "segment_length of 0",
        override(segment_length=0),
        ["segment_length is 0", "expected a whole number of at least 2 (the classifier piece and one more)", WHERE],
    ),
    Mistake(
        "max_segments beyond the document positions",
        override(max_segments=100),
        ["misshapen: encoder.layer.0.position_embeddings.weight (7, 32), expected (101, 32)", "max_segments"],
    ),
    Mistake("max_segments of 0", override(max_segments=0), ["max_segments is 0", "of at least 1", WHERE]),
    Mistake(
        "a misspelt entry of transformer_config",
        override(frozen_block=1),
        ["have no frozen_block", "expected entries of config.json such as frozen_blocks", "correct the name"],
        TypeError,
    ),
    Mistake(
        "a slow tokenizer asked for",
        lambda w: start(w.sound_hat, tokenizer_config={"use_fast": False}),
        ["asks for a slow tokenizer", "HAT needs a fast one", "remove use_fast = false"],
    ),
    Mistake(
        "a classifier token that the vocabulary does not have",
        lambda w: start(w.sound_hat, tokenizer_config={"cls_token": "[NEW]"}),
        ["pieces up to number 115 ('[NEW]')", "vocab_size is 115", "remove tokens that tokenizer_config"],
    ),
    Mistake(
        "no name for the encoder",
        without_name,
        ["its `name` is empty", "Give a folder or hub name", "--paths.hat", "python -m spacy hat warm-start"],
    ),
    Mistake(
        "an unknown packing, in code", lambda w: hat_model_v1("x", packing="word"), ["packing is 'word'", "greedy"]
    ),
    Mistake(
        "an unknown overflow, in code", lambda w: hat_model_v1("x", overflow="cut"), ["overflow is 'cut'", "window"]
    ),
    Mistake(
        "an unknown precision, in code",
        lambda w: hat_model_v1("x", precision="float16"),
        ["precision is 'float16'", "expected one of float32, bfloat16, int8, auto", "[components.transformer.model]"],
    ),
    Mistake(
        "an unknown output, in code",
        lambda w: hat_model_v1("x", output="tokens"),
        ["output is 'tokens'", "expected one of pieces, segments", "[components.transformer.model]"],
    ),
    *(
        Mistake(
            f"max_batch_pieces of {number}",
            build(max_batch_pieces=number),
            [f"max_batch_pieces is {number}", "expected at least 1", "4096 is the default"],
        )
        for number in (0, -5)
    ),
    Mistake(
        "a segment cache below nothing",
        build(segment_cache_mb=-1),
        ["segment_cache_mb is -1", "expected 0", "[components.transformer.model]"],
    ),
    Mistake(
        "a segment cache in a folder that is not there",
        build(segment_cache_folder="no/such/folder"),
        [
            "segment_cache_folder is 'no/such/folder'",
            "there is no such folder",
            "Make it, or set it to null",
            "[components.transformer.model]",
        ],
    ),
    Mistake(
        "an unknown option of the gradient scaler",
        build(grad_scaler_config={"scale": 2.0}),
        ["grad_scaler_config has scale", "expected options of PyTorchGradScaler", "init_scale"],
    ),
    *(
        Mistake(f"{name} = {value!r} in a config", build(**{name: value}), [name, str(value)], ConfigValidationError)
        for name, value in (
            ("packing", "sentence"),
            ("overflow", "drop"),
            ("precision", "float16"),
            ("output", "tokens"),
            ("require_sentences", "perhaps"),
            ("max_batch_pieces", "many"),
            ("pakcing", "greedy"),
        )
    ),
    *(
        Mistake(
            f"{name} = {value!r} in the config of a head", head(made, **{name: value}), [name], ConfigValidationError
        )
        for made, name, value in (
            (document_head, "pooling", "sum"),
            (document_head, "exclusive_classes", "perhaps"),
            (span_head, "pooling", "max"),
        )
    ),
    Mistake(
        "an unknown pooling of a head, in code",
        lambda w: document_pooling("sum"),
        ["No such pooling of segment vectors: 'sum'", ", ".join(get_args(Pooling)), "Set `pooling`"],
    ),
    *(
        Mistake(
            f"dropout of {dropout} in a head",
            head(document_head, dropout=dropout),
            ["Dropout of a head", f"Got: {dropout}", "Expected: at least 0.0, less than 1.0", "Set `dropout`"],
        )
        for dropout in (1.0, -0.1)
    ),
]
