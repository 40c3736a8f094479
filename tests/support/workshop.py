"""Where mistakes are made: checkpoints and pipelines to spoil, each a fresh copy of a sound one."""

import json
import shutil
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from spacy.language import Language
from spacy.training import Example

from .pipelines import initialize, make_examples, make_nlp, save_hat, train
from .sources import Source

Weights = dict[str, torch.Tensor]
LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


class Workshop:
    """A folder with sound things in it, and tools to spoil copies of them.

    root (Path): An empty folder.
    """

    def __init__(self, root: Path):
        self.root = root
        self._n = 0

    def new(self, name: str = "folder") -> Path:
        self._n += 1
        folder = self.root / f"{name}-{self._n}"
        folder.mkdir()
        return folder

    @cached_property
    def sound_hat(self) -> Path:
        """A HAT: layout SD|S, 32 wide, 4 heads, 115 words, 6 segments of 12 pieces."""
        return save_hat(self.new("hat"))

    @cached_property
    def sound_bert(self) -> Path:
        """A BERT: 3 layers, 32 wide, 24 positions, 115 words."""
        return Source("bert", self.new("bert")).folder

    @cached_property
    def sound_pipeline(self) -> Path:
        nlp = make_nlp(self.sound_hat, "textcat")
        initialize(nlp)
        folder = self.new("pipeline")
        nlp.to_disk(folder)
        return folder

    def _copy(self, folder: Path, config: dict[str, Any]) -> Path:
        copy = self.new(folder.name.partition("-")[0])
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        if config:
            entries = {**json.loads((copy / "config.json").read_text()), **config}
            kept = {name: value for name, value in entries.items() if value is not None}
            (copy / "config.json").write_text(json.dumps(kept))
        return copy

    def hat(self, **config: Any) -> Path:
        """A HAT with other entries in its config.json; None takes one out."""
        return self._copy(self.sound_hat, config)

    def bert(self, **config: Any) -> Path:
        return self._copy(self.sound_bert, config)

    def pipeline(self) -> Path:
        return self._copy(self.sound_pipeline, {})


def write(folder: Path, file: str, content: str | bytes) -> Path:
    path = folder / file
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def remove(folder: Path, *files: str) -> Path:
    for file in files:
        (folder / file).unlink()
    return folder


def cut(folder: Path, file: str, n_bytes: int = -100) -> Path:
    """Keep so many bytes of a file, or all but so many."""
    return write(folder, file, (folder / file).read_bytes()[:n_bytes])


def change(folder: Path, edit: Callable[[Weights], Any]) -> Path:
    """Edit weights in place."""
    weights = load_file(folder / "model.safetensors")
    edit(weights)
    save_file(
        {name: weight.clone() for name, weight in weights.items()}, folder / "model.safetensors", {"format": "pt"}
    )
    return folder


def as_bin(folder: Path, content: Any = None, **options: Any) -> Path:
    """Replace model.safetensors by a pytorch_model.bin, of its weights or of something else."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights if content is None else content, folder / "pytorch_model.bin", **options)
    return folder


def drop(part: str) -> Callable[[Weights], None]:
    """An edit that takes out every weight with this in its name."""

    def edit(weights: Weights) -> None:
        for name in [name for name in weights if part in name]:
            del weights[name]

    return edit


def reshape(**shapes: Any) -> Callable[[Weights], None]:
    """An edit that gives other shapes; `__` in a name stands for a dot."""
    return lambda weights: weights.update({n.replace("__", "."): torch.zeros(shape) for n, shape in shapes.items()})


def start(name: Any, *components: str, **settings: Any) -> Language:
    """Make a pipeline around a checkpoint and initialize it, which reads it."""
    nlp = make_nlp(name, *components, **settings)
    initialize(nlp)
    return nlp


def learn(
    hat: Path,
    factory: str,
    config: dict[str, Any],
    *,
    labels: Iterable[str] | None = None,
    annotate: Callable[[Example], Any] = lambda example: None,
    sentencizer: bool = True,
) -> Language:
    """Train one head for a step, on examples that were annotated in another way."""
    nlp = make_nlp(hat, sentencizer=sentencizer)
    nlp.add_pipe(factory, config=config)
    if labels is not None:
        nlp.config["initialize"]["components"][factory] = {"labels": list(labels)}
    examples = make_examples(nlp)
    for example in examples:
        annotate(example)
    nlp.initialize(lambda: examples)
    train(nlp, examples, 1)
    return nlp
