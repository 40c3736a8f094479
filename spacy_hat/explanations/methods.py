"""`spacy_hat.explain`: three ways to score sentences.

occlusion   take the sentence out, and see by how much the probability falls
gradient    size of the gradient of the log-odds times the encoder's input, summed over the sentence's pieces
attention   the weights of attentive pooling, the same for every label
"""

from collections.abc import Callable
from typing import get_args

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from ..choices import Method
from .attention import attention_shares, find_attentive
from .encoded import Asked, EncodedDocument
from .estimate import can_estimate, estimated_scores
from .explanation import EVIDENCE_KEY, Explanation
from .gradient import gradient_times_input
from .occlusion import occluded_scores
from .question import Decision, find_decision
from .words import DocumentWords

METHODS: tuple[str, ...] = get_args(Method)
Progress = Callable[[int], None]


def explain(
    nlp: Language,
    doc: Doc | str,
    label: str | None = None,
    *,
    span: Span | None = None,
    component: str | None = None,
    method: Method = "occlusion",
    exact: int | None = None,
    top: int | None = 10,
) -> Explanation:
    """Say how much each sentence of a document did for one of its labels, or for that of one of its spans.

    Writes the strongest sentences to `doc.spans["hat_evidence"]`, scores in `attrs["scores"]`, so that displaCy shows
    them: displacy.render(doc, style="span", options={"spans_key": "hat_evidence"}).

    nlp (Language): A pipeline with a `textcat`, `textcat_multilabel`, `spancat` or `spancat_singlelabel` of this
        package on a HAT encoder.
    doc (Doc | str): A document with sentence boundaries; a text is run through the pipeline first.
    label (str | None): The label to explain, whether it was given or not. None: the most probable one.
    span (Span | None): The span that the label is of, for a span categorizer. None: the label is the document's.
    component (str | None): Name of the classifier, if there are several.
    method (Method): `occlusion`: how the probability falls when the sentence is taken out; `gradient`: size of
        gradient times input, fast, for or against; `attention`: the weights of attentive pooling.
    exact (int | None): With `occlusion` of a document: so many sentences are taken out one by one, those that a quick
        estimate finds to matter most; the others keep the estimate, and `Explanation.is_exact` tells which. None: all.
    top (int | None): How many sentences, at most, go to doc.spans: those that speak most for the label, in reading
        order. None: all sentences, whatever their scores.
    RETURNS (Explanation): Scores of all sentences, and the probability.
    RAISES (ValueError): If there is no such classifier, label or pooling, or the document has no sentences.
    """
    doc = nlp(doc) if isinstance(doc, str) else doc
    decision = find_decision(nlp, doc, component=component, span=span, label=label)
    columns = None if label is None else [decision.column(label)]
    explanation = _explain(decision, columns, method, exact, _ignore)[0]
    doc.spans[EVIDENCE_KEY] = explanation.to_spans(top)
    return explanation


def explain_labels(
    nlp: Language,
    doc: Doc | str,
    *,
    span: Span | None = None,
    label: str | None = None,
    component: str | None = None,
    method: Method = "occlusion",
    exact: int | None = None,
    on_progress: Progress | None = None,
) -> list[Explanation]:
    """Explain every label of a classifier. With `occlusion` and `attention`, that costs no more than a single one.

    nlp, doc, span, component, method, exact: As for `explain`. `doc.spans` is left as it is.
    label (str | None): The label that comes first; None: the most probable one.
    on_progress (Callable[[int], None] | None): Called with the number of sentences (or labels, with `gradient`)
        that were just done.
    RETURNS (list[Explanation]): One for each label, the others by their probability.
    RAISES (ValueError): As `explain`.
    """
    doc = nlp(doc) if isinstance(doc, str) else doc
    decision = find_decision(nlp, doc, component=component, span=span, label=label)
    if label is not None:
        decision.column(label)  # an error now, not after minutes of work
    explanations = _explain(decision, list(range(len(decision.labels))), method, exact, on_progress or _ignore)
    return sorted(explanations, key=lambda explanation: (explanation.label != label, -explanation.probability))


def _explain(
    decision: Decision, columns: list[int] | None, method: str, exact: int | None, on_progress: Progress
) -> list[Explanation]:
    """Explain the labels of some columns; None: the most probable one."""
    head, span = decision.head, decision.asked()
    if method not in METHODS:
        raise ValueError(f"Unknown method {method!r}. Expected one of: {', '.join(METHODS)}.")
    if method == "attention" and find_attentive(head) is None:
        raise ValueError(
            f"Component '{decision.name}' has no attention weights to show. Got: a head that does not pool by them. "
            'Expected: "spacy-hat.DocumentClassifier.v1" with pooling = "attentive". Use method="occlusion" or '
            'method="gradient", or train the head with that pooling.'
        )
    if method == "gradient" and head.has_chain:
        raise ValueError(
            f"Component '{decision.name}' cannot be explained by gradients. Got: spacy-hat.SentenceChain.v1, in which "
            "the label of a sentence hangs on those of all others: a chain hands back the gradient of its loss, not "
            'that of one label. Expected: method="occlusion", which runs the chain again without each sentence.'
        )
    starts = decision.sentence_starts()
    encoded = EncodedDocument(head, head.read(decision.doc, starts))
    words = None if head.beside is None else DocumentWords(head.beside, decision.doc, starts)
    whole = _decided(words, encoded.scores(span)[None])[0]
    # The last column of spancat_singlelabel is that of spans without a label.
    columns = [int(whole[: len(decision.labels)].argmax())] if columns is None else columns
    is_exact = np.ones(encoded.document.n_sentences, dtype=bool)
    if method == "occlusion":
        without, is_exact = _occlude(encoded, words, span, columns, exact, on_progress)
        scores = (whole - without)[:, columns].T
    elif method == "gradient":
        piece_scores = gradient_times_input(encoded, span, columns, on_progress, decided=whole)
        # Without its sign, which is wrong where the model is sure: of planted sentences (scripts/explain/planted.py),
        # sizes rank the decisive one first, and signed sums rank it last.
        scores = np.stack([encoded.document.sums(np.abs(line)) for line in piece_scores])
        scores *= 1 if head.beside is None else head.beside.encoder_weight
    else:
        scores = np.tile(encoded.document.sums(attention_shares(encoded)), (len(columns), 1))
    return [
        Explanation(
            doc=decision.doc,
            component=decision.name,
            label=decision.labels[column],
            method=method,
            probability=float(whole[column]),
            scores=line.astype("float32"),
            span=decision.span,
            is_exact=is_exact,
            words=None if words is None else words.evidence(column),
        )
        for column, line in zip(columns, scores, strict=True)
    ]


def _decided(words: DocumentWords | None, found: np.ndarray, without: np.ndarray | None = None) -> np.ndarray:
    """The scores that a head's output is, or makes together with the words: of all, or without some sentences."""
    return found if words is None else words.scores(found, without)


def _occlude(
    encoded: EncodedDocument,
    words: DocumentWords | None,
    span: Asked,
    columns: list[int],
    exact: int | None,
    on_progress: Progress,
) -> tuple[np.ndarray, np.ndarray]:
    """(n_sentences, n_labels) The scores without each sentence, and (n_sentences,) which of them are exact."""
    n_sentences = encoded.document.n_sentences
    every = np.arange(n_sentences)
    if exact is None or exact >= n_sentences or not can_estimate(encoded):
        found = occluded_scores(encoded, span, on_progress)
        return _decided(words, found, every), np.ones(n_sentences, dtype=bool)
    found = estimated_scores(encoded)
    change = np.abs(_decided(words, encoded.scores(span)[None]) - _decided(words, found, every))[:, columns].max(axis=1)
    chosen = np.sort(np.argsort(-change, kind="stable")[:exact])
    found[chosen] = occluded_scores(encoded, span, on_progress, chosen)
    on_progress(n_sentences - len(chosen))
    return _decided(words, found, every), np.isin(every, chosen)


def _ignore(n_done: int) -> None:
    pass
