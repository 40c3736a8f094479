"""Odd documents through prediction, training and evaluation, with every packing and every kind of listener."""

import numpy as np
import pytest
from spacy.training import Example

from .pipelines import COMPONENTS, initialize, make_nlp, make_text, save_hat, train

ODD = {
    "empty": "",
    "space": " ",
    "newlines": "\n\n",
    "one token": "hello",
    "emoji with joiners": "\U0001f469\u200d\U0001f469\u200d\U0001f467 hello \U0001f3f3\ufe0f\u200d\U0001f308.",
    "10,000 digits": "7" * 10_000,
    "no-break spaces": "the\xa0court\xa0 \xa0held.\xa0The appeal.",
    "unknown characters": "\u4e2d\u6587\u3002 \u10a0\u10a1",
    "control characters": "\x00\x01 \ufffd\u200b",
    "plain": make_text(0),
}
BATCHES = {
    "empty first": ["", ODD["plain"], "hello"],
    "empty in the middle": ["hello", "", ODD["plain"]],
    "empty last": [ODD["plain"], "hello", ""],
    "spaces first": ["\n", ODD["plain"], "hello"],
    "spaces in the middle": ["hello", " ", ODD["plain"]],
    "spaces last": [ODD["plain"], "hello", "\n\n"],
    "empty and spaces": ["", " ", "", "\n\n"],
    "only empty ones": ["", ""],
    "only spaces": [" ", "\n\n"],
    "all": list(ODD.values()),
}
HEADS = ["textcat", "spancat", "spancat_singlelabel"]
GRID = {
    **{f"{packing}-ours": (packing, "wordpiece", HEADS) for packing in ("sentences", "greedy", "fixed")},
    "greedy-ours-bpe": ("greedy", "bpe", HEADS),
    "greedy-ours-unigram": ("greedy", "unigram", HEADS),
    "greedy-stock": ("greedy", "wordpiece", ["tagger", "ner", "stock_textcat", "stock_spancat"]),
}
batches = pytest.mark.parametrize("texts", BATCHES.values(), ids=BATCHES.keys())


@pytest.fixture(scope="module", params=GRID.values(), ids=GRID.keys())
def nlp(request, tmp_path_factory):
    packing, tokenizer, components = request.param
    nlp = make_nlp(save_hat(tmp_path_factory.mktemp("hat"), tokenizer), *components, packing=packing)
    train(nlp, initialize(nlp), 3)
    return nlp


def make_gold(nlp, text):
    doc = nlp.make_doc(text)
    doc.cats = {"DISMISSED": 1.0, "ALLOWED": 0.0}
    for token in doc:
        token.tag_ = "W"
    doc.set_ents([])
    for name in COMPONENTS:
        doc.spans[name] = []
    return Example(nlp.make_doc(text), doc)


@batches
def test_nlp_predicts_a_batch_of_odd_documents_as_one_by_one(nlp, texts):
    alone, batched = [nlp(text) for text in texts], list(nlp.pipe(texts))
    for one, other in zip(alone, batched, strict=True):
        # Without a token in the batch spaCy's textcat says 0 for every label, and does not ask the model; ours agrees.
        if len(one) or "textcat" in nlp.pipe_names:
            assert other.cats == pytest.approx(one.cats, abs=1e-5)
        assert [token.tag_ for token in other] == [token.tag_ for token in one]
        assert [str(ent) for ent in other.ents] == [str(ent) for ent in one.ents]
        for key in one.spans:
            assert [str(span) for span in other.spans[key]] == [str(span) for span in one.spans[key]]
            np.testing.assert_allclose(
                other.spans[key].attrs.get("scores", []), one.spans[key].attrs.get("scores", []), atol=1e-5
            )


@batches
def test_nlp_trains_and_evaluates_on_odd_documents(nlp, texts):
    examples = [make_gold(nlp, text) for text in texts]
    (losses,) = train(nlp, examples, 1)
    assert all(np.isfinite(loss) for loss in losses.values())
    nlp.evaluate([make_gold(nlp, text) for text in texts])
    assert all(np.isfinite(score) for score in nlp(ODD["plain"]).cats.values())
