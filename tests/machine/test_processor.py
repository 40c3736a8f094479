"""What is said of the machine."""

import os

from spacy_hat.machine.processor import describe_machine


def test_machine_is_described():
    found = describe_machine()
    assert found["cpu"]
    assert 1 <= found["cores"] <= os.cpu_count()
    assert found["threads"] >= 1
    assert isinstance(found["bfloat16"], bool)
