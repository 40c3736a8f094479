"""Pipelines whose encoder is damaged, or a stranger's: one kind of error, which names the component and the file."""

import pytest
import spacy
import srsly

from spacy_hat.layers.stored import DamagedPipelineError

from ..support.pipelines import encoder_of, initialize, make_nlp

MODEL = "transformer/model"


@pytest.fixture(scope="module")
def trained(hat_folder):
    nlp = make_nlp(hat_folder, "textcat")
    initialize(nlp)
    return nlp


@pytest.fixture
def folder(trained, tmp_path):
    trained.to_disk(tmp_path / "pipeline")
    return tmp_path / "pipeline"


def spoil(folder, edit):
    message = srsly.msgpack_loads((folder / MODEL).read_bytes())
    edit(message)
    (folder / MODEL).write_bytes(srsly.msgpack_dumps(message))


EDITS = {
    "no layers": lambda m: m.pop("nodes"),
    "no shims": lambda m: m.pop("shims"),
    "another number of layers": lambda m: m.update(nodes=[], attrs=[], params=[], shims=[]),
    "layers in words": lambda m: m.update(nodes="hat"),
    "a layer that is a number": lambda m: m.update(nodes=[5]),
    "a layer without a name": lambda m: m["nodes"][0].pop("name"),
    "sizes in words": lambda m: m["nodes"][0].update(dims={"nO": "wide"}),
    "a size that no layer has": lambda m: m["nodes"][0].update(dims={"nX": 5}),
    "a layer that is not there": lambda m: m["nodes"][0].update(refs={"other": 7}),
    "parameters that no layer has": lambda m: m.update(params=[{"W": [[1.0]]}]),
    "more shims than layers have": lambda m: m.update(shims=[[b"x", b"y"]]),
    "a shim in words": lambda m: m.update(shims=[["x"]]),
    "settings of the encoder": lambda m: m.update(attrs=[{"packer": srsly.msgpack_dumps("x")}]),
}


@pytest.mark.parametrize("kind", EDITS)
def test_damaged_layers_are_one_kind_of_error(folder, kind):
    spoil(folder, EDITS[kind])
    with pytest.raises(DamagedPipelineError, match=rf"cannot be read.*Got: .*Expected: .*The file is .*{MODEL}"):
        spacy.load(folder)


def test_damaged_encoder_inside_sound_layers_is_the_same_kind_of_error(folder):
    spoil(folder, lambda message: message.update(shims=[[b"\xc1"]]))
    with pytest.raises(DamagedPipelineError, match="are not msgpack"):
        spacy.load(folder)


def test_damaged_pipeline_without_the_file_says_which(folder):
    (folder / MODEL).unlink()
    with pytest.raises(DamagedPipelineError, match=f"Got: no file .*{MODEL}"):
        spacy.load(folder)


def test_damaged_bytes_of_a_component_are_the_same_kind_of_error(trained):
    component = trained.get_pipe("transformer")
    for content in (b"\xc1", srsly.msgpack_dumps([]), srsly.msgpack_dumps({"cfg": "{}"})):
        with pytest.raises(DamagedPipelineError, match="component 'transformer' cannot be read"):
            component.from_bytes(content)


def test_component_is_read_without_its_model_where_that_is_excluded(trained, folder):
    other = make_nlp("owner/hat")
    (folder / MODEL).unlink()
    other.get_pipe("transformer").from_disk(folder / "transformer", exclude=["model", "vocab"])
    component = trained.get_pipe("transformer")
    assert other.get_pipe("transformer").from_bytes(component.to_bytes(exclude=["model"]), exclude=["model"])


def test_component_comes_back_from_bytes(trained):
    other = make_nlp("owner/hat", "textcat")
    other.get_pipe("textcat").add_label("DISMISSED")
    other.get_pipe("transformer").from_bytes(trained.get_pipe("transformer").to_bytes())
    for one, same in zip(encoder_of(other).parameters(), encoder_of(trained).parameters(), strict=True):
        assert (one == same).all()
