"""Cross-segment blocks that begin by passing their input through."""

from typing import Any

import torch

from spacy_hat.modeling import HATModel

from ..support.sources import LENGTH, SEGMENTS, Source, random_ids
from ..support.tiny import encode


def passed_through(hat: Any, source: Source) -> list[float]:
    """How far each cross-segment block moves its input, relative to the input's size."""
    moved: list[float] = []

    def record(_: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        moved.append(((output - inputs[0]).norm() / inputs[0].norm()).item())

    for layer in hat.encoder.layer:
        if layer.document_encoder is not None:
            layer.document_encoder.register_forward_hook(record)
    encode(hat, {"input_ids": random_ids(source, 4, SEGMENTS * LENGTH)})
    return moved


def test_identity_blocks_pass_their_input_through(main_source):
    copied = passed_through(main_source.start("S|SD|SD", cross_segment_start="copy").model, main_source)
    identity = passed_through(main_source.start("S|SD|SD", cross_segment_start="identity").model, main_source)
    assert max(identity) < 0.25
    assert max(identity) < min(copied) / 3


def test_identity_blocks_learn(main_source):
    hat = main_source.start("S|SD", cross_segment_start="identity").model.train()
    ids = random_ids(main_source, 2, SEGMENTS * LENGTH)
    target = torch.randn(2, SEGMENTS * LENGTH, 32, generator=torch.Generator().manual_seed(1))
    optimizer = torch.optim.Adam(hat.parameters(), lr=1e-3)
    before = hat.encoder.layer[1].document_encoder.attention.self.query.weight.clone()
    for _ in range(3):
        optimizer.zero_grad()
        (hat(input_ids=ids).last_hidden_state * target).sum().backward()
        optimizer.step()
    block = hat.encoder.layer[1].document_encoder
    assert block.attention.output.dense.weight.abs().max() > 0
    assert block.output.dense.weight.abs().max() > 0
    assert not torch.equal(block.attention.self.query.weight, before)


def test_identity_changes_cross_segment_blocks_only(main_source):
    copied = main_source.start("S|SD", cross_segment_start="copy").model.state_dict()
    identity = main_source.start("S|SD", cross_segment_start="identity").model.state_dict()
    changed = {name for name in copied if not torch.equal(copied[name], identity[name])}
    assert changed
    assert all(".document_encoder." in name for name in changed)


def test_identity_model_saves_and_loads_like_any(main_source, tmp_path):
    hat = main_source.start("S|SD", cross_segment_start="identity").model
    hat.save_pretrained(tmp_path)
    batch = {"input_ids": random_ids(main_source, 2, SEGMENTS * LENGTH)}
    assert torch.equal(encode(HATModel.from_pretrained(tmp_path), batch), encode(hat, batch))
