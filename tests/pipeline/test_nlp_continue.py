"""Going on from a trained pipeline: its folder stands where that of a checkpoint would."""

import pytest

from spacy_hat.layers.hat_model import get_shim
from spacy_hat.modeling.files.problems import RefusedError

from ..support.pipelines import encoder_of, initialize, make_nlp, train, weights_of

TEXT = "the appeals 77 hello"


@pytest.fixture(scope="module")
def trained(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", packing="sentences")
    train(nlp, initialize(nlp), 2)
    return nlp


@pytest.fixture
def folder(trained, tmp_path):
    trained.to_disk(tmp_path / "model-best")
    return tmp_path / "model-best"


def test_continue_takes_the_encoder_of_a_pipeline(trained, folder):
    nlp = make_nlp(folder, "textcat")
    initialize(nlp)
    for name, weight in weights_of(trained).items():
        assert (weights_of(nlp)[name] == weight).all(), name
    old, new = (get_shim(one.get_pipe("transformer").model).tokenizer for one in (trained, nlp))
    assert new(TEXT).input_ids == old(TEXT).input_ids
    train(nlp, initialize(nlp), 1)


@pytest.mark.parametrize("component", ["textcat", "spancat"])
def test_continue_takes_the_encoder_of_a_replaced_listener(hat_folder, tmp_path, component):
    nlp = make_nlp(hat_folder, component)
    train(nlp, initialize(nlp), 1)
    weights = weights_of(nlp)
    nlp.replace_listeners("transformer", component, ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    nlp.to_disk(tmp_path)
    again = make_nlp(tmp_path, component)
    initialize(again)
    assert all((weights_of(again)[name] == weight).all() for name, weight in weights.items())


def test_continue_overrides_entries_of_the_configuration(folder):
    nlp = make_nlp(folder, transformer_config={"frozen_blocks": 1, "hidden_dropout_prob": 0.5})
    initialize(nlp)
    assert encoder_of(nlp).config.frozen_blocks == 1
    assert encoder_of(nlp).config.hidden_dropout_prob == 0.5


@pytest.mark.parametrize("entries", [{"frozen_blocks": "1"}, {"layout": "S"}, {"segment_length": 10**12}])
def test_continue_checks_what_is_overridden(folder, entries):
    with pytest.raises(ValueError, match="expected"):
        initialize(make_nlp(folder, transformer_config=entries))


def test_continue_knows_which_entries_there_are(folder):
    with pytest.raises(TypeError, match="frozen_layers"):
        initialize(make_nlp(folder, transformer_config={"frozen_layers": 1}))


def test_continue_needs_one_hat_in_the_pipeline(hat_folder, tmp_path):
    nlp = make_nlp(hat_folder, "textcat", "spancat")
    initialize(nlp)
    nlp.replace_listeners("transformer", "textcat", ["model.tok2vec"])
    nlp.to_disk(tmp_path)
    with pytest.raises(RefusedError, match=r"has 2 components with a HAT \(transformer, textcat\)"):
        initialize(make_nlp(tmp_path))


def test_continue_from_a_pipeline_that_was_never_initialized_is_an_error(hat_folder, tmp_path):
    make_nlp(hat_folder).to_disk(tmp_path)
    with pytest.raises(RefusedError, match="saved before it was initialized"):
        initialize(make_nlp(tmp_path))


def test_continue_from_a_pipeline_leaves_it_alone(trained, folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    nlp = make_nlp(folder, "textcat")
    train(nlp, initialize(nlp), 1)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
