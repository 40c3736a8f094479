"""The answer: a score for each sentence."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup

from .words import NgramScore

EVIDENCE_KEY = "hat_evidence"


# Not compared by value: arrays have no single answer to ==.
@dataclass(frozen=True, eq=False)
class Explanation:
    """How much each sentence of a document did for one decision.

    doc (Doc): The document.
    component (str): Name of the classifier.
    label (str): The label that is explained.
    method (str): How: "occlusion", "gradient" or "attention".
    probability (float): What the classifier gives the label.
    scores (ndarray): (n_sentences,) float32. With "occlusion", by how much the probability falls without the sentence:
        above 0, it speaks for the label, below 0 against it. The other methods say how much it counts, either way.
    span (Span | None): The span that the label is of; None for a label of the document.
    is_exact (ndarray | None): (n_sentences,) bool, which scores are exact, and not estimates; None: all are.
    words (list[NgramScore] | None): Of a head with a bag of n-grams: those that say most, from what speaks for the
        label to what speaks against it; None: the head has none.
    """

    doc: Doc = field(repr=False)
    component: str
    label: str
    method: str
    probability: float
    scores: np.ndarray = field(repr=False)
    span: Span | None = None
    is_exact: np.ndarray | None = field(default=None, repr=False)
    words: list[NgramScore] | None = field(default=None, repr=False)

    @property
    def sentences(self) -> list[Span]:
        """RETURNS (list[Span]): The sentences, in reading order, one for each score."""
        return list(self.doc.sents)

    def ranked(self) -> list[tuple[Span, float]]:
        """RETURNS (list[tuple[Span, float]]): Sentences and scores, what speaks most for the label first."""
        order = np.argsort(-self.scores, kind="stable").tolist()
        sentences = self.sentences
        return [(sentences[place], float(self.scores[place])) for place in order]

    def speaking_for(self, top: int | None = None) -> list[int]:
        """RETURNS (list[int]): Places in `sentences` of those above 0, the strongest first, `top` at most."""
        return _highest(self.scores, top)

    def speaking_against(self, top: int | None = None) -> list[int]:
        """RETURNS (list[int]): Places in `sentences` of those below 0, the strongest first, `top` at most. With
        methods other than occlusion, there are none."""
        return _highest(-self.scores, top)

    def words_for(self, top: int | None = None) -> list[NgramScore]:
        """Words that speak for the label, the strongest first, `top` at most; none if the head has no words."""
        return [word for word in self.words or () if word.score > 0][:top]

    def words_against(self, top: int | None = None) -> list[NgramScore]:
        """Words that speak against the label, the strongest first, `top` at most."""
        return [word for word in reversed(self.words or []) if word.score < 0][:top]

    def to_spans(self, top: int | None = None) -> SpanGroup:
        """Make spans of the sentences, as `spancat` stores its own: scores in `attrs["scores"]`.

        top (int | None): Only so many of the sentences that speak for the label, the strongest; None: all.
        RETURNS (SpanGroup): In reading order, each with the label.
        """
        chosen = np.arange(len(self.scores))
        if top is not None:
            chosen = np.array(sorted(self.speaking_for(top)), dtype=np.int64)
        sentences = self.sentences
        spans = [Span(self.doc, sentences[i].start, sentences[i].end, label=self.label) for i in chosen.tolist()]
        return SpanGroup(self.doc, name=EVIDENCE_KEY, attrs={"scores": self.scores[chosen]}, spans=spans)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The same in numbers and text, for JSON."""
        sentences = [
            {
                "number": number,
                "start": sentence.start_char,
                "end": sentence.end_char,
                "text": sentence.text,
                "score": float(score),
                "exact": self.is_exact is None or bool(self.is_exact[number - 1]),
            }
            for number, (sentence, score) in enumerate(zip(self.sentences, self.scores, strict=True), start=1)
        ]
        span = None if self.span is None else {"start": self.span.start_char, "end": self.span.end_char}
        return {
            "component": self.component,
            "label": self.label,
            "method": self.method,
            "probability": self.probability,
            "span": span,
            "sentences": sentences,
            **({} if self.words is None else {"words": [asdict(word) for word in self.words]}),
        }

    def _repr_html_(self) -> str:
        """RETURNS (str): What a notebook shows for it: the document, shaded."""
        from .page import render

        return render(self, jupyter=False)


def _highest(scores: np.ndarray, top: int | None) -> list[int]:
    order = np.argsort(-scores, kind="stable")[:top]
    return order[scores[order] > 0].tolist()
