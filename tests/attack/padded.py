"""Padded batches for HATModel.forward, right and wrong."""

from random import Random
from typing import Any

import numpy as np
import torch

from .bench import Bench
from .case import Case, Sandbox, pick

LENGTH, N_PIECES, WIDTH = 12, 115, 32


def _ids(generator: torch.Generator, n_docs: int, n_slots: int) -> torch.Tensor:
    return torch.randint(5, N_PIECES, (n_docs, n_slots), generator=generator)


def _mask(random: Random, n_docs: int, n_slots: int) -> torch.Tensor:
    """Real pieces at the start of each segment, as packing makes them, or with holes."""
    if random.random() < 0.3:
        mask = torch.tensor([[random.random() < 0.7 for _ in range(n_slots)] for _ in range(n_docs)])
        mask[:, ::LENGTH] = True
        return mask.long()
    mask = torch.zeros(n_docs, n_slots)
    for doc in range(n_docs):
        for start in range(0, n_slots, LENGTH):
            mask[doc, start : start + random.randint(1, LENGTH)] = 1
    return mask.to(pick(random, [torch.long, torch.bool, torch.float32, torch.int8]))


def sound(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """A batch says of each document what it says of it alone."""
    generator, encoder = torch.Generator().manual_seed(random.randrange(2**31)), bench.encoder
    n_docs, n_slots = random.randint(1, 4), random.randint(1, 6 * LENGTH)
    ids, mask = _ids(generator, n_docs, n_slots), _mask(random, n_docs, n_slots)
    inputs: dict[str, Any] = {"attention_mask": mask}
    if random.random() < 0.3:
        inputs["inputs_embeds"] = torch.randn(n_docs, n_slots, WIDTH, generator=generator)
    else:
        inputs["input_ids"] = ids.to(pick(random, [torch.long, torch.int32, torch.int16]))
    if random.random() < 0.2:
        inputs["token_type_ids"] = torch.zeros_like(ids)
    inputs = {name: _strided(random, tensor) for name, tensor in inputs.items()}

    def wrong(output: Any) -> str:
        for doc in range(n_docs):
            alone = encoder(**{name: tensor[doc : doc + 1].contiguous() for name, tensor in inputs.items()})
            if not torch.allclose(alone.last_hidden_state[0], output.last_hidden_state[doc], atol=1e-5):
                return f"document {doc} is another one alone"
        if output.last_hidden_state[mask == 0].any():
            return "padding is not zeros"
        return "" if output.last_hidden_state.isfinite().all() else "vectors that are not finite"

    what = {name: (tuple(tensor.shape), str(tensor.dtype)) for name, tensor in inputs.items()}
    return Case(f"HATModel.forward, sound: {what}", lambda: _forward(encoder, inputs), "", wrong)


def _strided(random: Random, tensor: torch.Tensor) -> torch.Tensor:
    return tensor if random.random() < 0.7 else tensor.transpose(0, 1).contiguous().transpose(0, 1)


def _forward(encoder: Any, inputs: dict[str, Any]) -> Any:
    with torch.no_grad():
        return encoder(**inputs)


def hostile(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """One thing is wrong."""
    generator, encoder = torch.Generator().manual_seed(random.randrange(2**31)), bench.encoder
    n_docs, n_segments = random.randint(1, 3), random.randint(1, 3)
    n_slots = n_segments * LENGTH
    ids = _ids(generator, n_docs, n_slots)
    ones, vectors = torch.ones(n_docs, n_slots), torch.randn(n_docs, n_slots, WIDTH, generator=generator)
    doc, slot = random.randrange(n_docs), random.randrange(n_slots)

    def at(tensor: torch.Tensor, value: Any) -> torch.Tensor:
        changed = tensor.clone()
        changed[doc, slot] = value
        return changed

    ways: dict[str, dict[str, Any]] = {
        "a mask for half the slots": {"input_ids": torch.cat([ids, ids], 1), "attention_mask": ones},
        "a mask for twice the slots": {"input_ids": ids, "attention_mask": torch.cat([ones, ones], 1)},
        "a mask for more documents": {"input_ids": ids, "attention_mask": torch.cat([ones, ones[:1]])},
        "a mask for one document": {"input_ids": torch.cat([ids, ids]), "attention_mask": ones[:1]},
        "a flat mask": {"input_ids": ids, "attention_mask": ones.flatten()},
        "a mask of four dimensions": {"input_ids": ids, "attention_mask": ones[:, None, None]},
        "flat ids": {"input_ids": ids.flatten()},
        "ids of three dimensions": {"input_ids": ids.view(n_docs, n_segments, LENGTH)},
        "one id": {"input_ids": torch.tensor(5)},
        "ids of floats": {"input_ids": ids.float()},
        "ids of booleans": {"input_ids": ids > 50},
        "complex ids": {"input_ids": ids.to(torch.complex64)},
        "an id below 0": {"input_ids": at(ids, -random.randint(1, 2**40))},
        "an id beyond the table": {"input_ids": at(ids, N_PIECES + random.choice([0, 1, 10**6, 2**40]))},
        "a list of ids": {"input_ids": ids.tolist()},
        "ids of numpy": {"input_ids": np.asarray(ids)},
        "text": {"input_ids": "the court held that."},
        "nothing": {},
        "ids and vectors": {"input_ids": ids, "inputs_embeds": vectors},
        "vectors of another width": {"inputs_embeds": vectors[:, :, :31]},
        "vectors of whole numbers": {"inputs_embeds": vectors.long()},
        "vectors with NaN": {"inputs_embeds": at(vectors, float("nan"))},
        "vectors with infinity": {"inputs_embeds": at(vectors, float("inf"))},
        "vectors of two dimensions": {"inputs_embeds": vectors[0]},
        "more segments than there are positions": {"input_ids": ids.repeat(1, 7)},
        "ids on the meta device": {"input_ids": ids.to("meta")},
        "a mask on the meta device": {"input_ids": ids, "attention_mask": ones.to("meta")},
        "sparse ids": {"input_ids": ids.to_sparse()},
        "a sparse mask": {"input_ids": ids, "attention_mask": ones.to_sparse()},
        "a list for a mask": {"input_ids": ids, "attention_mask": ones.tolist()},
        "attentions": {"input_ids": ids, "output_attentions": True},
        "types beyond the table": {"input_ids": ids, "token_type_ids": at(torch.zeros_like(ids), 9)},
        "types below 0": {"input_ids": ids, "token_type_ids": at(torch.zeros_like(ids), -1)},
        "types of floats": {"input_ids": ids, "token_type_ids": ones},
        "positions beyond the table": {"input_ids": ids, "position_ids": at(torch.zeros_like(ids), 10**6)},
        "positions below 0": {"input_ids": ids, "position_ids": at(torch.zeros_like(ids), -2)},
        "positions of other slots": {"input_ids": ids, "position_ids": torch.zeros(n_docs, n_slots + 1).long()},
        "positions for all documents at once": {"input_ids": torch.cat([ids, ids]), "position_ids": ids[:1] * 0},
        **{
            f"a mask with {value}": {"input_ids": ids, "attention_mask": at(ones, value)}
            for value in (-1.0, 0.5, 2.0, float("nan"), float("inf"), -10000.0, 1e-30)
        },
        "a complex mask": {"input_ids": ids, "attention_mask": ones.to(torch.complex64)},
        "a mask of 2 in int8": {"input_ids": ids, "attention_mask": at(ones.to(torch.int8), 2)},
    }
    what = pick(random, ways)
    inputs = ways[what]
    if n_docs == 1 and what == "positions for all documents at once":
        inputs = {"input_ids": torch.cat([ids, ids]), "position_ids": ids * 0}
    return Case(f"HATModel.forward, {what}, {(n_docs, n_slots)}", lambda: _forward(encoder, inputs), what)


def empty(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """No documents, no slots, or nothing but padding."""
    encoder = bench.encoder
    n_docs, n_slots = random.choice([(0, 0), (0, 12), (2, 0), (2, 24)])
    mask = torch.zeros(n_docs, n_slots).to(pick(random, [torch.long, torch.bool]))
    inputs = {"input_ids": torch.full((n_docs, n_slots), 5), "attention_mask": mask}

    def wrong(output: Any) -> str:
        vectors = output.last_hidden_state
        is_right = vectors.shape == (n_docs, n_slots, WIDTH) and not vectors.any()
        return "" if is_right else f"vectors of {tuple(vectors.shape)}"

    return Case(f"HATModel.forward of nothing, {(n_docs, n_slots)}", lambda: _forward(encoder, inputs), "", wrong)
