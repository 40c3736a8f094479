"""A pipeline from a folder or an installed package. One kind of error stands for all that can be wrong with it."""

from pathlib import Path

from spacy import util
from spacy.language import Language
from spacy.pipeline import SpanCategorizer

from .heads import heads_of


class PipelineError(ValueError):
    """A pipeline cannot be loaded."""


def load_pipeline(name: str | Path) -> Language:
    """Load a pipeline.

    name (str | Path): Its folder, or the name of its package.
    RETURNS (Language): The pipeline.
    RAISES (PipelineError): If it is not there, or damaged; what spaCy, its components and their files raise is of every
        kind.
    """
    try:
        nlp = util.load_model(name)
        _check_labels(nlp)
        return nlp
    except MemoryError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        told = reason if isinstance(error, (ValueError, OSError)) else f"{type(error).__name__}: {reason}"
        folder = Path(name)
        if folder.is_dir() and not (folder / "config.cfg").is_file():
            told = f"{folder} holds no config.cfg, so it is not a pipeline"
        raise PipelineError(
            f"{name} cannot be loaded. Got: {told.rstrip('.')}. Expected: the folder of a trained pipeline, whole, "
            "such as training/model-best, or the name of an installed one. Check the name, or save the pipeline again."
        ) from error


def _check_labels(nlp: Language) -> None:
    """RAISES (ValueError): If a head scores other labels than it has: without its file `cfg`, spaCy gives it none."""
    for head in heads_of(nlp):
        width = head.model.maybe_get_dim("nO")
        n_labels = len(head.labels) + (isinstance(head, SpanCategorizer) and head.add_negative_label)
        if width not in (None, n_labels):
            raise ValueError(
                f"component '{head.name}' has {n_labels} labels and scores {width}; its file cfg is damaged"
            )
