"""What a trained pipeline says of its own accuracy: only what was measured.

spaCy writes every score that some component is known for into meta.json, with 0.0 for those that nothing measured, and
model cards show them.
"""

from collections.abc import Callable

from spacy.language import Language


def measured_scores_v1() -> Callable[[Language], Language]:
    """Build a callback for `[training] before_to_disk`: it takes scores out of the meta that no component measures.

    RETURNS (Callable[[Language], Language]): From a pipeline to the same pipeline.
    """
    return keep_measured


def keep_measured(nlp: Language) -> Language:
    """Take scores out of the meta that only components without a scorer could report, such as a sentencizer's sents_f.

    nlp (Language): The pipeline, whose meta is changed.
    RETURNS (Language): The same.
    """
    known: set[str] = set()
    measured: set[str] = set()
    for name, component in nlp.pipeline:
        scores = nlp.get_pipe_meta(name).default_score_weights or {}
        known.update(scores)
        if getattr(component, "scorer", None) is not None:
            # A scorer's answer to an empty list of documents names everything that it reports.
            measured.update(component.score([]))  # type: ignore[attr-defined]
    performance = nlp.meta.get("performance", {})
    nlp.meta["performance"] = {name: score for name, score in performance.items() if name not in known - measured}
    return nlp
