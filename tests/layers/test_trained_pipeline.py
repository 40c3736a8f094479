"""The encoder of a trained pipeline, read from its folder."""

import numpy
import pytest
import srsly
from thinc.api import Config

from spacy_hat.layers.trained_pipeline import encoder_of_pipeline, is_pipeline
from spacy_hat.modeling.files.problems import RefusedError

from ..support.pipelines import encoder_of, make_nlp


@pytest.fixture(scope="module")
def trained(hat_folder, tmp_path_factory):
    nlp = make_nlp(hat_folder, "textcat")
    nlp.get_pipe("textcat").add_label("Law")
    nlp.get_pipe("textcat").add_label("Other")
    nlp.initialize()
    folder = tmp_path_factory.mktemp("trained")
    nlp.to_disk(folder)
    return nlp, folder


def with_components(folder, *names):
    """A folder with the config alone of a pipeline whose HATs have these names."""
    model = {"@architectures": "spacy-hat.HATModel.v1"}
    folder.mkdir()
    Config({"nlp": {}, "components": {name: {"model": model} for name in names}}).to_disk(folder / "config.cfg")
    return folder


def test_encoder_of_pipeline_has_its_weights(trained):
    nlp, folder = trained
    encoder, tokenizer = encoder_of_pipeline(folder, {}, {})
    expected = encoder_of(nlp).state_dict()
    assert encoder.state_dict().keys() == expected.keys()
    for name, weight in encoder.state_dict().items():
        numpy.testing.assert_array_equal(weight, expected[name])
    assert tokenizer.is_fast


@pytest.mark.parametrize(
    ("names", "found"), [([], "0 components with a HAT (none)"), (["a", "b"], "2 components with a HAT (a, b)")]
)
def test_encoder_of_pipeline_is_one(tmp_path, names, found):
    folder = with_components(tmp_path / "pipeline", *names)
    assert is_pipeline(folder)
    with pytest.raises(RefusedError, match="expected one to take") as caught:
        encoder_of_pipeline(folder, {}, {})
    assert found in str(caught.value)


def test_encoder_of_pipeline_stays_in_its_folder(trained, tmp_path):
    _, folder = trained
    with pytest.raises(RefusedError, match="expected one to take"):
        encoder_of_pipeline(with_components(tmp_path / "pipeline", f"{folder}/transformer"), {}, {})


def test_encoder_of_pipeline_says_which_file_is_not_there(tmp_path):
    folder = with_components(tmp_path / "pipeline", "transformer")
    with pytest.raises(ValueError, match=r"component 'transformer'.*no file .*transformer.model"):
        encoder_of_pipeline(folder, {}, {})


def test_encoder_of_pipeline_was_initialized(hat_folder, tmp_path):
    make_nlp(hat_folder).to_disk(tmp_path)
    with pytest.raises(RefusedError, match="saved before it was initialized"):
        encoder_of_pipeline(tmp_path, {}, {})


@pytest.mark.parametrize("copies", [0, 2])
def test_encoder_of_pipeline_is_stored_once(trained, tmp_path, copies):
    _, folder = trained
    message = srsly.msgpack_loads((folder / "transformer" / "model").read_bytes())
    (place,) = (n for n, node in enumerate(message["nodes"]) if node["name"] == "hat")
    message["shims"][place] = message["shims"][place] * copies
    with_components(tmp_path / "pipeline", "transformer")
    (tmp_path / "pipeline" / "transformer").mkdir()
    (tmp_path / "pipeline" / "transformer" / "model").write_bytes(srsly.msgpack_dumps(message))
    with pytest.raises(ValueError, match=f"{copies} encoders.*one"):
        encoder_of_pipeline(tmp_path / "pipeline", {}, {})
