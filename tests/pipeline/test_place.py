"""How long a text may be: what the `hat` component makes of nlp.max_length."""

import copy
import pickle

import pytest
import spacy

from tests.support.pipelines import make_nlp

SPACYS = 1_000_000
OURS = 100_000_000


def add_hat(nlp, hat_folder, **settings):
    return nlp.add_pipe("hat", config={"model": {"name": str(hat_folder)}, **settings})


@pytest.mark.parametrize(
    ("max_length", "expected"), [("auto", OURS), (2_000_000, 2_000_000), (500, SPACYS), (None, SPACYS)]
)
def test_text_limit_is_raised_to_the_setting(hat_folder, max_length, expected):
    nlp = spacy.blank("en")
    add_hat(nlp, hat_folder, max_length=max_length)
    assert nlp.max_length == expected


def test_text_limit_that_is_higher_stays(hat_folder):
    nlp = spacy.blank("en")
    nlp.max_length = 2 * OURS
    add_hat(nlp, hat_folder)
    assert nlp.max_length == 2 * OURS


@pytest.mark.parametrize("component", ["ner", "parser"])
@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize(("max_length", "expected"), [("auto", SPACYS), (2_000_000, 2_000_000)])
def test_text_limit_beside_what_takes_much_memory_is_spacys(hat_folder, component, where, max_length, expected):
    nlp = spacy.blank("en")
    if where == "before":
        nlp.add_pipe(component)
    add_hat(nlp, hat_folder, max_length=max_length)
    if where == "after":
        nlp.add_pipe(component)
    assert nlp.max_length == expected


def test_text_limit_beside_a_parser_holds_in_a_pipeline_from_a_config(hat_folder):
    nlp = spacy.blank("en")
    add_hat(nlp, hat_folder)
    nlp.add_pipe("ner")
    assert spacy.util.load_model_from_config(nlp.config).max_length == SPACYS


def test_text_limit_that_a_user_lowers_stays(hat_folder):
    nlp = make_nlp(hat_folder)
    nlp.max_length = 50
    nlp.add_pipe("textcat")
    assert nlp.max_length == 50


@pytest.mark.parametrize("max_length", [0, -1])
def test_text_limit_has_to_be_positive(hat_folder, max_length):
    with pytest.raises(ValueError, match=rf"Got: max_length = {max_length}\. Expected: a positive number, \"auto\""):
        add_hat(spacy.blank("en"), hat_folder, max_length=max_length)


def test_text_limit_of_a_sourced_component_is_raised_when_it_is_initialized(hat_folder):
    source = make_nlp(hat_folder)
    source.initialize()
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", source=source)
    nlp.initialize()
    assert nlp.max_length == OURS


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda component: pickle.loads(pickle.dumps(component))])
def test_place_of_a_duplicate_is_not_known(hat_folder, duplicate):
    component = make_nlp(hat_folder).get_pipe("transformer")
    assert duplicate(component.place).nlp is None
    assert duplicate(component.place).max_length == "auto"


def test_text_limit_lets_a_document_of_a_million_and_a_half_characters_in(hat_folder):
    assert len(make_nlp(hat_folder).make_doc("hello " * 250_000)) == 250_000
