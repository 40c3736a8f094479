"""`--ray [ADDRESS]`: an option that can stand alone, and what does not go with it. Nothing of Ray is needed here."""

import sys

import pytest

from spacy_hat.annotation.run import Report
from spacy_hat.cli import annotate

from ..support.annotations import run


@pytest.fixture
def asked(monkeypatch):
    """RETURNS (list): Addresses, actors and GPUs that runs asked for; and their models."""
    found = []

    def on_ray(*settings):
        return lambda source, output, task, plan, **options: found.append((*settings, task.model)) or Report()

    monkeypatch.setattr(annotate, "on_ray", on_ray)
    return found


GIVEN = {
    "m i o --ray": ("local", None, 0.0),
    "--ray m i o": ("local", None, 0.0),
    "m --ray i o -n 3": ("local", 3, 0.0),
    "m i o --ray local": ("local", None, 0.0),
    "m i o --ray auto --gpus-per-actor 0.5": ("auto", None, 0.5),
    "m i o --ray ray://head:10001": ("ray://head:10001", None, 0.0),
    "--ray 10.0.0.1:6379 m i o": ("10.0.0.1:6379", None, 0.0),
    "m i o --ray=auto": ("auto", None, 0.0),
}


@pytest.mark.parametrize("given", GIVEN)
def test_annotate_ray_takes_what_looks_like_an_address(asked, given):
    status, output = run(*given.split())
    assert status == 0, output
    assert asked == [(*GIVEN[given], "m")]


REFUSED = {
    "m i o --ray --shard 1/2": "--ray and --shard do not go together",
    "m i o --ray --gpu-id 0": "--ray and --gpu-id do not go together",
    "m i o --gpus-per-actor 1": "--gpus-per-actor is an option of --ray",
    "m i o --ray=head": "--ray is 'head'. Expected: local, auto, or an address",
}


@pytest.mark.parametrize("given", REFUSED)
def test_annotate_ray_refuses_what_does_not_go_with_it(asked, given):
    status, output = run(*given.split())
    assert (status, asked) == (2, [])
    assert REFUSED[given] in output


def test_annotate_ray_writes_tables_only():
    status, output = run("m", "i", "o", "--ray", "--format", "jsonl")
    assert status == 2
    assert "Ray writes Parquet. Got: --format jsonl" in output


def test_annotate_ray_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    status, output = run("m", "i", "o", "--ray")
    assert status == 2
    assert "python -m pip install 'spacy-hat[ray]'" in output
