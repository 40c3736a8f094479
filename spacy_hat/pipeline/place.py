"""The pipeline that a component stands in, and how long its texts may be: `nlp.max_length`, which no config can set.

spaCy refuses texts of more than a million characters (E088), since its parser and entity recognizer take about a
gigabyte of memory for each 100,000 characters. The encoder of this package reads whole documents in bounded memory.
"""

import weakref
from typing import Any

from spacy.language import Language
from spacy.pipeline.transition_parser import Parser

from ..choices import MaxLength

WHOLE_DOCUMENTS = 100_000_000
"""What `auto` stands for: more than any book."""


class Place:
    """Where a component stands. spaCy tells a component its pipeline when it is built, and not again when it is loaded.

    A duplicate, of the component or of the whole pipeline, does not know its place, until it is initialized.

    nlp (Language | None): The pipeline; its limit is raised, never lowered.
    max_length (MaxLength): Characters of a text: `auto` is as many as any document has, but what spaCy allows where its
        own parser or entity recognizer is in the pipeline; None leaves the limit alone.
    """

    def __init__(self, nlp: Language | None, max_length: MaxLength) -> None:
        self.max_length = max_length
        self._nlp = None if nlp is None else weakref.ref(nlp)
        if nlp is not None:
            self._found = nlp.max_length
            nlp.max_length = max(nlp.max_length, self._wanted(nlp))

    def __reduce__(self) -> Any:
        return Place, (None, self.max_length)

    @property
    def nlp(self) -> Language | None:
        """RETURNS (Language | None): The pipeline, if it is known and still there."""
        return None if self._nlp is None else self._nlp()

    def look_again(self) -> None:
        """Take back what `auto` did, if a component has come for which spaCy's limit is there."""
        nlp = self.nlp
        if nlp is not None and self.max_length == "auto" and nlp.max_length == WHOLE_DOCUMENTS:
            nlp.max_length = max(self._found, self._wanted(nlp))

    def _wanted(self, nlp: Language) -> int:
        if self.max_length == "auto":
            return 0 if takes_much_memory(nlp) else WHOLE_DOCUMENTS
        return self.max_length or 0


def check_max_length(max_length: MaxLength, component: str) -> None:
    """Check a setting. RAISES (ValueError): If it is not a positive number, "auto" or null."""
    if isinstance(max_length, int) and max_length <= 0:
        raise ValueError(
            f"Component '{component}' cannot limit texts to {max_length} characters. Got: max_length = {max_length}. "
            f'Expected: a positive number, "auto" ({WHOLE_DOCUMENTS:,}, but spaCy\'s own limit beside its parser or '
            "ner), or null, which leaves nlp.max_length as it is. Correct it in "
            f"[components.{component}]."
        )


def takes_much_memory(nlp: Language) -> bool:
    """RETURNS (bool): Whether spaCy's parser or entity recognizer, which its limit is for, is in the pipeline."""
    return any(isinstance(component, Parser) for _, component in nlp.pipeline)
