"""The fields at the head of a card, which the hub reads: it knows some licences by name, and languages by code."""

from typing import Any

from huggingface_hub import ModelCardData
from spacy.language import Language

from ..modeling.start.cards import TAGS
from .origin import Origin
from .scores import Scores, eval_results

# Licences that the hub has names for, as spaCy's pipelines spell them. Any other is "other", with its own name.
LICENCES = {
    *("mit", "apache-2.0", "bsd", "bsd-2-clause", "bsd-3-clause", "isc", "artistic-2.0", "mpl-2.0", "unlicense"),
    *("gpl", "gpl-2.0", "gpl-3.0", "agpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "eupl-1.1", "eupl-1.2", "odbl", "pddl"),
    *("cc", "cc0-1.0", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nd-4.0"),
    *("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0"),
    *("cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "openrail", "afl-3.0", "ecl-2.0", "ms-pl", "wtfpl", "zlib", "llama2"),
}
SOME_LANGUAGE = "xx"
"""spaCy's code for a pipeline of no one language."""


def front_matter(nlp: Language, origins: list[Origin], scores: Scores, data: str) -> str:
    """Write the fields in YAML.

    nlp (Language): The pipeline.
    origins (list[Origin]): Those of its encoders.
    scores (Scores): What was measured.
    data (str): What it was measured on.
    RETURNS (str): Without the lines of dashes around them.
    """
    base = list(dict.fromkeys(origin.base_model for origin in origins if origin.base_model))
    results = eval_results(scores, data)
    settings: dict[str, Any] = {
        **licence_fields(nlp.meta.get("license") or ""),
        "language": "multilingual" if nlp.lang == SOME_LANGUAGE else nlp.lang,
        "base_model": base[0] if len(base) == 1 else base or None,
        "pipeline_tag": results[0].task_type if results else None,
        "eval_results": results or None,
        "model_name": name_of(nlp) if results else None,
    }
    return ModelCardData(tags=TAGS, library_name="spacy-hat", **settings).to_yaml()


def name_of(nlp: Language) -> str:
    """RETURNS (str): What spaCy calls the package of a pipeline."""
    return f"{nlp.meta['lang']}_{nlp.meta['name']}"


def licence_fields(licence: str) -> dict[str, str]:
    """RETURNS (dict[str, str]): The hub's fields for a licence; none for none."""
    if not licence:
        return {}
    known = licence.strip().lower().replace(" ", "-")
    return {"license": known} if known in LICENCES else {"license": "other", "license_name": licence}
