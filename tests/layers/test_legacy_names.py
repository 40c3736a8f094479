"""What spacy-transformers imports is there under every transformers, and nothing that is there is replaced."""

import importlib

import transformers
from transformers import tokenization_utils

from spacy_hat.layers import legacy_names


def test_legacy_names_are_put_where_transformers_5_has_them_no_longer(monkeypatch):
    monkeypatch.delattr(tokenization_utils, "BatchEncoding")
    importlib.reload(legacy_names)
    assert tokenization_utils.BatchEncoding is transformers.BatchEncoding


def test_legacy_names_that_are_there_stay(monkeypatch):
    mine = object()
    monkeypatch.setattr(tokenization_utils, "BatchEncoding", mine)
    importlib.reload(legacy_names)
    assert tokenization_utils.BatchEncoding is mine
