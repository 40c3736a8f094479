"""HATProcessor cuts as the pipeline does, in the published padded form, and says no where it could only guess."""

import json
import warnings

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc
from transformers import BatchEncoding

from spacy_hat.modeling import HATForSequenceClassification
from spacy_hat.packing import PackingWarning
from spacy_hat.processing import HATProcessor
from spacy_hat.processing.of_pipeline import processor_of

from ..support.fine_tuned import TEXTS, padded, save_head
from ..support.pipelines import make_nlp
from ..support.tokenizers_tiny import SCRIPTS, wordpiece_tokenizer

SIZES = {"segment_length": 12, "max_segments": 6}
PACKINGS = ["sentences", "greedy", "fixed"]
LONG = "the court held that the appeal was dismissed and costs follow and we read whole documents hello world. yes."
ODD = [*TEXTS, LONG, "", "   \n ", "hello", "  the  court\n\nheld.  that. ", "one\ntwo.\n\nthree!", *SCRIPTS.values()]


def make_processor(**settings):
    return HATProcessor(wordpiece_tokenizer(), **{**SIZES, **settings})


def make_pipeline(folder, packing="greedy", before=("sentencizer",), **settings):
    """RETURNS (Language): A pipeline of an encoder, with these components before it."""
    nlp = make_nlp(folder, packing=packing, **settings)
    nlp.remove_pipe("sentencizer")
    nlp.initialize()
    for name in reversed(before):
        nlp.add_pipe(name, first=True)
    return nlp


def ids_of_pipeline(nlp, text):
    """RETURNS (dict[str, Tensor]): What the encoder of a pipeline is given, in the padded form."""
    doc = nlp.make_doc(text)
    for name, component in nlp.pipeline:
        if name == "transformer":
            break
        doc = component(doc)
    return padded(nlp, doc)


def assert_equal_ids(found, expected):
    for name in ("input_ids", "attention_mask"):
        assert torch.equal(found[name], expected[name]), name


# --- the same pieces ------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("before", [("sentencizer",), ("hat_units",), ()], ids=str)
def test_processor_gives_the_ids_of_the_pipeline(hat_folder, tmp_path, packing, before):
    nlp = make_pipeline(hat_folder, packing, before)
    made, _ = processor_of(nlp)
    made.save_pretrained(tmp_path)
    processor = HATProcessor.from_pretrained(tmp_path)
    n_slots = processor.max_segments * processor.segment_length
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PackingWarning)
        for text in ODD:
            expected = ids_of_pipeline(nlp, text)
            if 0 < expected["input_ids"].shape[1] <= n_slots:
                assert_equal_ids(processor(text, return_tensors="pt"), expected)


@pytest.mark.parametrize("packing", PACKINGS)
def test_processor_takes_sentences_for_the_same_ids(hat_folder, packing):
    nlp = make_pipeline(hat_folder, packing)
    processor, _ = processor_of(nlp)
    for text in [*TEXTS, LONG, "one\ntwo.\n\nthree! four."]:
        doc = nlp.get_pipe("sentencizer")(nlp.make_doc(text))
        found = processor(sentences=[sent.text_with_ws for sent in doc.sents], return_tensors="pt")
        assert_equal_ids(found, ids_of_pipeline(nlp, text))


def test_processor_joins_sentences_by_a_space():
    processor = make_processor()
    expected = processor("the court. hello world.")
    assert processor(sentences=["the court.", "hello world."]) == expected
    assert processor(sentences=["the court. ", "hello world."]) == expected
    assert processor(sentences=[["the court.", " hello world."]]) == expected


@pytest.mark.parametrize("packing", PACKINGS)
def test_processor_takes_docs_and_what_makes_them(hat_folder, packing):
    nlp = make_pipeline(hat_folder, packing)
    processor = make_processor(packing=packing, sentences=None)
    doc = nlp.get_pipe("sentencizer")(nlp.make_doc(TEXTS[0]))
    expected = ids_of_pipeline(nlp, TEXTS[0])
    assert_equal_ids(processor(doc, return_tensors="pt"), expected)
    assert_equal_ids(processor(TEXTS[0], nlp=nlp, return_tensors="pt"), expected)
    assert_equal_ids(processor(TEXTS[0], nlp=lambda text: doc, return_tensors="pt"), expected)


def test_processor_runs_nothing_behind_the_encoder_for_sentences(hat_folder):
    nlp = make_pipeline(hat_folder)
    doc = make_processor().read(TEXTS[0], nlp=nlp)[0]
    assert doc._.trf_data is None
    assert doc.has_annotation("SENT_START")


def test_processor_packs_a_text_without_sentences_as_the_pipeline_does():
    processor = make_processor(sentences=[])
    with pytest.warns(PackingWarning, match="packed as with"):
        found = processor(TEXTS[0])
    assert found == make_processor(packing="fixed")(TEXTS[0])


# --- the padded form ------------------------------------------------------------------------------


def test_processor_pads_a_batch_to_whole_segments():
    batch = make_processor()([TEXTS[0], "", TEXTS[1]], return_tensors="pt")
    assert isinstance(batch, BatchEncoding)
    assert batch["input_ids"].shape == batch["attention_mask"].shape == (3, 3 * 12)
    assert batch["attention_mask"].sum(dim=1).tolist() == [8 + 10 + 3 + 3, 0, 4]
    assert set(batch["input_ids"][batch["attention_mask"] == 0].tolist()) == {0}
    alone = make_processor()(TEXTS[1], return_tensors="pt")["input_ids"]
    assert torch.equal(batch["input_ids"][2, :12], alone[0])


def test_processor_pads_to_max_length():
    assert make_processor()("hello", padding="max_length", return_tensors="pt")["input_ids"].shape == (1, 72)


def test_processor_returns_lists_arrays_or_tensors():
    processor = make_processor()
    assert isinstance(processor("hello")["input_ids"], list)
    assert isinstance(processor("hello", return_tensors="np")["input_ids"], np.ndarray)
    assert isinstance(processor("hello", return_tensors="pt")["input_ids"], torch.Tensor)


def test_processor_output_goes_into_a_model(tmp_path):
    model = HATForSequenceClassification.from_pretrained(save_head(tmp_path))
    assert model(**HATProcessor.from_pretrained(tmp_path)([*TEXTS, ""], return_tensors="pt")).logits.shape == (4, 3)


# --- documents of several windows -----------------------------------------------------------------

MANY = "hello world. " * 40


def test_processor_gives_a_row_for_each_window_if_asked():
    batch = make_processor(packing="sentences")(
        [TEXTS[1], MANY, ""], return_tensors="pt", return_overflowing_tokens=True
    )
    assert batch["overflow_to_sample_mapping"].tolist() == [0, *[1] * 7, 2]
    assert batch["input_ids"].shape == (9, 72)
    # Spread evenly: 40 segments over 7 windows.
    segments = batch["attention_mask"][:, ::12].sum(dim=1).tolist()
    assert segments == [1, 6, 6, 6, 6, 6, 5, 5, 0]


def test_processor_keeps_a_row_for_each_document():
    with pytest.raises(ValueError, match=r"40 segments, and the model attends between 6.*return_overflowing_tokens"):
        make_processor(packing="sentences")([TEXTS[1], MANY])


def test_processor_truncates_if_told():
    processor = make_processor(packing="sentences", overflow="truncate")
    with pytest.warns(PackingWarning, match="cut off"):
        batch = processor([TEXTS[1], MANY], return_tensors="pt")
    assert batch["input_ids"].shape == (2, 72)


def test_processor_raises_if_told():
    with pytest.raises(ValueError, match='overflow is "error"'):
        make_processor(packing="sentences", overflow="error")(MANY)


# --- batches for Trainer --------------------------------------------------------------------------


def test_processor_pads_examples_of_different_lengths():
    processor = make_processor(packing="sentences")
    examples = [
        {**{name: rows[0] for name, rows in processor(text).items()}, "labels": labels}
        for text, labels in ((TEXTS[0], [0, 1, 2, 0, 1]), (TEXTS[1], [2]))
    ]
    batch = processor.pad(examples)
    assert torch.equal(batch["input_ids"], processor(TEXTS[:2], return_tensors="pt")["input_ids"])
    assert torch.equal(batch["attention_mask"], processor(TEXTS[:2], return_tensors="pt")["attention_mask"])
    assert batch["labels"].tolist() == [[0, 1, 2, 0, 1], [2, -100, -100, -100, -100]]


def test_processor_pads_labels_of_documents_and_of_many_kinds():
    features = [{"input_ids": [1, 2], "attention_mask": [1, 1], "label": 2}] * 2
    assert make_processor().pad(features)["labels"].tolist() == [2, 2]
    features = [
        {"input_ids": [1], "attention_mask": [1], "labels": [[0.0, 1.0]]},
        {"input_ids": [1, 2], "attention_mask": [1, 1], "labels": [[1.0, 1.0], [0.0, 0.0]]},
    ]
    assert make_processor().pad(features)["labels"].tolist() == [[[0, 1], [-100, -100]], [[1, 1], [0, 0]]]


@pytest.mark.parametrize("features", [[], [{"input_ids": [1]}, {"attention_mask": [1]}]])
def test_processor_pads_nothing_that_does_not_go_together(features):
    with pytest.raises(ValueError, match="have different names"):
        make_processor().pad(features)


# --- what it says no to ---------------------------------------------------------------------------

DOC = Doc(spacy.blank("en").vocab, words=["hello"])
REFUSALS = [
    ({}, {}, "neither of text and sentences, expected a text"),
    ({}, {"text": "a", "sentences": ["a"]}, "both of text and sentences"),
    ({}, {"text": []}, "cannot read text. Got: an empty list"),
    ({}, {"text": 7}, "cannot read text. Got: int '7'"),
    ({}, {"text": ["a", 7]}, "cannot read text. Got: list"),
    ({}, {"text": [["a"]]}, "cannot read text. Got: list"),
    ({}, {"sentences": "a"}, "cannot read sentences. Got: str 'a'"),
    ({}, {"sentences": [["a"], "b"]}, "cannot read sentences"),
    ({}, {"sentences": ["a", " "]}, "Sentence 1 of a document is blank"),
    ({}, {"text": "a", "padding": False}, "padding is False, expected True"),
    ({}, {"text": "a", "nlp": 7}, "nlp is of the type int"),
    ({"sentences": None}, {"text": "a"}, r"cannot find the sentences of a text.*Expected: sentences=\[...\]"),
    ({"lang": None}, {"text": "a"}, "cannot find the tokens of a text.*Expected: spaCy Docs"),
    ({"lang": None, "packing": "fixed"}, {"text": "a"}, "cannot find the tokens of a text"),
    ({"lang": None}, {"sentences": ["a"]}, "cannot find the tokens of a text"),
]


@pytest.mark.parametrize(("settings", "call", "message"), REFUSALS)
def test_processor_that_could_only_guess_says_so(settings, call, message):
    with pytest.raises(ValueError, match=message):
        make_processor(**settings)(**call)


def test_processor_has_no_settings_of_tokenizers():
    with pytest.raises(TypeError, match=r"takes no truncation, max_length.*overflow="):
        make_processor()("a", truncation=True, max_length=7)


def test_processor_needs_no_sentences_to_fill_segments():
    assert make_processor(packing="fixed", sentences=None)("hello world")["input_ids"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"packing": "all"}, "packing is 'all', expected one of"),
        ({"overflow": "all"}, "overflow is 'all', expected one of"),
        ({"segment_length": 1}, "segment_length of a HATProcessor is 1, expected"),
        ({"max_segments": True}, "max_segments of a HATProcessor is True"),
        ({"max_segments": 999_999, "segment_length": 99_999}, "slots together"),
        ({"lang": "../x"}, r"lang of a HATProcessor is '../x', expected spaCy's code"),
        ({"sentences": [{"component": "parser"}]}, "the component sentencizer or hat_units"),
        ({"sentences": [{"component": "hat_units", "unit": "words"}]}, "unit = 'words'"),
        ({"sentences": [{"component": "sentencizer", "punct_chars": "."}]}, "punct_chars as a list"),
    ],
)
def test_processor_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        make_processor(**settings)


# --- of pipelines whose reading no file can hold --------------------------------------------------


def test_processor_of_a_pipeline_with_a_senter_asks_for_sentences(hat_folder):
    nlp = make_pipeline(hat_folder, before=("senter",))
    processor, notes = processor_of(nlp)
    assert processor.reading.sentences is None
    assert any("Sentences are found by a component" in note for note in notes)


def test_processor_of_a_pipeline_with_an_unknown_component_asks_for_sentences(hat_folder):
    nlp = make_pipeline(hat_folder, before=("sentencizer", "merge_entities"))
    assert processor_of(nlp)[0].reading.sentences is None


def test_processor_of_a_pipeline_with_a_tokenizer_of_its_own_asks_for_docs(hat_folder):
    nlp = make_pipeline(hat_folder)
    nlp.tokenizer.add_special_case("court", [{"ORTH": "co"}, {"ORTH": "urt"}])
    processor, notes = processor_of(nlp)
    assert processor.reading.lang is None
    assert any("is not that of spacy.blank('en')" in note for note in notes)
    doc = nlp.get_pipe("sentencizer")(nlp.make_doc(TEXTS[0]))
    assert_equal_ids(processor(doc, return_tensors="pt"), ids_of_pipeline(nlp, TEXTS[0]))


def test_processor_of_a_pipeline_leaves_its_tokenizer_alone(hat_folder, tmp_path):
    nlp = make_pipeline(hat_folder)
    before = nlp.to_bytes()
    processor_of(nlp)[0].save_pretrained(tmp_path)
    assert nlp.to_bytes() == before


def test_processor_of_a_pipeline_without_a_hat_is_an_error():
    with pytest.raises(ValueError, match="Got: 0 in a pipeline"):
        processor_of(spacy.blank("en"))


def test_processor_file_says_all_settings(tmp_path):
    make_processor(sentences=[{"component": "sentencizer", "punct_chars": [";"]}]).save_pretrained(tmp_path)
    assert json.loads((tmp_path / "processor_config.json").read_text()) == {
        "processor_class": "HATProcessor",
        **SIZES,
        "packing": "greedy",
        "overflow": "window",
        "lang": "en",
        "sentences": [{"component": "sentencizer", "punct_chars": [";"], "overwrite": False}],
    }
