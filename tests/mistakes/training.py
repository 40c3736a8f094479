"""Mistakes in annotation and training: what stock components would ignore without a word."""

from spacy.tokens import Span

from ..support.mistake import Mistake
from ..support.pipelines import SENTENCES, document_head, initialize, make_nlp, make_text, span_head
from ..support.workshop import learn, start

NGRAMS = {"@misc": "spacy.ngram_suggester.v1", "sizes": [1, 2, 3, 4]}
NOTHING = [
    "Component 'spancat' has nothing to learn from",
    "Got: 12 training documents",
    "'spancat' (12)",
    "Set spans_key",
]


def spancat(w, key="spancat", suggester=SENTENCES, **options):
    config = {"model": span_head(False), "suggester": suggester, "spans_key": key}
    return learn(w.sound_hat, "spancat", config, **options)


def textcat(w, **options):
    return learn(w.sound_hat, "textcat", {"model": document_head(True)}, **options)


def without_full_stop(example):
    doc = example.reference
    doc.spans["spancat"] = [Span(doc, span.start, span.end - 1, span.label_) for span in doc.spans["spancat"]]


def two_sentences(example):
    """A span over the first two sentences, beside the one that is right."""
    doc = example.reference
    stops = [token.i for token in doc if token.text == "."]
    doc.spans["spancat"] = [*doc.spans["spancat"], Span(doc, 0, stops[1] + 1, "WON")]


def no_labels(example):
    example.reference.cats = {}


def one_more_label(example):
    example.reference.cats = {**example.reference.cats, "REMITTED": 0.0}


TRAINING = [
    Mistake(
        "annotated spans under another key than spans_key", lambda w: spancat(w, "sc"), [*NOTHING, "spans_key, 'sc'"]
    ),
    Mistake(
        "annotated spans under another key than spans_key, and labels given",
        lambda w: spancat(w, "sc", labels=["WON", "LOST"]),
        [*NOTHING, "spans_key, 'sc'"],
        UserWarning,
    ),
    Mistake(
        "annotated spans that equal no sentence",
        lambda w: spancat(w, annotate=without_full_stop),
        [
            "12 of 12 annotated spans",
            "equal no sentence",
            "ignored",
            "'costs follow'",
            "Expected: the sentences",
            "Annotate",
        ],
        UserWarning,
    ),
    Mistake(
        "some annotated spans that equal no sentence",
        lambda w: spancat(w, annotate=two_sentences),
        ["12 of 24 annotated spans", "equal no sentence", "Expected: the sentences"],
        UserWarning,
    ),
    Mistake(
        "a label of spans without examples",
        lambda w: spancat(w, labels=["WON", "LOST", "DRAWN"]),
        ["labels without examples: DRAWN", "none among 12", "Expected: some of each", "remove the labels"],
        UserWarning,
    ),
    Mistake(
        "a label of documents without examples",
        lambda w: textcat(w, labels=["DISMISSED", "ALLOWED", "REMITTED"]),
        ["labels without examples: REMITTED", "none among 12", "Expected: some of each", "remove the labels"],
        UserWarning,
    ),
    Mistake(
        "a label that is false for every document",
        lambda w: textcat(w, annotate=one_more_label),
        ["labels without examples: REMITTED", "none among 12", "Expected: some of each"],
        UserWarning,
    ),
    Mistake(
        "a label of spans left out of [initialize]",
        lambda w: spancat(w, labels=["WON"]),
        [
            "given the labels WON",
            "Got: documents with LOST",
            "Expected: every label",
            "[initialize.components.spancat]",
        ],
    ),
    Mistake(
        "a label of documents left out of [initialize]",
        lambda w: textcat(w, labels=["DISMISSED", "OTHER"]),
        ["given the labels DISMISSED, OTHER", "Got: documents with ALLOWED", "Expected: every label", "are ignored"],
        UserWarning,
    ),
    Mistake(
        "no label on any document",
        lambda w: textcat(w, annotate=no_labels),
        ["Component 'textcat' has nothing to learn from", "Got: 12", "Expected: labels", "Annotate the documents"],
    ),
    Mistake(
        "no sentencizer: the encoder",
        lambda w: spancat(w, sentencizer=False),
        ["A Doc has no sentence boundaries", 'packed as with "fixed"', "Put a 'sentencizer'", "annotating_components"],
        UserWarning,
    ),
    Mistake(
        "no sentencizer: the sentence suggester",
        lambda w: spancat(w, sentencizer=False),
        ["No sentences to suggest", "hence no spans", "Expected: a component that sets them", "Put a `sentencizer`"],
        UserWarning,
    ),
    Mistake(
        "no sentencizer, where sentences are required",
        lambda w: start(w.sound_hat, sentencizer=False, require_sentences=True)(make_text(1)),
        ["A Doc has no sentence boundaries", "require_sentences = true needs", "Put a 'sentencizer'"],
    ),
    Mistake(
        "a sentencizer that is not in annotating_components",
        lambda w: (nlp := make_nlp(w.sound_hat, "textcat")).update(initialize(nlp), annotates=[]),
        ["A Doc has no sentence boundaries", "list it in annotating_components of [training]"],
        UserWarning,
    ),
    Mistake(
        "a document with more segments than overflow = error takes",
        lambda w: start(w.sound_hat, overflow="error", packing="sentences")(make_text(1) * 9),
        ["1 of 1 documents", "more than 6 segments", 'overflow is "error"', 'Set overflow = "window"'],
    ),
]
