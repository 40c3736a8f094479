"""Mistakes with checkpoints: folders and files that are not what they should be."""

import os

import torch

from spacy_hat.modeling import HATModel

from ..support.mistake import Mistake
from ..support.workshop import LFS_POINTER, as_bin, change, cut, drop, remove, reshape, start, write

WEIGHTS, BIN, CONFIG = "model.safetensors", "pytorch_model.bin", "config.json"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
NOT_WHOLE = ["cannot be read", "bytes", "Expected: a whole", "fetch it again"]
REFUSED = ["is refused, and nothing that it holds was run", "Expected: names and tensors", "model.safetensors"]


class Payload:
    """An object that would run a command when it is unpickled."""

    def __reduce__(self):
        return os.system, ("true",)


def slow_tokenizer(folder, name):
    return write(remove(folder, *TOKENIZER), "tokenizer_config.json", f'{{"tokenizer_class": "{name}"}}')


CHECKPOINTS = [
    Mistake(
        "a folder that is not there",
        lambda w: start(w.root / "absent"),
        ["absent' is not a folder here", "Nothing was looked up", "warm-start", "Check the path", "is there"],
    ),
    Mistake(
        "a path that is mistyped",
        lambda w: start("hats/legal"),
        ["'hats/legal' is not a folder here", "cannot be fetched from the hub", "the hub name (such as 'owner/model')"],
    ),
    Mistake(
        "a name in one word that is neither a folder nor on the hub",
        lambda w: start("my-hat"),
        ["'my-hat' is not a folder here", "Nothing was looked up", "Check the path"],
    ),
    Mistake(
        "a hub name, and no network",
        lambda w: start("some-owner/some-hat"),
        ["'some-owner/some-hat' is not a folder here", "cannot be fetched from the hub", "and the network"],
    ),
    Mistake(
        "the path of a file",
        lambda w: start(w.hat() / WEIGHTS),
        ["model.safetensors is a file", "expected the folder", "Give the folder that holds the file"],
    ),
    Mistake(
        "an empty folder", lambda w: start(w.new()), ["holds no config.json", "is not a checkpoint", "Check the folder"]
    ),
    Mistake(
        "a BERT where a HAT is needed",
        lambda w: start(w.bert()),
        ["of type 'bert'", "expected a HAT", "python -m spacy hat warm-start"],
    ),
    Mistake(
        "an empty config.json",
        lambda w: start(write(w.hat(), CONFIG, "")),
        ["config.json cannot be read", "Got: 0 bytes", "Expected: JSON", "fetch it again"],
    ),
    Mistake(
        "config.json that is not JSON",
        lambda w: start(write(w.hat(), CONFIG, "{'layout': 'S|SD'}")),
        ["config.json cannot be read", "line 1 column 2", "Expected: JSON", "correct it"],
    ),
    Mistake(
        "a list in config.json",
        lambda w: start(write(w.hat(), CONFIG, "[]")),
        ["config.json holds list", "expected a JSON object", "Fetch the file again"],
    ),
    Mistake(
        "config.json without a model type",
        lambda w: start(w.hat(model_type=None)),
        ["has no model_type", "expected a name such as 'bert'", "add it"],
    ),
    Mistake(
        "no weights in the folder",
        lambda w: start(remove(w.hat(), WEIGHTS)),
        ["holds no weights", "expected model.safetensors or pytorch_model.bin", "Check the folder"],
    ),
    Mistake(
        "weights in several files",
        lambda w: start(write(remove(w.hat(), WEIGHTS), f"{WEIGHTS}.index.json", "{}")),
        ["are in several files", "expected model.safetensors", "max_shard_size"],
    ),
    *(
        Mistake(f"model.safetensors cut off ({what})", lambda w, n=n: start(cut(w.hat(), WEIGHTS, n)), NOT_WHOLE)
        for what, n in (("at the end", -100), ("in the header", 100), ("to nothing", 0))
    ),
    Mistake(
        "a Git LFS pointer in place of model.safetensors",
        lambda w: start(write(w.hat(), WEIGHTS, LFS_POINTER)),
        ["cannot be read", "a pointer of Git LFS", "Expected: a whole safetensors file", "git lfs pull"],
    ),
    *(
        Mistake(f"pytorch_model.bin cut off ({what})", lambda w, n=n: start(cut(as_bin(w.hat()), BIN, n)), NOT_WHOLE)
        for what, n in (("at the end", -300), ("to ten bytes", 10), ("to nothing", 0))
    ),
    Mistake(
        "a Git LFS pointer in place of pytorch_model.bin",
        lambda w: start(write(as_bin(w.hat()), BIN, LFS_POINTER)),
        ["cannot be read", "a pointer of Git LFS", "Expected: a whole .bin file", "git lfs pull"],
    ),
    Mistake(
        "code in pytorch_model.bin",
        lambda w: start(as_bin(w.hat(), {"weight": Payload()})),
        [*REFUSED, f"the Python object {os.system.__module__}.system"],
    ),
    Mistake(
        "code in a pytorch_model.bin of the old format",
        lambda w: start(as_bin(w.hat(), {"weight": Payload()}, _use_new_zipfile_serialization=False)),
        REFUSED,
    ),
    Mistake(
        "the model itself saved as pytorch_model.bin, not its state dict",
        lambda w: start(as_bin(w.hat(), HATModel.from_pretrained(w.sound_hat))),
        [*REFUSED, "spacy_hat.modeling.model.HATModel", "torch.save(model.state_dict()"],
    ),
    Mistake(
        "a training state saved as pytorch_model.bin",
        lambda w: start(as_bin(w.hat(), {"step": 3, "state_dict": {"weight": torch.zeros(2)}})),
        ["holds dict with other things than tensors", "expected a dict of names and tensors", "Save the state dict"],
    ),
    Mistake(
        "weights of one block missing",
        lambda w: start(change(w.hat(), drop("layer.1.sentence_encoder.attention.self"))),
        ["do not fit its configuration", "missing: encoder.layer.1.sentence_encoder.attention.self.key", "fetch it"],
    ),
    Mistake(
        "weights of other sizes",
        lambda w: start(change(w.hat(), reshape(embeddings__LayerNorm__bias=31, embeddings__LayerNorm__weight=31))),
        [
            "misshapen: embeddings.LayerNorm.bias (31,), expected (32,), embeddings.LayerNorm.weight (31,)",
            "Check layout",
        ],
    ),
    Mistake(
        "no tokenizer in the folder",
        lambda w: start(remove(w.hat(), *TOKENIZER)),
        ["holds no vocabulary", "expected one of vocab.txt", "Copy the tokenizer's files there"],
    ),
    Mistake(
        "tokenizer.json cut off",
        lambda w: start(cut(w.hat(), "tokenizer.json", 200)),
        ["The tokenizer of", "cannot be made as a", "Expected: its files whole", "Fetch the files again"],
    ),
    Mistake(
        "tokenizer_config.json cut off",
        lambda w: start(cut(w.hat(), "tokenizer_config.json", 50)),
        ["tokenizer_config.json cannot be read", "Got: 50 bytes", "Expected: JSON", "fetch it again"],
    ),
    Mistake(
        "a slow tokenizer, of a kind that has no fast one",
        lambda w: start(slow_tokenizer(w.hat(), "CanineTokenizer")),
        ["is a slow one (CanineTokenizer)", "cannot tell where its pieces stand", "Expected: a fast one", "Convert it"],
    ),
    Mistake(
        "a vocabulary larger than the embedding table",
        lambda w: start(change(w.hat(vocab_size=60), reshape(embeddings__word_embeddings__weight=(60, 32)))),
        ["pieces up to number 114", "vocab_size is 60", "expected at most 59", "Take the tokenizer that belongs"],
    ),
]
