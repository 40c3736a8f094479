"""`nlp.set_error_handler` hears of a document that cannot be read, and the others come through."""

import pytest

from tests.support.pipelines import initialize, make_nlp

LONG = "costs follow. " * 40
TEXTS = ["hello world. costs follow.", LONG, "this is the court.", "we read whole documents."]


@pytest.fixture(scope="module")
def nlp(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", "spancat", overflow="error")
    initialize(nlp)
    return nlp


@pytest.fixture
def heard(nlp):
    """What the error handler is told: component, texts, error."""
    heard = []
    nlp.set_error_handler(lambda name, component, docs, error: heard.append((name, [doc.text for doc in docs], error)))
    yield heard
    nlp.set_error_handler(None)
    for _, component in nlp.pipeline:
        if hasattr(component, "set_error_handler"):
            component.set_error_handler(_raise)


def _raise(name, component, docs, error):
    raise error


@pytest.mark.parametrize("batch_size", [1, 2, 128])
def test_error_handler_is_told_of_the_document_that_is_too_long(nlp, heard, batch_size):
    docs = list(nlp.pipe(TEXTS, batch_size=batch_size))
    assert [doc.text for doc in docs] == [text for text in TEXTS if text != LONG]
    assert all(doc.cats for doc in docs)
    [(name, texts, error)] = heard
    assert (name, texts) == ("transformer", [LONG])
    assert "segments" in str(error)


def test_error_handler_of_default_raises(nlp):
    with pytest.raises(ValueError, match="segments"):
        list(nlp.pipe(TEXTS))
