"""A component with an encoder of its own, in the place of its listener, predicts what it did before."""

import numpy as np
import pytest
import spacy
from thinc.api import Config

from ..support.pipelines import (
    encoder_of,
    initialize,
    make_examples,
    make_nlp,
    make_text,
    predictions,
    train,
    weights_of,
)

TEXTS = [make_text(number) for number in range(50, 54)] + ["", " ", "hello"]
COMPONENTS = ["textcat", "spancat", "sentence_chain", "ner"]


@pytest.fixture(scope="module", params=["trained", "frozen"])
def trained(request, hat_folder):
    """A pipeline with three listeners, trained with its encoder or behind a frozen one. RETURNS: It and its encoder."""
    nlp = make_nlp(hat_folder, *COMPONENTS, packing="sentences")
    examples = initialize(nlp)
    before = weights_of(nlp)
    frozen = {"exclude": ["transformer"], "annotates": ["transformer"]} if request.param == "frozen" else {}
    losses = train(nlp, examples, 10, **frozen)
    assert all(losses[-1][component] < losses[0][component] for component in COMPONENTS)
    after = weights_of(nlp)
    assert all(np.array_equal(before[name], after[name]) for name in before) is bool(frozen)
    return nlp


def copy_of(nlp):
    return spacy.blank("en").from_config(nlp.config, vocab=nlp.vocab).from_bytes(nlp.to_bytes())


def replace(nlp, *components):
    for component in components:
        nlp.replace_listeners("transformer", component, ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    return nlp


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one["cats"] == pytest.approx(other["cats"], abs=1e-5)
        assert one["ents"] == other["ents"]
        assert one["spans"] == other["spans"]
        for key, scores in other["scores"].items():
            np.testing.assert_allclose(one["scores"][key], scores, atol=1e-5)


@pytest.mark.parametrize("component", COMPONENTS)
def test_nlp_replaced_listener_predicts_the_same_saved_and_loaded(trained, component, tmp_path):
    nlp = copy_of(trained)
    for other in set(COMPONENTS) - {component}:
        nlp.remove_pipe(other)
    expected = predictions(nlp.pipe(TEXTS))
    replace(nlp, component)
    assert_same(predictions(nlp.pipe(TEXTS)), expected)
    nlp.to_disk(tmp_path)
    assert_same(predictions(spacy.load(tmp_path).pipe(TEXTS)), expected)


def test_nlp_replaces_several_listeners(trained):
    expected = predictions(trained.pipe(TEXTS))
    assert_same(predictions(replace(copy_of(trained), *COMPONENTS).pipe(TEXTS)), expected)


def test_nlp_config_of_a_replaced_listener_names_the_encoder(trained):
    config = replace(copy_of(trained), *COMPONENTS).config
    tok2vec = config["components"]["textcat"]["model"]["tok2vec"]
    assert tok2vec["@architectures"] == "spacy-hat.HATTok2Vec.v1"
    assert tok2vec["packing"] == "sentences"
    assert tok2vec["pooling"] == {"@layers": "reduce_mean.v1"}
    assert "upstream" not in tok2vec


def test_nlp_replaced_listeners_have_encoders_of_their_own(trained):
    nlp = replace(copy_of(trained), *COMPONENTS)
    encoders = [
        node.shims[0].encoder for name in COMPONENTS for node in nlp.get_pipe(name).model.walk() if node.name == "hat"
    ]
    assert len({id(encoder) for encoder in encoders}) == len(COMPONENTS)


@pytest.mark.parametrize("component", COMPONENTS)
def test_nlp_replaced_listener_trains_its_encoder(trained, component):
    nlp = copy_of(trained)
    for other in set(COMPONENTS) - {component}:
        nlp.remove_pipe(other)
    before = weights_of(nlp)
    replace(nlp, component)
    nlp.resume_training()
    train(nlp, make_examples(nlp), 2)
    (shim,) = [shim for node in nlp.get_pipe(component).model.walk() for shim in node.shims]
    after = {name: p.detach().numpy() for name, p in shim.encoder.named_parameters()}
    assert any(not np.array_equal(before[name], after[name]) for name in before)


# To find its sizes, ner runs its model on documents that no other component has seen.
@pytest.mark.filterwarnings("ignore:A Doc has no sentence boundaries")
@pytest.mark.parametrize("component", COMPONENTS)
def test_nlp_with_an_encoder_inside_a_component_can_be_initialized(trained, component):
    config = Config(replace(copy_of(trained), *COMPONENTS).config.copy())
    config["nlp"]["pipeline"] = ["sentencizer", component]
    config["components"] = {name: config["components"][name] for name in ("sentencizer", component)}
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    losses = train(nlp, initialize(nlp), 3)
    assert losses[-1][component] < losses[0][component]


def test_nlp_config_can_source_a_component_and_replace_its_listener(trained, tmp_path):
    expected = predictions(trained.pipe(TEXTS))
    trained.to_disk(tmp_path)
    config = {
        "nlp": {"lang": "en", "pipeline": ["sentencizer", "textcat"]},
        "components": {
            "sentencizer": {"source": str(tmp_path)},
            "textcat": {"source": str(tmp_path), "replace_listeners": ["model.tok2vec"]},
        },
    }
    nlp = spacy.util.load_model_from_config(Config(config), auto_fill=True)
    for doc, other in zip(nlp.pipe(TEXTS), expected, strict=True):
        assert doc.cats == pytest.approx(other["cats"], abs=1e-5)


def test_nlp_frozen_encoder_stays_a_source_for_new_components(trained, tmp_path):
    trained.to_disk(tmp_path)
    config = make_nlp("unused", "tagger").config
    config["components"]["transformer"] = {"source": str(tmp_path)}
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    before = weights_of(trained)
    with nlp.select_pipes(disable=["transformer"]):
        examples = initialize(nlp)
    losses = train(nlp, examples, 5, exclude=["transformer"], annotates=["transformer"])
    assert losses[-1]["tagger"] < losses[0]["tagger"]
    after = weights_of(nlp)
    assert encoder_of(nlp) is not encoder_of(trained)
    assert all(np.array_equal(before[name], after[name]) for name in before)
