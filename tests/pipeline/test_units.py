"""`hat_units`: sentences that are lines, paragraphs, headings, list items, or what a pattern finds."""

import pickle

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.training import Example

from spacy_hat.pipeline.unit_patterns import FINDERS

MANUAL = """\
# Pump 7

1. Safety
Read this first.  Then
start.

2.1 Starting
Do so:
- Open valve A; wait.
  It hisses.
- Turn the key.

STOPPING

Close it.
Notes
-----
None."""


def units(text, **config):
    nlp = spacy.blank("en")
    nlp.add_pipe("hat_units", config=config)
    return [sent.text.strip() for sent in nlp(text).sents]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("lines", [line.strip() for line in MANUAL.splitlines() if line.strip()]),
        ("paragraphs", MANUAL.split("\n\n")),
        (
            "items",
            [
                "# Pump 7",
                "1. Safety\nRead this first.  Then\nstart.",
                "2.1 Starting\nDo so:",
                "- Open valve A; wait.\n  It hisses.",
                "- Turn the key.",
                "STOPPING",
                "Close it.\nNotes\n-----\nNone.",
            ],
        ),
        (
            "headings",
            [
                "# Pump 7",
                "1. Safety\nRead this first.  Then\nstart.",
                "2.1 Starting",
                "Do so:\n- Open valve A; wait.\n  It hisses.\n- Turn the key.",
                "STOPPING",
                "Close it.",
                "Notes\n-----",
                "None.",
            ],
        ),
    ],
)
def test_units_of_a_manual(unit, expected):
    assert units(MANUAL, unit=unit) == expected


@pytest.mark.parametrize(
    ("line", "is_heading"),
    [
        ("## Any length of it. Really.", True),
        ("Article 5", True),
        ("§ 12 Rent", True),
        ("3.2.1 Valves", True),
        ("IV. History", True),
        ("RENT AND PAYMENT", True),
        ("3.2 pumps were sold in May.", False),
        ("Article 5 applies here.", False),
        ("A. Smith was there.", False),
        ("Rent", False),
        ("1984", False),
        ("§ " + "x" * 200, False),
    ],
)
def test_units_take_lines_for_headings(line, is_heading):
    assert (FINDERS["headings"](f"Before.\n\n{line}\n\nAfter.") != []) == is_heading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\n\n\nd", ["a", "b", "c", "d"]),
        ("a\u2028b\u2029c\x85d\x0be\x0cf", ["a", "b", "c", "d", "e", "f"]),
        ("\n\n a\n \t\n b \n\n", ["a", "b"]),
        ("a", ["a"]),
        (" \n ", [""]),
        ("", []),
    ],
)
def test_units_that_are_lines(text, expected):
    assert units(text, unit="lines") == expected


@pytest.mark.parametrize("end", ["\n\n", "\n \t\n", "\r\n\r\n", "\u2029"])
def test_units_that_are_paragraphs(end):
    assert units(f"a\nb{end}c", unit="paragraphs") == ["a\nb", "c"]


def test_units_of_a_pattern():
    text = "Q: one? A: two. Q: three? A: x"
    assert units(text, unit="pattern", pattern="[QA]:") == ["Q: one?", "A: two.", "Q: three?", "A: x"]
    assert units("a\nb\nc", unit="pattern", pattern="^c") == ["a\nb", "c"]
    assert units("a  b", unit="pattern", pattern=r"\s+") == ["a", "b"]
    assert units("a  b", unit="pattern", pattern=r"\s+b") == ["a", "b"]


def test_units_inside_a_token_begin_with_it():
    assert units("one two", unit="pattern", pattern="wo") == ["one", "two"]


def test_units_are_added_to_sentences():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("hat_units", config={"unit": "paragraphs", "keep": True})
    assert [sent.text for sent in nlp("Title\n\nOne. Two.\nThree").sents] == ["Title\n\n", "One.", "Two.\n", "Three"]


def test_units_replace_sentences_unless_told():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("hat_units", config={"unit": "lines"})
    assert [sent.text for sent in nlp("One. Two.\nThree").sents] == ["One. Two.\n", "Three"]


def test_units_that_are_given_stay_as_they_are():
    nlp = spacy.blank("en")
    nlp.add_pipe("hat_units", config={"unit": "given"})
    doc = Doc(nlp.vocab, words=["a", "b", "c"], sent_starts=[True, False, True])
    assert [sent.text for sent in nlp(doc).sents] == ["a b", "c"]
    assert not nlp("a b").has_annotation("SENT_START")


@pytest.mark.parametrize("unit", ["lines", "given"])
def test_units_that_are_too_long_are_cut(unit):
    nlp = spacy.blank("en")
    nlp.add_pipe("hat_units", config={"unit": unit, "max_tokens": 3})
    doc = Doc(nlp.vocab, words=["a"] * 7, sent_starts=[True] + [False] * 6)
    assert [len(sent) for sent in nlp(doc).sents] == [2, 2, 3]


@given(st.text("ab1. -#\n\t", max_size=60), st.sampled_from([*FINDERS]), st.booleans())
def test_units_are_whole_and_begin_with_words(text, unit, keep):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("hat_units", config={"unit": unit, "keep": keep})
    doc = nlp(text)
    assert "".join(sent.text_with_ws for sent in doc.sents) == text
    assert not any(sent[0].is_space for sent in list(doc.sents)[1:])
    assert len(doc) == 0 or doc.has_annotation("SENT_START")


@pytest.mark.parametrize("unit", ["lines", "items"])
def test_units_cover_those_of_another_process(unit):
    nlp = spacy.blank("en")
    nlp.add_pipe("hat_units", config={"unit": unit})
    texts = [MANUAL, "", " ", "a\nb"]
    one, two = (
        [[sent.text for sent in doc.sents] for doc in nlp.pipe(texts, n_process=n, batch_size=1)] for n in (1, 2)
    )
    assert one == two


def test_units_annotate_in_training():
    nlp = spacy.blank("en")
    nlp.add_pipe("hat_units")
    nlp.add_pipe("textcat_multilabel").add_label("x")
    example = Example.from_dict(nlp.make_doc("a\nb"), {"cats": {"x": 1.0}})
    nlp.initialize(lambda: [example])
    seen = []
    nlp.get_pipe("textcat_multilabel").update = lambda examples, **_: seen.extend(eg.predicted for eg in examples)
    nlp.update([example], annotates=["hat_units"])
    assert [sent.text for sent in seen[0].sents] == ["a\n", "b"]


def test_units_are_saved(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("hat_units", config={"unit": "pattern", "pattern": "b", "max_tokens": 9, "keep": True})
    nlp.to_disk(tmp_path)
    for again in (spacy.load(tmp_path), spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())):
        pipe = again.get_pipe("hat_units")
        assert (pipe.unit, pipe.pattern, pipe.max_tokens, pipe.keep) == ("pattern", "b", 9, True)
        assert [sent.text for sent in again("a b").sents] == ["a", "b"]
    assert pickle.loads(pickle.dumps(nlp.get_pipe("hat_units"))).pattern == "b"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"unit": "pages"}, "unit"),
        ({"unit": "pattern"}, "Expected: a regular expression with unit = .pattern."),
        ({"unit": "lines", "pattern": "x"}, "and none without"),
        ({"unit": "pattern", "pattern": "("}, r"pattern '\(', which is not a regular expression"),
        ({"max_tokens": 0}, "at least 1"),
    ],
)
def test_units_refuse_settings_that_do_not_go_together(config, message):
    with pytest.raises(ValueError, match=message):
        spacy.blank("en").add_pipe("hat_units", config=config)


def test_units_refuse_a_parsed_document():
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("hat_units")
    doc = Doc(nlp.vocab, words=["a", "\n", "b"], heads=[0, 0, 0], deps=["ROOT", "x", "y"])
    with pytest.raises(ValueError, match=r"has a dependency parse.*before the parser"):
        pipe(doc)
