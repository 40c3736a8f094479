"""The quick estimate of occlusion: exact where only first pieces change, near elsewhere, and said to be an estimate."""

import numpy as np
import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab

import spacy_hat
from spacy_hat.explanations.encoded import EncodedDocument
from spacy_hat.explanations.estimate import can_estimate, estimated_scores
from spacy_hat.explanations.occlusion import occluded_scores
from spacy_hat.explanations.question import find_decision
from spacy_hat.explanations.texts import n_taken_out

from ..support.explained import TEXT, make_random
from ..support.pipelines import initialize, make_nlp, save_hat


def make_encoded(folder, head="textcat", **settings):
    """A document in a pipeline of random weights that matter."""
    nlp = make_nlp(folder, head, **settings)
    initialize(nlp)
    make_random(nlp, head)
    doc = nlp(TEXT)
    span = next(doc.sents) if head == "spancat" else None
    decision = find_decision(nlp, doc, component=head, span=span)
    return EncodedDocument(decision.head, decision.head.read(doc, decision.sentence_starts()))


@pytest.mark.parametrize("max_segments", [2, 60])
@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_estimate_is_exact_where_no_piece_reads_another_documents_first_piece_twice(tmp_path, packing, max_segments):
    # One segment-wise block above the first cross-segment one, and the head reads first pieces only.
    encoded = make_encoded(
        save_hat(tmp_path, layout="S|SD|S", max_segments=max_segments), packing=packing, output="segments"
    )
    assert can_estimate(encoded)
    np.testing.assert_allclose(estimated_scores(encoded), occluded_scores(encoded, None, print), atol=2e-5)


def test_estimate_is_near_where_several_blocks_follow(tmp_path):
    encoded = make_encoded(save_hat(tmp_path, layout="S|SD|S|SD|S|SD"), packing="sentences", output="segments")
    whole = encoded.scores(None)
    exact = (whole - occluded_scores(encoded, None, print))[:, 0]
    estimate = (whole - estimated_scores(encoded))[:, 0]
    assert np.corrcoef(exact, estimate)[0, 1] > 0.9


@pytest.mark.parametrize(("layout", "head"), [("S|S|SD|D", "textcat"), ("S|S", "textcat"), ("S|SD|S", "spancat")])
def test_estimate_is_not_made_where_the_answer_costs_no_more(tmp_path, layout, head):
    assert not can_estimate(make_encoded(save_hat(tmp_path, layout=layout), head))


def test_explain_takes_out_as_many_sentences_as_asked_for_and_says_which(tmp_path):
    folder = save_hat(tmp_path, layout="S|SD|S|SD")
    nlp = make_nlp(folder, "textcat")
    initialize(nlp)
    make_random(nlp, "textcat")
    doc = nlp(TEXT)
    all_exact = spacy_hat.explain(nlp, doc)
    some = spacy_hat.explain(nlp, doc, exact=3)
    assert all_exact.is_exact.all()
    assert some.is_exact.sum() == 3
    np.testing.assert_allclose(some.scores[some.is_exact], all_exact.scores[some.is_exact], atol=1e-6)
    assert [one["exact"] for one in some.to_dict()["sentences"]] == some.is_exact.tolist()
    assert spacy_hat.explain(nlp, doc, exact=1000).is_exact.all()


@pytest.mark.parametrize(
    ("n_sentences", "words", "expected"), [(150, 90, None), (151, 9, 40), (151, 60, 15), (400, 99, 10)]
)
def test_sentences_taken_out_are_fewer_of_longer_documents(n_sentences, words, expected):
    length = words + 1
    doc = Doc(Vocab(), words=(["word"] * words + ["."]) * n_sentences, sent_starts=([1] + [-1] * words) * n_sentences)
    assert len(doc) == n_sentences * length
    assert n_taken_out(doc) == expected
