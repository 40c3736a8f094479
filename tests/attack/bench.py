"""Sound things, made once, whose copies are spoiled."""

import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

import spacy
import srsly
import torch
from spacy.tokens import DocBin

from ..support.configs import small_corpus
from ..support.fine_tuned import PROBLEMS, save_head
from ..support.pipelines import encoder_of, initialize, make_nlp, save_hat
from ..support.sources import Source

TEXT = "the appeal was dismissed. costs follow. the court held that. we read whole documents."


class Bench:
    """Checkpoints, pipelines and documents that nothing is wrong with.

    root (Path): An empty folder.
    """

    def __init__(self, root: Path):
        self.root = root

    def _new(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir()
        return folder

    @cached_property
    def hat(self) -> Path:
        return save_hat(self._new("hat"))

    @cached_property
    def sources(self) -> dict[str, Path]:
        return {name: Source(name, self._new(name)).folder for name in ("bert", "roberta", "distilbert")}

    @cached_property
    def heads(self) -> dict[str, Path]:
        return {task: save_head(self._new(f"head-{task}"), task) for task in PROBLEMS}

    @cached_property
    def nlp(self) -> Any:
        nlp = make_nlp(self.hat, "textcat", "spancat_singlelabel")
        initialize(nlp)
        return nlp

    @cached_property
    def pipeline(self) -> Path:
        folder = self.root / "pipeline"
        self.nlp.to_disk(folder)
        return folder

    @cached_property
    def message(self) -> dict[str, Any]:
        """What a pipeline stores of its encoder."""
        return srsly.msgpack_loads(self.nlp.get_pipe("transformer").model.shims[0].to_bytes())

    @cached_property
    def weights(self) -> dict[str, torch.Tensor]:
        return {name: weight.clone() for name, weight in encoder_of(self.nlp).state_dict().items()}

    @cached_property
    def encoder(self) -> Any:
        from spacy_hat.modeling import HATModel

        return HATModel.from_pretrained(self.hat).eval()

    @cached_property
    def corpus(self) -> Path:
        path = self.root / "corpus.spacy"
        small_corpus().to_disk(path)
        return path

    @cached_property
    def dev(self) -> Path:
        """Documents with sentences and their labels, where `spancat_singlelabel` looks for them."""
        nlp = spacy.blank("en")
        docs = DocBin(store_user_data=True)
        from ..support.pipelines import annotate, make_text

        for number in range(4):
            docs.add(annotate(nlp.make_doc(make_text(number)), number))
        path = self.root / "dev.spacy"
        docs.to_disk(path)
        return path

    @cached_property
    def config(self) -> str:
        """A config of `init-config` for these documents."""
        from spacy_hat.training.config import training_config

        paths = {"hat": str(self.hat), "train": str(self.corpus), "dev": str(self.corpus)}
        return training_config(["textcat"], **paths)

    @cached_property
    def answers(self) -> dict[str, float]:
        """What the pipeline says of TEXT."""
        return dict(self.nlp(TEXT).cats)


def copy(thing: Path, place: Path) -> Path:
    """RETURNS (Path): A copy of a file or folder."""
    if thing.is_dir():
        return Path(shutil.copytree(thing, place))
    return Path(shutil.copyfile(thing, place))
