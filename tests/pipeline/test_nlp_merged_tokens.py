"""Tokens that are merged once the encoder has read them: an error where vectors are looked up by token."""

import pytest
from spacy.language import Language

from tests.support.pipelines import initialize, make_nlp


@Language.component("merge_first_two")
def merge_first_two(doc):
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[:2])
    return doc


@pytest.mark.parametrize("output", ["pieces", "segments"])
@pytest.mark.parametrize("head", ["spancat", "spancat_singlelabel", "sentence_chain"])
def test_span_head_refuses_tokens_merged_after_the_encoder(hat_folder, head, output):
    nlp = make_nlp(hat_folder, head, output=output)
    initialize(nlp)
    text = nlp.make_doc("we read whole documents. costs follow.")
    expected = rf"'we read whole documents.*Got: {len(text) - 1} tokens\. Expected: the {len(text)} that it read"
    nlp.add_pipe("merge_first_two", after="transformer")
    with pytest.raises(ValueError, match=expected):
        nlp(text.text)


def test_span_head_takes_tokens_merged_before_the_encoder(hat_folder):
    nlp = make_nlp(hat_folder, "spancat_singlelabel")
    initialize(nlp)
    nlp.add_pipe("merge_first_two", before="transformer")
    assert nlp("we read whole documents. costs follow.").spans["spancat_singlelabel"]


def test_document_head_does_not_mind_tokens_merged_after_the_encoder(hat_folder):
    nlp = make_nlp(hat_folder, "textcat")
    initialize(nlp)
    before = nlp("we read whole documents. costs follow.").cats
    nlp.add_pipe("merge_first_two", after="transformer")
    assert nlp("we read whole documents. costs follow.").cats == before
