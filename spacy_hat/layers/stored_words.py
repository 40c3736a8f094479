"""What a bag of n-grams knows, as a pipeline stores it: written and read, and nothing taken on trust."""

from typing import Any

import numpy as np
import srsly
import torch
from safetensors.torch import save

from ..modeling.files.weights import weights_of_bytes
from .stored import damaged, read_message
from .word_table import WordTable

SOURCE = "a bag of n-grams"
PARTS = {"ngram_size": int, "n_labels": int, "n_docs": int, "keys": bytes, "weights": bytes}
WEIGHTS = ("bias", "idf", "weights")
KEY = np.dtype("<i8")


def write_words(table: WordTable | None, ngram_size: int, n_labels: int) -> bytes:
    """Write a table.

    table (WordTable | None): What is known, if anything is.
    ngram_size (int): Words of its n-grams, at most.
    n_labels (int): How many labels there are.
    RETURNS (bytes): Numbers, hashes and safetensors, in msgpack: data, no code.
    """
    n_docs, keys, weights = 0, b"", b""
    if table is not None:
        n_docs = table.n_docs
        keys = table.keys.astype(KEY).tobytes()
        weights = save({name: torch.from_numpy(np.ascontiguousarray(getattr(table, name))) for name in WEIGHTS})
    return srsly.msgpack_dumps(
        {"ngram_size": ngram_size, "n_labels": n_labels, "n_docs": n_docs, "keys": keys, "weights": weights}
    )


def read_words(data: bytes, ngram_size: int) -> tuple[WordTable | None, int]:
    """Read what `write_words` wrote.

    data (bytes): The bytes, of whoever made the pipeline.
    ngram_size (int): Words of n-grams, as the config says.
    RETURNS (tuple[WordTable | None, int]): What is known, and the number of labels.
    RAISES (RefusedError): If they are damaged, or of n-grams of another size.
    """
    message = read_message(data, SOURCE)
    if message.keys() != PARTS.keys() or not all(isinstance(message[name], kind) for name, kind in PARTS.items()):
        raise damaged(SOURCE, f"{', '.join(map(str, message))[:100] or 'nothing'}", ", ".join(PARTS))
    if message["ngram_size"] != ngram_size:
        raise damaged(SOURCE, f"n-grams of up to {message['ngram_size']} words", f"{ngram_size}, as the config says")
    if not message["weights"]:
        return None, message["n_labels"]
    read = weights_of_bytes(message["weights"], source=f"The weights of {SOURCE}").read()
    arrays: dict[str, Any] = {name: tensor.numpy() for name, tensor in read.items()}
    n_known, n_labels = len(message["keys"]) // KEY.itemsize, message["n_labels"]
    expected = {"bias": (n_labels,), "idf": (n_known,), "weights": (n_known, n_labels)}
    shapes = {name: array.shape for name, array in arrays.items()}
    if shapes != expected or any(array.dtype != np.float32 for array in arrays.values()):
        raise damaged(SOURCE, f"tables of {shapes}", f"{expected}, in float32")
    keys = np.frombuffer(message["keys"][: n_known * KEY.itemsize], dtype=KEY).astype("int64")
    if not (np.diff(keys) > 0).all():
        raise damaged(SOURCE, "n-grams out of order", "ascending ones")
    return WordTable(keys=keys, n_docs=message["n_docs"], **arrays), n_labels
