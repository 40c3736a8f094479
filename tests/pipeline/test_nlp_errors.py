"""What a pipeline says when something is missing or wrong: once, clearly, and never with zeros."""

import warnings

import numpy as np
import pytest
from spacy.tokens import Doc

from ..support.pipelines import initialize, make_nlp, make_text, step, train

TEXTS = [make_text(number) for number in range(50, 54)]
ADVICE = r"(?s)sentencizer.*annotating_components"


def make_trained(hat_folder, *components, **settings):
    nlp = make_nlp(hat_folder, *components, **settings)
    train(nlp, initialize(nlp), 2)
    return nlp


def warnings_of(action):
    """RETURNS (list[str]): What is said about sentences in a segment."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    messages = [str(warning.message) for warning in caught]
    return [message for message in messages if "no sentence boundaries, which packing" in message]


def outputs(nlp):
    return [doc._.trf_data.model_output.last_hidden_state for doc in nlp.pipe(TEXTS)]


@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_nlp_without_sentencizer_warns_once_in_training_and_prediction_together(hat_folder, packing):
    nlp = make_nlp(hat_folder, "textcat", "tagger", sentencizer=False, packing=packing)

    def use():
        train(nlp, initialize(nlp), 3)
        list(nlp.pipe(TEXTS))
        nlp(TEXTS[0])

    (message,) = warnings_of(use)
    for part in ("'sentencizer'", "annotating_components", f'packing = "{packing}"', '"fixed"'):
        assert part in message


@pytest.mark.filterwarnings("ignore:A Doc has no sentence boundaries")
@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_nlp_without_sentencizer_packs_as_fixed(hat_folder, packing):
    found = []
    for setting in (packing, "fixed"):
        nlp = make_nlp(hat_folder, sentencizer=False, packing=setting)
        initialize(nlp)
        found.append(outputs(nlp))
    assert all(map(np.array_equal, *found))


def test_nlp_with_fixed_packing_wants_no_sentencizer(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", sentencizer=False, packing="fixed")
    assert warnings_of(lambda: train(nlp, initialize(nlp), 1)) == []
    assert warnings_of(lambda: list(nlp.pipe(TEXTS))) == []


def test_nlp_with_sentencizer_warns_of_nothing(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", "spancat", packing="sentences")
    assert warnings_of(lambda: train(nlp, initialize(nlp), 1)) == []
    assert warnings_of(lambda: list(nlp.pipe([*TEXTS, "", " ", "hello"]))) == []


def test_nlp_warns_when_the_sentencizer_does_not_annotate_in_training(hat_folder):
    nlp = make_nlp(hat_folder, "textcat")
    examples = initialize(nlp)
    (message,) = warnings_of(lambda: nlp.update(examples, annotates=[]))
    assert "annotating_components" in message


def test_nlp_that_requires_sentences_raises_without_them(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", sentencizer=False, require_sentences=True)
    examples = initialize(nlp)
    with pytest.raises(ValueError, match=ADVICE):
        step(nlp, examples, nlp.create_optimizer())
    with pytest.raises(ValueError, match=ADVICE):
        nlp(TEXTS[0])


def test_nlp_that_requires_sentences_takes_them(hat_folder):
    nlp = make_trained(hat_folder, "textcat", require_sentences=True)
    assert nlp(TEXTS[0]).cats


def test_nlp_takes_documents_that_were_not_made_by_its_tokenizer(hat_folder):
    nlp = make_trained(hat_folder, "textcat")
    doc = Doc(nlp.vocab, words=["thecourt", "held", "."], spaces=[False] * 3)
    assert set(nlp(doc).cats) == {"DISMISSED", "ALLOWED"}
