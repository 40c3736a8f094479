"""What is left of a document's vectors at the end of a shipped pipeline: spaCy's own answers, never an error."""

import numpy
import pytest

from tests.support.pipelines import initialize, make_nlp

TEXTS = ["we read whole documents. costs follow.", "hello world.", "", "  "]


@pytest.fixture(scope="module")
def nlp(hat_folder):
    nlp = make_nlp(hat_folder, "textcat")
    nlp.add_pipe("hat_cleaner", name="doc_cleaner")
    initialize(nlp)
    return nlp


def test_cleaner_frees_the_output(nlp):
    assert nlp(TEXTS[0])._.trf_data is None


@pytest.mark.filterwarnings("ignore:.*W00[78]")
@pytest.mark.parametrize("text", TEXTS)
def test_cleaner_leaves_documents_without_a_vector_alone(nlp, text):
    doc, other = nlp(text), nlp(TEXTS[1])
    assert not doc.vector.any()
    assert not doc.has_vector
    assert doc.similarity(other) in (0.0, 1.0)
    for part in (*doc, doc[:1]):
        assert not part.vector.any()
        assert part.similarity(other) in (0.0, 1.0)


def test_cleaner_leaves_similarity_to_spacys_warning(nlp):
    with pytest.warns(UserWarning, match="W007"):
        nlp(TEXTS[0]).similarity(nlp(TEXTS[1]))


def test_cleaner_leaves_the_tensor_that_hat_vectors_fills(nlp):
    nlp.add_pipe("hat_vectors", config={"keep": "tensor"}, before="doc_cleaner")
    try:
        doc = nlp(TEXTS[0])
        assert doc.tensor.shape == (len(doc), 32)
        numpy.testing.assert_allclose(doc.vector, doc.tensor.mean(axis=0))
        assert [nlp(text).vector.size for text in ("", "  ")] == [0, 32]
    finally:
        nlp.remove_pipe("hat_vectors")
