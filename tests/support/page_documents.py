"""Documents with made-up explanations: what a page shows does not depend on where its numbers are from."""

from typing import Any

import numpy as np
import spacy
from spacy.tokens import Doc, Span, SpanGroup

from spacy_hat.explanations import Explanation

HOSTILE = "<script>document.title = 'owned'</script></article> & \"so\" it goes."
PARAGRAPHS = [
    "The lease began on the first of May. Rent was due each month.",
    f"Nothing in it was unusual. {HOSTILE} The tenant paid for two years.",
    "Then the roof fell in. The landlord was told on the same day. He did nothing for eight weeks.",
    "The court finds for the tenant. Costs follow.",
]
SCORES = {
    "TENANT": [0.01, 0.0, -0.002, 0.02, 0.005, 0.31, 0.12, 0.24, 0.4, 0.001],
    "LANDLORD": [0.0, 0.08, 0.002, 0.11, -0.005, -0.3, -0.1, -0.2, -0.35, 0.0],
}
LABELS = ["FACTS", "FACTS", "TERMS", "TERMS", "FACTS", "BREACH", "BREACH", "BREACH", "RULING", "COSTS"]


def make_doc(*, repeat: int = 1, labelled: bool = False) -> Doc:
    """A document of ten sentences, so many times; with the labels of a span categorizer, if asked for."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    doc = nlp("\n\n".join(PARAGRAPHS * repeat))
    sentences = list(doc.sents)
    assert len(sentences) == 10 * repeat
    if labelled:
        spans = [Span(doc, s.start, s.end, label=LABELS[i % 10]) for i, s in enumerate(sentences)]
        scores = np.full(len(spans), 0.875, dtype="float32")
        doc.spans["sc"] = SpanGroup(doc, name="sc", attrs={"scores": scores}, spans=spans)
    return doc


def make_explanations(doc: Doc, method: str = "occlusion", **settings: Any) -> list[Explanation]:
    """Two labels' explanations; sentences count less with each repetition."""
    n_sentences = len(list(doc.sents))
    fading = np.repeat(0.9 ** np.arange(n_sentences // 10), 10)
    made = []
    for label, probability in (("TENANT", 0.93), ("LANDLORD", 0.07)):
        scores = (np.resize(SCORES[label], n_sentences) * fading).astype("float32")
        made.append(Explanation(doc, "textcat", label, method, probability, scores, **settings))
    return made
