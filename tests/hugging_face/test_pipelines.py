"""transformers' `pipeline` answers as the spaCy pipeline that a model came from, or says no."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoProcessor, BertConfig, BertForSequenceClassification
from transformers import pipeline as make_pipeline

from spacy_hat.checkpoints.export_head import export_checkpoint
from spacy_hat.checkpoints.import_head import import_checkpoint
from spacy_hat.hugging_face import (
    HATDocumentClassificationPipeline,
    HATProcessor,
    HATSentenceClassificationPipeline,
)
from spacy_hat.modeling import HATForSequenceClassification, HATModel

from ..support.fine_tuned import KINDS, LABELS, PROBLEMS, TEXTS, encode, predictions, save_head
from ..support.gate import edit_json
from ..support.tokenizers_tiny import wordpiece_tokenizer

# The last but four is longer than a window of six segments.
DOCUMENTS = [
    *TEXTS,
    " ".join(TEXTS) * 8,
    "hello",
    "",
    "  ",
    "the court held that appeal was dismissed and costs follow we read.",
]
TASKS = {"documents": "hat-document-classification", "segments": "hat-sentence-classification"}
tasks = pytest.mark.parametrize("task", PROBLEMS)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """RETURNS (dict[str, tuple[Language, Path]]): Component -> a pipeline with it, and what it was exported to."""
    found = {}
    for task in PROBLEMS:
        folder = tmp_path_factory.mktemp(task)
        (folder / "source").mkdir()
        nlp = import_checkpoint(str(save_head(folder / "source", task))).nlp
        (folder / "exported").mkdir()
        export_checkpoint(nlp).to_disk(folder / "exported")
        found[task] = (nlp, folder / "exported")
    return found


def pipe_of(folder, task="hat-document-classification", **options):
    return make_pipeline(task, model=str(folder), device=-1, **options)


def by_label(answers):
    return {answer["label"]: answer["score"] for answer in answers}


# --- the same answers -----------------------------------------------------------------------------


@tasks
@pytest.mark.parametrize("options", [{}, {"batch_size": 3}], ids=str)
def test_pipeline_answers_as_the_spacy_pipeline(exported, task, options):
    nlp, folder = exported[task]
    answers = pipe_of(folder, TASKS[KINDS[task]])(DOCUMENTS, top_k=None, **options)
    assert len(answers) == len(DOCUMENTS)
    for text, answer in zip(DOCUMENTS, answers, strict=True):
        doc = encode(nlp, text)
        if KINDS[task] == "documents":
            expected = nlp.get_pipe(task)(doc).cats
            assert by_label(answer) == pytest.approx(expected, abs=1e-5), text
            continue
        expected = predictions(nlp, task, doc)[:, : len(LABELS)] if len(doc) else np.zeros((0, len(LABELS)))
        found = [[by_label(sentence["scores"])[label] for label in LABELS] for sentence in answer]
        np.testing.assert_allclose(np.reshape(found, (-1, len(LABELS))), expected, rtol=0, atol=1e-5)
        places = [(sentence["text"], sentence["start"], sentence["end"]) for sentence in answer]
        assert places == [(sent.text, sent.start_char, sent.end_char) for sent in doc.sents] if len(doc) else not places


@pytest.mark.parametrize("pooling", ["mean", "attentive", "first"])
def test_pipeline_pools_all_windows_of_a_document(tmp_path, pooling):
    nlp = import_checkpoint(str(save_head(tmp_path, pooling=pooling))).nlp
    answers = pipe_of(tmp_path)(DOCUMENTS, top_k=None)
    for text, answer in zip(DOCUMENTS, answers, strict=True):
        assert by_label(answer) == pytest.approx(nlp(text).cats, abs=1e-5), text


@pytest.mark.parametrize("task", ["text-classification", "sentiment-analysis"])
def test_pipeline_people_try_first_is_right_too(exported, task):
    nlp, folder = exported["textcat"]
    (answer,) = pipe_of(folder, task)(TEXTS[0])
    assert answer["score"] == pytest.approx(max(nlp(TEXTS[0]).cats.values()), abs=1e-5)


def test_pipeline_of_the_older_type(tmp_path):
    nlp = import_checkpoint(str(save_head(tmp_path, "spancat"))).nlp
    expected = predictions(nlp, "spancat", encode(nlp, TEXTS[0]))
    edit_json(tmp_path, "config.json", model_type="hi-transformer")
    found = pipe_of(tmp_path, "hat-sentence-classification")(TEXTS[0], top_k=None)
    scores = [[by_label(sentence["scores"])[label] for label in LABELS] for sentence in found]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-5)


# --- what goes in and comes out -------------------------------------------------------------------


def test_pipeline_answers_in_the_form_of_text_classification(exported):
    pipe = pipe_of(exported["textcat"][1])
    (best,) = pipe(TEXTS[0])
    assert set(best) == {"label", "score"}
    assert pipe([TEXTS[0], TEXTS[1]])[0] == pytest.approx(best)
    everything = pipe(TEXTS[0], top_k=None)
    assert [answer["label"] for answer in everything] == sorted(LABELS, key=by_label(everything).get, reverse=True)
    assert pipe(TEXTS[0], top_k=1) == [best]
    assert list(pipe(text for text in TEXTS[:2])) == pipe(TEXTS[:2])


def test_pipeline_takes_sentences_docs_and_pipelines(exported):
    nlp, folder = exported["textcat"]
    pipe = pipe_of(folder)
    expected = pipe(TEXTS[0])
    doc = nlp.get_pipe("sentencizer")(nlp.make_doc(TEXTS[0]))
    assert pipe({"sentences": [sent.text for sent in doc.sents]}) == expected
    assert pipe(doc) == expected
    assert pipe(TEXTS[0], nlp=nlp) == expected


@pytest.mark.parametrize(("function", "expected"), [("softmax", 1.0), ("sigmoid", None), ("none", None)])
def test_pipeline_applies_the_function_that_is_asked_for(exported, function, expected):
    scores = by_label(pipe_of(exported["textcat"][1])(TEXTS[0], top_k=None, function_to_apply=function))
    total = sum(scores.values())
    assert (total == pytest.approx(1.0)) is (expected is not None)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"truncation": True}, TypeError, "takes no truncation. Expected: top_k"),
        ({"top_k": 0}, ValueError, "top_k is 0"),
        ({"function_to_apply": "relu"}, ValueError, "expected one of softmax, sigmoid, none"),
    ],
)
def test_pipeline_options_are_checked(exported, options, kind, message):
    with pytest.raises(kind, match=message):
        pipe_of(exported["textcat"][1])(TEXTS[0], **options)


def test_pipeline_saves_a_model_and_a_processor_and_no_code(exported, tmp_path):
    pipe = pipe_of(exported["textcat"][1])
    pipe.save_pretrained(tmp_path)
    assert not list(tmp_path.glob("*.py"))
    assert pipe_of(tmp_path)(TEXTS[0]) == pipe(TEXTS[0])


def test_pipeline_takes_objects(exported):
    _, folder = exported["textcat"]
    model, expected = AutoModelForSequenceClassification.from_pretrained(folder), pipe_of(folder)(TEXTS[0])
    processor = AutoProcessor.from_pretrained(folder)
    assert isinstance(processor, HATProcessor)
    assert HATDocumentClassificationPipeline(model=model)(TEXTS[0]) == expected
    assert HATDocumentClassificationPipeline(model=model, processor=processor)(TEXTS[0]) == expected
    found = make_pipeline("text-classification", model=model, tokenizer=wordpiece_tokenizer(), device=-1)
    assert found(TEXTS[0]) == expected


# --- what it says no to ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "task", "message"),
    [
        ("spancat", "text-classification", 'at random.*For this one: pipeline."hat-sentence-classification"'),
        ("spancat", "hat-document-classification", "no weights for pooler"),
        ("textcat", "hat-sentence-classification", "no weights for sentencizer"),
        ("textcat", "fill-mask", 'no weights for lm_head.*For this one: pipeline."hat-document-classification"'),
        ("textcat", "hat-fill-mask", "no weights for lm_head"),
        ("textcat", "feature-extraction", "in one piece, and a HAT reads segments"),
        ("textcat", "token-classification", "No pipeline is for this one"),
        ("textcat", "zero-shot-classification", "in one piece"),
    ],
)
def test_pipeline_of_another_task_names_the_right_one(exported, component, task, message):
    with pytest.raises(ValueError, match=message):
        pipe_of(exported[component][1], task)(TEXTS[0])


def test_pipeline_takes_a_head_once_it_has_learned(exported):
    model = HATForSequenceClassification.from_pretrained(exported["spancat"][1])
    processor = HATProcessor.from_pretrained(exported["textcat"][1])
    with pytest.raises(ValueError, match="at random"):
        HATDocumentClassificationPipeline(model=model, processor=processor)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01)
    assert HATDocumentClassificationPipeline(model=model, processor=processor)(TEXTS[0])


def test_pipeline_needs_a_processor_that_fits(exported, tmp_path):
    model = HATForSequenceClassification.from_pretrained(exported["textcat"][1])
    other = HATProcessor(wordpiece_tokenizer(), segment_length=24, max_segments=6)
    with pytest.raises(ValueError, match="does not fit the model"):
        HATDocumentClassificationPipeline(model=model, processor=other)
    with pytest.raises(ValueError, match="expected a HATProcessor"):
        HATDocumentClassificationPipeline(model=model, processor=7)
    fresh = HATForSequenceClassification(model.config)
    fresh.config.name_or_path = fresh.name_or_path = ""
    with pytest.raises(ValueError, match="has no processor"):
        HATDocumentClassificationPipeline(model=fresh)


def test_pipeline_for_sentences_needs_a_segment_for_each(exported):
    folder = exported["spancat"][1]
    processor = HATProcessor.from_pretrained(folder, packing="greedy")
    pipe = pipe_of(folder, "hat-sentence-classification")
    with pytest.raises(ValueError, match="Got: a processor with packing = 'greedy'"):
        HATSentenceClassificationPipeline(model=pipe.model, processor=processor)


def test_pipeline_has_no_sentences_in_a_document_without_boundaries(exported):
    nlp, folder = exported["spancat"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert pipe_of(folder, "hat-sentence-classification")(nlp.make_doc(TEXTS[0])) == []


def test_pipelines_of_other_models_are_as_ever():
    tokenizer = wordpiece_tokenizer()
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16, "num_hidden_layers": 1}
    model = BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), **sizes)).eval()
    pipe = make_pipeline("text-classification", model=model, tokenizer=tokenizer, device=-1)
    with torch.no_grad():
        expected = model(**tokenizer(TEXTS[1], return_tensors="pt")).logits.softmax(-1)[0]
    assert by_label(pipe(TEXTS[1], top_k=None))["LABEL_1"] == pytest.approx(expected[1].item(), abs=1e-6)


ALONE = """
import sys
first, second = "import spacy_hat.modeling", "from transformers import pipeline"
for line in (first, second) if sys.argv[2] == "modeling first" else (second, first):
    exec(line)
try:
    print(pipeline("text-classification", model=sys.argv[1], tokenizer=sys.argv[1], device=-1)("the court held."))
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("order", ["modeling first", "pipeline first"])
def test_pipeline_without_the_import_says_what_to_import(exported, order):
    command = [sys.executable, "-c", ALONE, str(exported["textcat"][1]), order]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Expected: `import spacy_hat.hugging_face`" in result.stdout


def test_plain_encoder_is_no_pipeline(exported):
    with pytest.raises(ValueError, match=r"reads a HATForSequenceClassification. Got: a HATModel"):
        HATDocumentClassificationPipeline(model=HATModel.from_pretrained(exported["textcat"][1]))
