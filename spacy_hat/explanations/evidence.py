"""The few sentences that decided, as plain values: for tables of many documents."""

from dataclasses import dataclass
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from .methods import explain_labels
from .question import check_classifier
from .texts import n_taken_out


@dataclass(frozen=True)
class Evidence:
    """Finds the sentences that speak most for the most probable label of a document.

    top (int): How many, at most.
    component (str | None): Name of the classifier; None: the only one there is.
    """

    top: int
    component: str | None = None

    def check(self, nlp: Language) -> None:
        """Check that a pipeline's labels can be explained.

        nlp (Language): The pipeline.
        RAISES (ValueError): If they cannot be.
        """
        check_classifier(nlp, self.component)

    def __call__(self, nlp: Language, doc: Doc) -> list[dict[str, Any]]:
        """Explain a document that went through the pipeline.

        nlp (Language): The pipeline.
        doc (Doc): The document.
        RETURNS (list[dict[str, Any]]): The component, its label, and of a sentence the characters and the score; the
            strongest first. None of a document without text.
        RAISES (ValueError): If it cannot be explained.
        """
        if not doc.text.strip():
            return []
        found = explain_labels(nlp, doc, component=self.component, exact=n_taken_out(doc))[0]
        sentences = found.sentences
        return [
            {
                "component": found.component,
                "label": found.label,
                "start": sentences[place].start_char,
                "end": sentences[place].end_char,
                "score": float(found.scores[place]),
            }
            for place in found.speaking_for(self.top)
        ]
