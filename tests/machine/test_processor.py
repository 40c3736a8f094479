"""What is said of the machine."""

import os

import pytest
import torch

from spacy_hat.machine import processor
from spacy_hat.machine.processor import cpu_multiplies_bfloat16, describe_machine


def test_machine_is_described():
    found = describe_machine()
    assert found["cpu"]
    assert 1 <= found["cores"] <= os.cpu_count()
    assert found["threads"] >= 1
    assert isinstance(found["bfloat16"], bool)


@pytest.mark.parametrize(
    ("machine", "takes", "has_instructions", "expected"),
    [
        ("x86_64", True, True, True),
        ("AMD64", True, True, True),
        ("x86_64", True, False, False),  # AVX-512 without bfloat16: Skylake, Cascade Lake, Ice Lake
        ("AMD64", True, False, False),
        ("x86_64", False, True, False),
        ("aarch64", True, False, True),
        ("aarch64", False, False, False),
    ],
)
def test_bfloat16_is_native_where_one_dnn_takes_it_and_x86_has_instructions(
    monkeypatch, machine, takes, has_instructions, expected
):
    monkeypatch.setattr(processor.platform, "machine", lambda: machine)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: takes)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_instructions)
    assert cpu_multiplies_bfloat16() == expected
