"""`hat_vectors`: doc.vector, span.vector and similarity from segment vectors, wherever documents come from."""

import pickle
import warnings

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, DocBin

import spacy_hat.pipeline.vectors  # noqa: F401  (where the entry point of the installed package is an older one)

from ..support.pipelines import initialize, make_nlp, make_text

TEXT = make_text(3) + " \n\n " + make_text(4)
TEXTS = [TEXT, make_text(5), "", " ", "hello"]


def make(folder, *, keep="segments", cleaner=None, **hat):
    nlp = make_nlp(folder, **hat)
    nlp.add_pipe("hat_vectors", config={"keep": keep})
    if cleaner is not None:
        nlp.add_pipe("doc_cleaner", config={"attrs": dict.fromkeys(cleaner)})
    initialize(nlp)
    return nlp


def cosine(one, other):
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


@pytest.fixture(scope="module")
def nlp(hat_folder):
    return make(hat_folder, packing="sentences", output="segments")


def by_hand(doc):
    """(n_tokens, hidden_size) The segment vector of each token, NaN for spaces; one segment for each sentence."""
    rows = doc._.trf_data.model_output.last_hidden_state[:, 0]
    table = np.full((len(doc), rows.shape[1]), np.nan, dtype="float32")
    for row, sentence in zip(rows, doc.sents, strict=True):
        for token in sentence:
            if not token.is_space:
                table[token.i] = row
    return table


@pytest.mark.parametrize("output", ["pieces", "segments"])
def test_vectors_of_a_sentence_are_its_segments(hat_folder, output):
    doc = make(hat_folder, packing="sentences", output=output)(make_text(3))
    expected = by_hand(doc)
    for sentence in doc.sents:
        np.testing.assert_allclose(sentence.vector, expected[sentence.start], atol=1e-6)
        assert sentence.vector_norm == pytest.approx(np.linalg.norm(sentence.vector), rel=1e-5)
        assert sentence.has_vector


def test_vectors_of_documents_spans_and_tokens_are_means_of_tokens(nlp):
    doc = nlp(TEXT)
    expected = by_hand(doc)
    np.testing.assert_allclose(doc.vector, np.nanmean(expected, axis=0), atol=1e-5)
    np.testing.assert_allclose(doc[2:9].vector, np.nanmean(expected[2:9], axis=0), atol=1e-5)
    np.testing.assert_allclose(doc[2].vector, expected[2], atol=1e-6)
    assert doc.vector_norm == pytest.approx(np.linalg.norm(doc.vector), rel=1e-5)
    assert doc[2].vector_norm == pytest.approx(np.linalg.norm(expected[2]), rel=1e-5)
    assert doc.has_vector
    assert doc[2].has_vector


def test_vectors_of_a_token_cut_in_two_are_the_mean_of_both_segments(hat_folder):
    doc = make(hat_folder, output="segments")("0123456789012345")
    rows = doc._.trf_data.model_output.last_hidden_state[:, 0]
    assert len(rows) == 2
    np.testing.assert_allclose(doc[0].vector, rows.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_vectors_of_nothing_are_none(nlp, text):
    doc = nlp(text)
    assert not doc.has_vector
    assert not doc.vector.any()
    assert nlp(TEXT).similarity(doc) == 0.0


def test_vectors_similarity_is_the_cosine_and_gives_no_warning(nlp):
    one, other = nlp(TEXT), nlp(make_text(8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert one.similarity(other) == pytest.approx(cosine(one.vector, other.vector), abs=1e-5)
        assert one.similarity(one) == pytest.approx(1, abs=1e-6)
        first, second = list(one.sents)[:2]
        assert first.similarity(second) == pytest.approx(cosine(first.vector, second.vector), abs=1e-5)
        assert first.similarity(one) == pytest.approx(one.similarity(first), abs=1e-6)
        assert one[0].similarity(other) == pytest.approx(cosine(one[0].vector, other.vector), abs=1e-5)


def test_vectors_survive_a_doc_cleaner(hat_folder):
    nlp = make(hat_folder, cleaner=["tensor", "_.trf_data"], output="segments")
    doc = nlp(TEXT)
    assert doc._.trf_data is None
    assert doc.vector.any()


def test_vectors_go_if_the_doc_cleaner_is_asked_to_clear_them(hat_folder):
    nlp = make(hat_folder, cleaner=["_.trf_data", "_.hat_vectors"], output="segments")
    assert not nlp(TEXT).has_vector


def through_bytes(doc):
    with pytest.warns(UserWarning, match="hooks"):
        return Doc(doc.vocab).from_bytes(doc.to_bytes())


def through_doc_bin(doc):
    found = DocBin().from_bytes(DocBin(docs=[doc], store_user_data=True).to_bytes())
    return next(iter(found.get_docs(doc.vocab)))


@pytest.mark.parametrize("through", [through_bytes, through_doc_bin])
def test_vectors_of_saved_documents_come_back_with_the_component(hat_folder, through):
    nlp = make(hat_folder, cleaner=["_.trf_data"], output="segments")
    doc = nlp(TEXT)
    found = nlp.get_pipe("hat_vectors")(through(doc))
    np.testing.assert_array_equal(found.vector, doc.vector)
    for one, other in zip(found.sents, doc.sents, strict=True):
        np.testing.assert_array_equal(one.vector, other.vector)


def test_vectors_come_through_pickle_as_they_are(hat_folder):
    doc = make(hat_folder, cleaner=["_.trf_data"], output="segments")(TEXT)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(doc)).vector, doc.vector)


def test_vectors_of_other_processes_come_back_with_the_component(hat_folder):
    nlp = make(hat_folder, cleaner=["_.trf_data"], output="segments")
    found = map(nlp.get_pipe("hat_vectors"), nlp.pipe(TEXTS, n_process=2))
    for doc, other in zip(found, map(nlp, TEXTS), strict=True):
        np.testing.assert_allclose(doc.vector, other.vector, atol=1e-6)


def test_vectors_in_the_tensor_come_from_other_processes_as_they_are(hat_folder):
    nlp = make(hat_folder, keep="tensor", output="segments")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = list(nlp.pipe(TEXTS, n_process=2))
    for doc, other in zip(found, map(nlp, TEXTS), strict=True):
        np.testing.assert_allclose(doc.tensor, other.tensor, atol=1e-6)
    assert found[0].has_vector
    assert next(found[0].sents).vector.any()


def test_vectors_in_the_tensor_are_those_of_the_hooks(hat_folder):
    segments, tensor = (
        make(hat_folder, keep=keep, packing="sentences", output="segments") for keep in ("segments", "tensor")
    )
    one, other = segments(make_text(3)), tensor(make_text(3))
    assert other.tensor.shape == (len(other), 32)
    assert not other.user_hooks
    assert not one.tensor.size
    np.testing.assert_allclose(one.vector, other.vector, atol=1e-5)
    for sentence, same in zip(one.sents, other.sents, strict=True):
        np.testing.assert_allclose(sentence.vector, same.vector, atol=1e-5)


def test_vectors_in_the_tensor_are_warned_of_where_spacy_looks_elsewhere(hat_folder):
    nlp = make_nlp(hat_folder)
    nlp.vocab.set_vector("hello", np.ones(4, dtype="float32"))
    with pytest.warns(UserWarning, match=r"vocabulary with word vectors.*keep = \"segments\""):
        nlp.add_pipe("hat_vectors", config={"keep": "tensor"})


def test_vectors_of_a_part_taken_out_are_none_rather_than_wrong(nlp):
    doc = nlp(TEXT)
    part = doc[3:8].as_doc(copy_user_data=True)
    assert not part.has_vector
    assert not part.vector.any()


def test_vectors_without_an_encoder_say_what_is_missing(hat_folder):
    nlp = spacy.blank("en")
    nlp.add_pipe("hat_vectors")
    with pytest.raises(ValueError, match=r"No transformer output.*Expected: a `hat` component before 'hat_vectors'"):
        nlp("hello world")
    assert not nlp("").has_vector


def test_vectors_component_is_saved_and_loaded(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("hat_vectors").keep == "segments"
    np.testing.assert_allclose(loaded(TEXT).vector, nlp(TEXT).vector, atol=1e-6)
