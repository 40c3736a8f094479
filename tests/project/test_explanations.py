"""The measurements of explanations, in small."""

import json

import numpy as np
import pytest
from spacy.tokens import DocBin

from scripts.explain.figures import markdown_rows, quote
from scripts.explain.planted import first_ranks, make_planted, train_planted
from scripts.explain.speeches import LOWEST, RANDOM, highest, main


@pytest.fixture(scope="module")
def planted_nlp(hat_folder):
    return train_planted(hat_folder, n_docs=192, n_steps=160, longest=10, encoder_learn_rate=3e-4)


@pytest.fixture(scope="module")
def planted():
    return make_planted(20, seed=1, longest=10)


def test_explanations_planted_documents_are_learned(planted_nlp):
    # A model that knows two of three labels, and guesses the third where it finds neither, has nothing to explain.
    planted = make_planted(30, seed=2, longest=10, with_open=True)
    docs = planted_nlp.pipe(text for text, _, _ in planted)
    right = [max(doc.cats, key=doc.cats.get) == label for doc, (_, label, _) in zip(docs, planted, strict=True)]
    assert np.mean(right) > 0.9


def test_explanations_planted_sentences_rank_first(planted_nlp, planted):
    ranks = first_ranks(planted_nlp, planted, "occlusion")
    assert np.mean([rank == 0 for rank in ranks]) >= 0.95


def test_explanations_deleting_the_highest_moves_more_than_random(planted_nlp, planted, tmp_path):
    planted_nlp.to_disk(tmp_path / "pipeline")
    docs = [planted_nlp.make_doc(text) for text, _, _ in planted[:6]]
    DocBin(docs=docs).to_disk(tmp_path / "docs.spacy")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- speeches -->\nold\n<!-- /speeches -->\nafter\n", encoding="utf8")
    main(
        tmp_path / "pipeline",
        tmp_path / "docs.spacy",
        out=tmp_path / "out",
        page=page,
        methods="occlusion,gradient",
        limit=0,
        n_random=2,
        quick=False,
    )
    figures = json.loads((tmp_path / "out" / "deletion.json").read_text(encoding="utf8"))
    orders = figures["orders"]
    assert figures["documents"] == 6
    assert orders[highest("occlusion")]["drop"] > orders[RANDOM]["drop"] > orders[LOWEST]["drop"] - 0.05
    assert orders[highest("occlusion")]["interval"][0] > 0
    assert (tmp_path / "page" / "deletion.svg").read_text(encoding="utf8").startswith("<?xml")
    text = page.read_text(encoding="utf8")
    assert text.startswith("before\n")
    assert "old" not in text
    assert RANDOM in text


def test_explanations_figures_are_quoted_in_their_place_only(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- a -->\n1\n<!-- /a -->\n<!-- b -->\n2\n<!-- /b -->\n", encoding="utf8")
    quote(page, "b", markdown_rows(("x",), [("3",)]))
    assert page.read_text(encoding="utf8") == (
        "<!-- a -->\n1\n<!-- /a -->\n<!-- b -->\n| x |\n| --- |\n| 3 |\n<!-- /b -->\n"
    )
    with pytest.raises(ValueError, match="has no place for figures"):
        quote(page, "c", "")
