"""A corpus on the disk is what a pipeline packs, whatever form its files have."""

import json

import numpy as np
import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hat.corpora.sources import find_sources
from spacy_hat.packing.packer import Packer
from spacy_hat.pretraining.corpus import PackedCorpus, pack_corpus
from spacy_hat.pretraining.documents import read_documents

from ..support.pretraining import make_texts
from ..support.scratch import start

TEXTS = make_texts(70)


@pytest.fixture(scope="module")
def hat():
    return start(TEXTS, max_segments=4)


def read(path):
    return list(read_documents(find_sources(path), lang="en", text="text"))


def pack(docs, hat, folder, packing="sentences"):
    pack_corpus(docs, hat.tokenizer, hat.model.config, folder, packing=packing)
    return PackedCorpus.open(folder)


def save_as(form, folder):
    nlp = spacy.blank("en")
    if form == "txt":
        folder = folder / "texts"
        folder.mkdir()
        for number, text in enumerate(TEXTS):
            (folder / f"{number:03}.txt").write_text(text, encoding="utf8")
        return folder
    path = folder / f"texts.{form}"
    if form == "jsonl":
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS), encoding="utf8")
    elif form == "spacy":
        DocBin(docs=list(nlp.pipe(TEXTS))).to_disk(path)
    else:
        pyarrow = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table({"text": TEXTS}), path)
    return path


@pytest.mark.parametrize("form", ["txt", "jsonl", "spacy", "parquet"])
def test_documents_are_those_of_every_form(form, tmp_path):
    docs = read(save_as(form, tmp_path))
    assert [doc.text for doc in docs] == TEXTS
    assert all(doc.has_annotation("SENT_START") for doc in docs)


@pytest.mark.parametrize(
    "row",
    [
        {"text": "One two. three four", "sentence_starts": [0, 4]},
        {"sentences": [{"text": "One"}, {"text": "two. three four"}]},
    ],
)
def test_documents_keep_given_sentences(row, tmp_path):
    path = tmp_path / "given.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf8")
    assert [sent.text for sent in read(path)[0].sents] == ["One", "two. three four"]


def test_documents_that_are_blank_are_left_out(tmp_path):
    path = tmp_path / "blank.jsonl"
    path.write_text('{"text": " "}\n{"text": "One."}\n', encoding="utf8")
    assert [doc.text for doc in read(path)] == ["One."]


@pytest.mark.parametrize("packing", ["sentences", "greedy", "fixed"])
def test_corpus_is_packed_as_a_pipeline_packs(packing, hat, tmp_path):
    sentencizer = spacy.blank("en")
    sentencizer.add_pipe("sentencizer")
    docs = list(sentencizer.pipe(TEXTS))
    config = hat.model.config
    sizes = {"segment_length": config.segment_length, "max_segments": config.max_segments}
    expected = Packer(packing)(docs, hat.tokenizer, **sizes)
    corpus = pack(docs, hat, tmp_path / "corpus", packing)
    taken = corpus.take(np.arange(len(corpus.windows)))
    assert np.array_equal(taken.piece_ids, expected.piece_ids)
    assert np.array_equal(taken.segment_lengths, expected.segment_lengths)
    assert np.array_equal(taken.window_lengths, expected.window_lengths)
    assert np.array_equal(taken.segment_positions, expected.segment_positions)


def test_corpus_knows_the_document_of_each_window(hat, tmp_path):
    docs = [*read_documents(find_sources(save_as("jsonl", tmp_path)), lang="en", text="text")]
    corpus = pack(docs, hat, tmp_path / "corpus")
    n_sentences = [len(list(doc.sents)) for doc in docs]
    per_doc = np.bincount(corpus.window_docs, weights=corpus.windows, minlength=len(docs))
    assert (per_doc >= n_sentences).all()
    assert corpus.windows.max() <= 4


def test_corpus_gives_windows_in_any_order(hat, tmp_path):
    corpus = pack(read(save_as("jsonl", tmp_path)), hat, tmp_path / "corpus")
    both = corpus.take([5, 2])
    assert np.array_equal(both.piece_ids, np.concatenate([corpus.take([5]).piece_ids, corpus.take([2]).piece_ids]))
    assert both.window_lengths.tolist() == [corpus.windows[5], corpus.windows[2]]
    assert corpus.window_pieces[[5, 2]].sum() == len(both.piece_ids)
