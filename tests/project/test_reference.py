"""NumPy's reference: twins stay together, and spans are the sentencizer's sentences."""

import numpy
import pytest
import spacy
from spacy.pipeline import Sentencizer

from scripts.docstring_prose import LABELS, Paragraph
from scripts.numpy_reference import Entry, read_reference, twin_groups
from scripts.prepare_reference import make_doc, separate_full_stop, split_entries


def entry(name: str, *words: str) -> Entry:
    return Entry(name, (Paragraph("summary", f"{' '.join(words) or name} alpha beta gamma."),))


@pytest.fixture(scope="module")
def nlp():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp


@pytest.fixture(scope="module")
def reference() -> list[Entry]:
    return read_reference()


@pytest.mark.parametrize(
    ("first", "second", "are_twins"),
    [
        ("numpy.add", "numpy.ma.add", True),
        ("numpy.sum", "numpy.ndarray.sum", True),
        ("numpy.polynomial.legendre.legadd", "numpy.polynomial.chebyshev.chebadd", True),
        ("numpy.polynomial.hermite_e.hermeval", "numpy.polynomial.hermite.hermval", True),
        ("numpy.legadd", "numpy.chebadd", False),
        ("numpy.add", "numpy.subtract", False),
    ],
)
def test_twin_groups_join_names(first, second, are_twins):
    groups = twin_groups([entry(first, "one", "two", "three", "four"), entry(second, "five", "six", "seven", "eight")])
    assert (groups[0] == groups[1]) == are_twins


def test_twin_groups_join_near_duplicates():
    text = [f"word{i}" for i in range(30)]
    groups = twin_groups([entry("a", *text), entry("b", *text, "more"), entry("c", *reversed(text))])
    assert groups[0] == groups[1] != groups[2]


def test_read_reference_has_only_known_labels(reference):
    assert {paragraph.label for entry in reference for paragraph in entry.paragraphs} == set(LABELS)


def test_read_reference_is_the_same_every_time(reference):
    assert read_reference() == reference


def test_split_entries_has_no_leaf_name_in_two_parts(reference):
    parts = split_entries(reference, twin_groups(reference), seed=0)
    names = [{entry.leaf_name for entry in part} for part in parts.values()]
    assert sum(len(part) for part in names) == len(set().union(*names))


def test_split_entries_keeps_every_entry(reference):
    parts = split_entries(reference, twin_groups(reference), seed=1)
    assert sorted(map(repr, reference)) == sorted(repr(entry) for part in parts.values() for entry in part)


def test_split_entries_sends_large_groups_to_train():
    entries = [entry(f"numpy.f{i}", str(i)) for i in range(100)]
    groups = numpy.where(numpy.arange(100) < 30, 0, numpy.arange(100))
    parts = split_entries(entries, groups, seed=0)
    assert {entry.name for entry in entries[:30]} <= {entry.name for entry in parts["train"]}


@pytest.mark.parametrize(
    ("text", "separated"),
    [
        ("The shape of a.", "The shape of a ."),
        ("The slice contains NaN.", "The slice contains NaN ."),
        ("The sum.", "The sum."),
        ("Is it?", "Is it?"),
    ],
)
def test_separate_full_stop_only_where_the_tokenizer_does_not(nlp, text, separated):
    assert separate_full_stop(text, nlp) == separated


def test_make_doc_labels_every_sentence_with_its_section(nlp):
    paragraphs = [
        Paragraph("summary", "Add things. Twice."),
        Paragraph("parameters", "a : array The same shape as a."),
        Paragraph("returns", "(M,) array, the sum."),
        Paragraph("notes", "Is it? It is!"),
    ]
    doc = make_doc(paragraphs, nlp, Sentencizer())
    assert [span.label_ for span in doc.spans["sc"]] == ["summary"] * 2 + ["parameters", "returns"] + ["notes"] * 2


def test_make_doc_joins_paragraphs_by_one_space(nlp):
    paragraphs = [Paragraph("summary", "One."), Paragraph("summary", "Two."), Paragraph("notes", "Three.")]
    assert make_doc(paragraphs, nlp, Sentencizer()).text == "One. Two. Three."


def test_make_doc_stores_no_sentences_of_its_own(nlp):
    assert not make_doc([Paragraph("summary", "One. Two.")], nlp, Sentencizer()).has_annotation("SENT_START")


def test_make_doc_refuses_a_sentence_of_two_sections(nlp):
    with pytest.raises(ValueError, match="from the sections"):
        make_doc([Paragraph("summary", "One -"), Paragraph("notes", "two.")], nlp, Sentencizer())


def test_make_doc_spans_equal_the_sentences_of_a_pipeline(nlp, reference):
    docs = [make_doc(entry.paragraphs, nlp, Sentencizer()) for entry in reference[::10]]
    spans = [[(span.start, span.end) for span in doc.spans["sc"]] for doc in docs]
    assert spans == [[(sent.start, sent.end) for sent in nlp(doc.text).sents] for doc in docs]
