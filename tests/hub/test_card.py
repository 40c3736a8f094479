"""The card of a pipeline says what its files say, and nothing that nobody measured."""

import json

import pytest
import spacy
from huggingface_hub import ModelCard

from spacy_hat.hub.card import _link, pipeline_card, unsaid
from spacy_hat.hub.front_matter import licence_fields
from spacy_hat.hub.markdown import code, plain
from spacy_hat.hub.origin import file_name, origin_of
from spacy_hat.hub.scores import Scores, eval_results
from spacy_hat.pipeline.heads import encoders_of

from ..support.pipelines import make_nlp, save_hat


@pytest.fixture(scope="module")
def card(made_pipeline):
    return pipeline_card(spacy.load(made_pipeline))


@pytest.mark.parametrize(
    "words",
    [
        "| `textcat` | `textcat` | `doc.cats` |",
        "2 labels of `textcat`: `DISMISSED`, `ALLOWED`.",
        "On `dev.spacy`, by which the best state of the training was chosen.",
        "| `cats_macro_f` | 0.5000 |",
        "`cats_score_desc` is macro AUC.",
        "| `ALLOWED` | 0.5000 | 1.0000 | 0.6667 |",
        "* Trained on `train.spacy`.\n* Measured on `dev.spacy`.",
        "`transformer` began with `hat",
        "up to 6 segments of 12 pieces together: at most 66 pieces of words. Longer documents are read in windows",
        "`spancat` labels the spans that its suggester finds.",
    ],
)
def test_card_says_what_the_files_say(card, words):
    assert words in card


@pytest.mark.parametrize("words", ["textcat_loss", "/home/me", "tmp"])
def test_card_leaves_out_losses_and_paths(card, words):
    assert words not in card


def test_card_has_fields_that_the_hub_reads(card):
    data = ModelCard(card).data
    results = {
        result.metric_name: (result.task_type, result.metric_type, result.metric_value) for result in data.eval_results
    }
    assert (data.language, data.library_name, data.model_name) == ("en", "spacy-hat", "en_pipeline")
    assert data.pipeline_tag == "text-classification"
    assert results["cats_macro_auc"] == ("text-classification", "roc_auc", 0.75)
    assert results["spans_spancat_f"] == ("token-classification", "f1", 0.25)
    assert {result.dataset_name for result in data.eval_results} == {"dev.spacy"}


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"description": "Sorts *decisions*."}, "Sorts \\*decisions\\*."),
        ({"author": "A | B"}, "| author | A \\| B |"),
        ({"license": "MIT"}, "license: mit\n"),
        ({"license": "Ours 2.0"}, "license: other\nlicense_name: Ours 2.0\n"),
        ({"sources": [{"name": "Court", "license": "CC0"}]}, "* Court, CC0."),
        ({"performance": {}}, "None: meta.json has no scores of its training."),
        ({"performance": {}}, "Nothing was measured, or meta.json does not say"),
    ],
)
def test_card_takes_what_people_say_of_a_pipeline(pipeline, meta, words):
    path = pipeline / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **meta}))
    assert words in pipeline_card(spacy.load(pipeline))


@pytest.mark.parametrize(
    ("meta", "what"),
    [
        ({"license": "MIT"}, "licence"),
        ({"description": "Sorts."}, "what it is for"),
        ({"author": "me"}, "who made it"),
        ({"sources": ["Court"]}, "what the documents"),
    ],
)
def test_unsaid_lists_what_the_card_cannot_answer(made_pipeline, meta, what):
    nlp = spacy.load(made_pipeline)
    assert any(what in line for line in unsaid(nlp))
    nlp.meta.update(meta)
    assert not any(what in line for line in unsaid(nlp))


def test_card_links_to_a_base_model_and_nowhere_else():
    assert _link("BAAI/bge_m3") == "[BAAI/bge\\_m3](https://huggingface.co/BAAI/bge_m3)"
    assert _link("a](https://b.org)").endswith("](https://huggingface.co/a%5D%28https%3A//b.org%29)")


def test_card_of_a_pipeline_without_a_hat_is_refused():
    with pytest.raises(ValueError, match="The pipeline has no HAT"):
        pipeline_card(spacy.blank("en"))


def test_origin_is_the_base_model_of_the_checkpoints_card(tmp_path):
    (tmp_path / "hat").mkdir()
    folder = save_hat(tmp_path / "hat")
    (folder / "README.md").write_text("---\nbase_model: BAAI/bge-base-en-v1.5\nlicense: mit\n---\n")
    nlp = make_nlp(folder)
    (encoder,) = encoders_of(nlp)
    assert origin_of(nlp, encoder).base_model == "BAAI/bge-base-en-v1.5"
    assert origin_of(nlp, encoder).licence == "mit"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kiddothe2b/adhoc-hierarchical-transformer-base-4096", "kiddothe2b/adhoc-hierarchical-transformer-base-4096"),
        ("/home/me/gone/hat", ""),
        ("gone", ""),
    ],
)
def test_origin_knows_hub_names_from_folders_that_are_gone(name, expected):
    nlp = make_nlp(name)
    (encoder,) = encoders_of(nlp)
    assert origin_of(nlp, encoder).base_model == expected
    assert "/home" not in origin_of(nlp, encoder).name


@pytest.mark.parametrize(("path", "name"), [("a/b.spacy", "b.spacy"), ("C:\\me\\b.spacy", "b.spacy"), ("b/", "b")])
def test_file_name_is_the_last_part_of_a_path(path, name):
    assert file_name(path) == name


@pytest.mark.parametrize(
    ("licence", "fields"),
    [
        ("", {}),
        ("CC BY-SA 4.0", {"license": "cc-by-sa-4.0"}),
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("Mine", {"license": "other", "license_name": "Mine"}),
    ],
)
def test_licence_fields_are_names_that_the_hub_knows(licence, fields):
    assert licence_fields(licence) == fields


@pytest.mark.parametrize(
    ("text", "as_words", "as_code"),
    [
        ("a|b", "a\\|b", "a\\|b"),
        ("<img src=x>\n# b", "\\<img src=x\\> \\# b", "`<img src=x> # b`"),
        ("`rm`", "\\`rm\\`", "\\`rm\\`"),
    ],
)
def test_markdown_of_strangers_words_is_no_markup(text, as_words, as_code):
    assert (plain(text), code(text)) == (as_words, as_code)


def test_results_have_the_answers_to_questions():
    scores = Scores({"qa_f1": 0.5, "qa_em": 0.25, "choice_acc": 0.75})
    assert [(one.task_type, one.metric_type) for one in eval_results(scores, "data")] == [
        ("question-answering", "f1"),
        ("question-answering", "exact_match"),
    ]
