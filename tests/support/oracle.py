"""The cases of the published implementation's recorded outputs, where that folder is at hand."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

FOLDER = Path(os.environ.get("SPACY_HAT_ORACLE", "SPACY_HAT_ORACLE-is-not-set"))
SKIPPED = pytest.param(
    None,
    marks=pytest.mark.skip(
        f"no recorded outputs of the published code in {FOLDER}: SPACY_HAT_ORACLE names their folder"
    ),
    id="no_oracle",
)
# what the code of 2024 and that of 2022-2023 answered: with and without document position embeddings
EXPECTED_FILES = {True: "expected.npz", False: "expected_pre_b5d0470.npz"}
GRADIENT_FILES = {True: "grads.npz", False: "grads_pre_b5d0470.npz"}


@dataclass(frozen=True)
class OracleCase:
    """One recorded run.

    checkpoint (Path): Folder of config.json and the weights.
    folder (Path): Folder of the inputs and outputs: the checkpoint's own, or that of one of its variants.
    document_positions (bool): Whether document position embeddings took part.
    """

    checkpoint: Path
    folder: Path
    document_positions: bool

    def __str__(self) -> str:
        suffix = "" if self.document_positions else "-no_document_positions"
        return f"{self.folder.relative_to(FOLDER)}{suffix}"

    @property
    def about(self) -> dict[str, Any]:
        return json.loads((self.checkpoint / "case.json").read_text(encoding="utf8"))

    @property
    def config(self) -> dict[str, Any]:
        """The published config.json, and what this case needs beside it."""
        config = json.loads((self.checkpoint / "config.json").read_text(encoding="utf8"))
        return {**config, **self.overrides}

    @property
    def overrides(self) -> dict[str, Any]:
        overrides = {"document_position_embeddings": self.document_positions, "pool_padding": True}
        return {**overrides, **self.about.get("constructor_kwargs", {})}

    @property
    def weights(self) -> dict[str, np.ndarray]:
        return load_file(self.checkpoint / "model.safetensors")

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        return {name: array for name, array in np.load(self.folder / "inputs.npz").items() if name != "labels"}

    @property
    def labels(self) -> np.ndarray:
        return np.load(self.folder / "inputs.npz")["labels"]

    @property
    def expected(self) -> dict[str, np.ndarray]:
        return dict(np.load(self.folder / EXPECTED_FILES[self.document_positions]))

    @property
    def expected_hidden_states(self) -> np.ndarray | None:
        """Those before the published code overwrote some of them, (n_layers + 1, n_docs, n_pieces, hidden_size)."""
        return self.expected.get("hidden_states_true", self.expected.get("hidden_states"))

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        return dict(np.load(self.folder / GRADIENT_FILES[self.document_positions]))

    @property
    def real_pieces(self) -> np.ndarray:
        """Where the attention mask is 1, (n_docs, n_pieces)."""
        inputs = self.inputs
        mask = inputs.get("attention_mask", np.ones_like(inputs["input_ids"]))
        return mask.reshape(-1, mask.shape[-1]) == 1


def find_cases(group: str, files: dict[bool, str]) -> Iterator[OracleCase]:
    """The cases of `layouts` or `heads`, and their variants, that have one of the given files."""
    for checkpoint in sorted(FOLDER.glob(f"{group}/*")):
        for folder in [checkpoint, *sorted(checkpoint.glob("variants/*"))]:
            for document_positions, name in files.items():
                if (folder / name).is_file():
                    yield OracleCase(checkpoint, folder, document_positions)


LAYOUTS = list(find_cases("layouts", EXPECTED_FILES))
HEADS = list(find_cases("heads", EXPECTED_FILES))
GRADIENTS = list(find_cases("layouts", GRADIENT_FILES))
HEAD_GRADIENTS = list(find_cases("heads", GRADIENT_FILES))


def over(cases: list[OracleCase]) -> pytest.MarkDecorator:
    """Parametrise a test over `case`; skip it, and say why, where there are none."""
    return pytest.mark.parametrize("case", cases or [SKIPPED], ids=str)
