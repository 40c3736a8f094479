"""Loading tokenizers that would lose text."""

import json
import warnings

import pytest
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from spacy_hat.modeling import load_tokenizer

from ...support.tokenizers_tiny import SCRIPT_TOKENIZERS, TEXT


def byte_level_tokenizer(folder, *, unk_token=None, **training):
    """A byte-level BPE as many are trained, with the bytes of the text it has seen and no others."""
    tokenizer = Tokenizer(models.BPE(unk_token=unk_token))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    specials = ["<s>", "<unk>"]
    tokenizer.train_from_iterator(
        [TEXT], trainers.BpeTrainer(vocab_size=300, special_tokens=specials, show_progress=False, **training)
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, cls_token="<s>", unk_token="<unk>").save_pretrained(folder)
    return folder


def test_load_tokenizer_warns_of_one_that_drops_text(tmp_path):
    folder = byte_level_tokenizer(tmp_path)
    with pytest.warns(UserWarning, match=r"drops text: .* lacks \d+ of the 256 bytes .*initial_alphabet") as caught:
        tokenizer = load_tokenizer(folder)
    assert len(caught) == 1
    assert tokenizer.backend_tokenizer.encode("é", add_special_tokens=False).ids == []


@pytest.mark.parametrize(
    "settings",
    [{"unk_token": "<unk>"}, {"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()}],
    ids=lambda s: min(s),
)
def test_load_tokenizer_is_silent_where_an_unknown_character_has_a_piece(tmp_path, settings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokenizer = load_tokenizer(byte_level_tokenizer(tmp_path, **settings))
    assert tokenizer.backend_tokenizer.encode("é", add_special_tokens=False).ids


@pytest.mark.parametrize("name", SCRIPT_TOKENIZERS)
def test_load_tokenizer_is_silent_about_whole_ones(tmp_path, name):
    SCRIPT_TOKENIZERS[name]().save_pretrained(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_tokenizer(tmp_path)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("BertTokenizer", "BertTokenizerFast"),
        ("BertTokenizerFast", "BertTokenizerFast"),
        ("BertJapaneseTokenizer", "PreTrainedTokenizerFast"),
        ("NamedByNobody", "PreTrainedTokenizerFast"),
        (None, "PreTrainedTokenizerFast"),
    ],
)
def test_load_tokenizer_takes_the_class_that_is_named_or_fits_the_vocabulary(tmp_path, named, expected):
    SCRIPT_TOKENIZERS[min(SCRIPT_TOKENIZERS)]().save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({} if named is None else {"tokenizer_class": named}))
    # transformers 5 has one class of each kind, under both names.
    assert type(load_tokenizer(tmp_path)) is getattr(transformers, expected)


def test_load_tokenizer_refuses_a_vocabulary_of_a_slow_class(tmp_path):
    (tmp_path / "vocab.txt").write_text("[UNK]\nthe\n")
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertJapaneseTokenizer"}')
    with pytest.raises(ValueError, match="BertJapaneseTokenizer"):
        load_tokenizer(tmp_path)
