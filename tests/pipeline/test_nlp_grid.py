"""Two steps of `spacy train`, saved and loaded: wherever the encoder comes from, stands, and whether it is frozen.

              listener                                     replaced: an encoder of the component's own
factory       transformer made by its factory              HATTok2Vec.v1 in the component
  frozen      frozen_blocks                                frozen_blocks
sourced       transformer and component sourced            component sourced with replace_listeners
  frozen      transformer in frozen_components, annotating  component in frozen_components, beside one that is trained
"""

import numpy as np
import pytest
import spacy
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_nlp

from spacy_hat.layers.hat_model import get_shim

from ..support.pipelines import LISTENER, make_text, predictions
from ..support.training import hat, made, make_config

TEXTS = [make_text(number) for number in range(50, 54)] + ["", " ", "hello"]
HEADS = ["textcat", "spancat", "ner"]
FROZEN = {"transformer_config": {"frozen_blocks": 2}}


@pytest.fixture(scope="module")
def source(hat_folder, corpus, tmp_path_factory):
    """The folder of a trained pipeline with all heads."""
    components = {"transformer": {"factory": "hat", "model": hat(hat_folder)}, **{head: made(head) for head in HEADS}}
    path = tmp_path_factory.mktemp("source")
    train_nlp(init_nlp(make_config(corpus, components, {"max_steps": 5})), path)
    return path / "model-last"


def own_encoder(folder, **settings):
    own = {"@architectures": "spacy-hat.HATTok2Vec.v1", "pooling": LISTENER["pooling"]}
    return hat(folder, **settings) | own


def factory_listener(component, frozen, hat_folder, source):
    model = hat(hat_folder, **(FROZEN if frozen else {}))
    return {"transformer": {"factory": "hat", "model": model}, component: made(component)}, {}


def factory_replaced(component, frozen, hat_folder, source):
    return {component: made(component, tok2vec=own_encoder(hat_folder, **(FROZEN if frozen else {})))}, {}


def sourced_listener(component, frozen, hat_folder, source):
    training = {"frozen_components": ["transformer"], "annotating_components": ["sentencizer", "transformer"]}
    components = {name: {"source": str(source)} for name in ("transformer", component)}
    return components, training if frozen else {}


def sourced_replaced(component, frozen, hat_folder, source):
    components = {component: {"source": str(source), "replace_listeners": ["model.tok2vec"]}}
    if not frozen:
        return components, {}
    trained = {"transformer": {"source": str(source)}, "tagger": made("tagger")}
    return components | trained, {"frozen_components": [component]}


def encoder_weights(nlp, component):
    """RETURNS (dict[str, ndarray]): A copy of the parameters of the encoder that a component reads."""
    own = [node for node in nlp.get_pipe(component).model.walk() if node.name == "hat"]
    (node,) = own or [nlp.get_pipe("transformer").model]
    return {name: p.detach().numpy().copy() for name, p in get_shim(node).encoder.named_parameters()}


def head_weights(nlp, component):
    """RETURNS (dict[tuple[int, str], ndarray]): A copy of the parameters of a component outside of PyTorch."""
    nodes = enumerate(nlp.get_pipe(component).model.walk())
    return {(i, name): node.get_param(name).copy() for i, node in nodes for name in node.param_names}


def changed(before, after):
    return {name for name in before if not np.array_equal(before[name], after[name])}


def assert_equal(found, expected, *names):
    for one, other in zip(found, expected, strict=True):
        for name in names or one:
            np.testing.assert_equal(one[name], other[name])


@pytest.mark.filterwarnings("ignore:A Doc has no sentence boundaries")  # ner initializes on documents without
@pytest.mark.parametrize("component", HEADS)
@pytest.mark.parametrize("frozen", [False, True], ids=["trained", "frozen"])
@pytest.mark.parametrize("kind", [factory_listener, factory_replaced, sourced_listener, sourced_replaced])
def test_nlp_two_steps_saved_and_loaded(kind, frozen, component, hat_folder, source, corpus, tmp_path, capsys):
    nlp = init_nlp(make_config(corpus, *kind(component, frozen, hat_folder, source)))
    encoder, head = encoder_weights(nlp, component), head_weights(nlp, component)
    train_nlp(nlp, tmp_path)
    assert changed(encoder, encoder_weights(nlp, component)) == (set() if frozen else set(encoder))
    whole_component_frozen = component in nlp.config["training"]["frozen_components"]
    assert bool(changed(head, head_weights(nlp, component))) is not whole_component_frozen
    expected = predictions(nlp.pipe(TEXTS))
    assert_equal(predictions(spacy.load(tmp_path / "model-last").pipe(TEXTS)), expected)
    if whole_component_frozen:
        written = {"textcat": "cats", "ner": "ents", "spancat": "scores"}[component]
        assert_equal(expected, predictions(spacy.load(source).pipe(TEXTS)), written)


@pytest.mark.parametrize("frozen", [False, True], ids=["trained", "frozen"])
def test_nlp_new_component_on_a_sourced_encoder(frozen, hat_folder, source, corpus, tmp_path):
    _, training = sourced_listener("textcat", frozen, hat_folder, source)
    nlp = init_nlp(make_config(corpus, {"transformer": {"source": str(source)}, "textcat": made("textcat")}, training))
    before = encoder_weights(nlp, "textcat")
    train_nlp(nlp, tmp_path)
    assert changed(before, encoder_weights(nlp, "textcat")) == (set() if frozen else set(before))


def test_nlp_grad_factor_of_zero_leaves_the_encoder_as_it_is(hat_folder, corpus, tmp_path):
    tok2vec = own_encoder(hat_folder, grad_factor=0.0)
    nlp = init_nlp(make_config(corpus, {"textcat": made("textcat", tok2vec=tok2vec)}, {}))
    before = encoder_weights(nlp, "textcat")
    train_nlp(nlp, tmp_path)
    assert changed(before, encoder_weights(nlp, "textcat")) == set()


def test_nlp_frozen_component_that_was_never_trained_is_an_error_with_the_remedy(hat_folder, corpus):
    components, _ = factory_listener("textcat", False, hat_folder, None)
    with pytest.raises(ValueError, match=r"does not know its width.*frozen_components.*source it.*frozen_blocks"):
        init_nlp(make_config(corpus, components, {"frozen_components": ["transformer"]}))
