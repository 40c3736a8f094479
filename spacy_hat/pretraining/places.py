"""The two folders of a pretraining: OUT, which is there when it is complete, and OUT.run, where it is being made.

models/hat-mine.run    the corpus in pieces, checkpoints, and what they are made of; removed in the end
models/hat-mine        the HAT, with pretraining.json: what it is made of, and how far it came
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..machine.kinds import CHECKPOINT, PRETRAINING, PRETRAINING_RUN
from ..machine.manifests import differences, open_manifest
from ..machine.places import check_place
from ..modeling.pretraining import HATForPretraining

CORPUS = "corpus"
OF_FILES = ("_name_or_path", "transformers_version", "architectures")
"""Entries of a configuration that tell of its file, and not of the encoder."""


def work_folder(output: Path) -> Path:
    """RETURNS (Path): Where the work for a folder is done, beside it."""
    output = output.absolute()
    return output.with_name(f"{output.name}.run")


def make_manifest(model: HATForPretraining, corpus: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Say what determines the result.

    model (HATForPretraining): As it begins.
    corpus (dict[str, Any]): What its files are.
    settings (dict[str, Any]): All settings.
    RETURNS (dict[str, Any]): In values of JSON.
    """
    encoder = model.hi_transformer  # heads that start fresh follow from the seed
    config = {name: value for name, value in encoder.config.to_dict().items() if name not in OF_FILES}
    digest = hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode())
    for name, tensor in encoder.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().contiguous().cpu().numpy().tobytes())
    return {"hat": digest.hexdigest(), "corpus": corpus, **settings}


def is_of(folder: Path, manifest: dict[str, Any]) -> bool:
    """RETURNS (bool): Whether a folder, finished or not, is of just this run."""
    file = folder / PRETRAINING
    return file.is_file() and not differences(file, manifest)


def begin(
    output: Path, manifest: dict[str, Any], about: dict[str, str], sources: Sequence[str | Path], *, force: bool
) -> None:
    """Check both folders, and write down in the second what it is for.

    output (Path): Where the HAT is to go.
    manifest (dict[str, Any]): What determines it.
    about (dict[str, str]): Names, which may change.
    sources (Sequence[str | Path]): What it is made from.
    force (bool): Whether to replace what there is, and to start over.
    RAISES (PlaceError): If something else would be lost.
    RAISES (MixedRunsError): If the work that is there is another run's.
    """
    work = work_folder(output)
    check_place(output, CHECKPOINT, force=force, sources=sources)
    file = work / PRETRAINING
    check_place(work, PRETRAINING_RUN, force=force or file.is_file(), sources=sources)
    if force and file.is_file():
        _clear(work)
    open_manifest(file, manifest, about, holds="the beginning", removes="that beginning")


@contextmanager
def nothing_left(work: Path) -> Iterator[None]:
    """Remove the work if a corpus turns out not to be one: it will be another one when it is corrected."""
    try:
        yield
    except ValueError:
        shutil.rmtree(work)
        raise


def _clear(work: Path) -> None:
    """Remove all work, the manifest last: what is left by a process that is killed here can be removed again."""
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != PRETRAINING:
            path.unlink()
    (work / PRETRAINING).unlink()
