"""A HAT from nothing but texts: the same in every run, with the sizes that were asked for, and pieces for any text."""

import pytest
import torch

from spacy_hat.modeling import HATConfig, HATModel, load_tokenizer
from spacy_hat.modeling.start import room
from spacy_hat.modeling.start.scratch import SMALLEST_VOCABULARY, train_tokenizer

from ..support.scratch import SIZES, TEXTS, start
from ..support.tiny import tiny_settings
from ..support.tokenizers_tiny import SCRIPTS


@pytest.mark.parametrize(
    ("setting", "other"),
    [
        ("layout", "SD|D"),
        ("segment_length", 20),
        ("max_segments", 3),
        ("hidden_size", 64),
        ("num_attention_heads", 2),
        ("intermediate_size", 64),
    ],
)
def test_sizes_are_as_asked(setting, other):
    assert getattr(start().model.config, setting) == SIZES[setting]
    assert getattr(start(**{setting: other}).model.config, setting) == other


def test_vocabulary_is_as_large_as_asked_where_the_corpus_is():
    assert start(vocab_size=270).model.config.vocab_size == 270
    small = start(vocab_size=30000)
    assert small.model.config.vocab_size == len(small.tokenizer) < 400


def test_special_pieces_are_numbered_as_in_roberta():
    started = start()
    config = started.model.config
    assert (config.bos_token_id, config.pad_token_id, config.eos_token_id) == (0, 1, 2)
    assert (started.tokenizer.cls_token_id, started.tokenizer.pad_token_id) == (0, 1)
    assert config.document_position_embeddings


def test_the_same_seed_gives_the_same_weights():
    first, again, other = (start(seed=seed).model.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["embeddings.word_embeddings.weight"], other["embeddings.word_embeddings.weight"])


def test_global_random_state_is_left_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    start()
    assert torch.equal(torch.rand(3), expected)


def test_the_same_texts_give_the_same_tokenizer():
    texts = [*TEXTS, *SCRIPTS.values()] * 2
    first, again = (train_tokenizer(texts, vocab_size=600, name="corpus") for _ in range(2))
    assert first.backend_tokenizer.to_str() == again.backend_tokenizer.to_str()


def test_tokenizer_learns_the_words_of_its_corpus():
    tokenizer = train_tokenizer(TEXTS, vocab_size=320, name="corpus")
    assert tokenizer.tokenize("costs follow the court")[-2:] == ["Ġthe", "Ġcourt"]


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_tokenizer_has_pieces_for_text_it_has_never_seen(text):
    tokenizer = start().tokenizer
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text


def test_saved_and_loaded_it_is_the_same(tmp_path):
    started = start()
    started.model.save_pretrained(tmp_path)
    started.tokenizer.save_pretrained(tmp_path)
    loaded = HATModel.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(weight, loaded[name]) for name, weight in started.model.state_dict().items())
    assert load_tokenizer(tmp_path)("the court")["input_ids"] == started.tokenizer("the court")["input_ids"]


@pytest.mark.parametrize("texts", [[], [""], [" ", "\n"]], ids=repr)
def test_no_text_is_an_error(texts):
    with pytest.raises(ValueError, match="corpus holds no text to learn pieces from"):
        start(texts)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocab_size": SMALLEST_VOCABULARY - 1}, "vocab_size is 260, expected at least 261"),
        ({"num_attention_heads": 5}, "which 5 attention heads do not divide"),
        ({"layout": "S|X"}, "HAT layout"),
        ({"segment_length": 1}, "segment_length is 1"),
    ],
    ids=str,
)
def test_sizes_that_cannot_be_built_are_an_error_before_the_corpus_is_read(settings, message):
    def texts():
        raise AssertionError("was read")
        yield

    with pytest.raises(ValueError, match=message):
        start(texts(), **settings)


def test_room_is_four_bytes_for_each_number(monkeypatch):
    config = HATConfig(**tiny_settings())
    needed = 4 * sum(parameter.numel() for parameter in HATModel(config).parameters())
    monkeypatch.setattr(room, "_memory", lambda: needed)
    room.check_room(config)
    monkeypatch.setattr(room, "_memory", lambda: needed - 1)
    with pytest.raises(ValueError, match="expected at most the"):
        room.check_room(config)
