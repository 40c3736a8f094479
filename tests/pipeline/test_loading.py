"""Loading a pipeline for a command: whatever is wrong is one kind of error."""

import pytest

from spacy_hat.pipeline.loading import PipelineError, load_pipeline

from ..support.pipelines import initialize, make_nlp


@pytest.fixture(scope="module")
def folder(hat_folder, tmp_path_factory):
    nlp = make_nlp(hat_folder, "textcat", "spancat_singlelabel", "spancat")
    initialize(nlp)
    place = tmp_path_factory.mktemp("trained") / "pipeline"
    nlp.to_disk(place)
    return place


def test_load_pipeline_takes_heads_with_and_without_a_negative_label(folder):
    assert load_pipeline(folder).pipe_names[-1] == "spancat"


@pytest.mark.parametrize("head", ["textcat", "spancat", "spancat_singlelabel"])
def test_load_pipeline_misses_the_labels_of_a_head(folder, head):
    cfg = folder / head / "cfg"
    content = cfg.read_bytes()
    cfg.unlink()
    try:
        with pytest.raises(PipelineError, match=rf"component '{head}' has \d labels and scores \d"):
            load_pipeline(folder)
    finally:
        cfg.write_bytes(content)
