"""Tiny fast tokenizers, one of each family, made on the spot: no file and no network."""

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Literal

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from .charsmap_tiny import precompile, rules

Make = Callable[[], PreTrainedTokenizerFast]

TEXT = "the court held that appeal was dismissed and costs follow we read whole documents hello world this is"
WORDS = TEXT.split()
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789.,;:!?'-()"
# What is written in it, as tests/packing/test_packing_scripts.py reads it.
SCRIPTS = {
    "accents": "Crème brûlée à Zürich, Ångström, Málaga",
    "accents taken apart": unicodedata.normalize("NFD", "Crème brûlée à Zürich, Ångström, Málaga"),
    "compatibility": "ﬁne ① … ½ Ⅷ",
    "Han": "最高法院駁回上訴。",
    "kana": "がぎぐ ﾊﾞ",
    "Hangul": "대법원 각하",
    "Hangul taken apart": unicodedata.normalize("NFD", "대법원 각하"),
    "Hebrew": "שָׁלוֹם בית־המשפט",
    "Arabic": "مَرْحَبًا المحكمة",
    "Devanagari": "न्यायालय की",
    "Thai": "ศาลฎีกา น้ำ",
    "stacked marks": "a\u0301\u0323b \u0301c q\u0307\u0323\u0301",
    # ASCII only, as what it holds cannot be seen: co-op, Persian "I do not want", and so on.
    "zero width": "co\u200bop \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 a\u200db \u2060x\ufeff",
    "soft hyphen": "appel\xadlant",
    "control": "\x01\x02the \x7fcourt a\x01b\x1f",
    "emoji": "\U0001f469\u200d\U0001f469 \u2600\ufe0f \U0001f1eb\U0001f1f7",
}
ROBERTA_SPECIALS = {
    "bos_token": "<s>",
    "cls_token": "<s>",
    "pad_token": "<pad>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
}
FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
LETTERS = "".join(
    sorted(
        {
            char
            for text in [ALPHABET, *SCRIPTS.values()]
            for form in FORMS
            for case in (text, text.lower())
            for char in unicodedata.normalize(form, case)
            if not char.isspace()
        }
    )
)


def wordpiece_tokenizer(letters: str = ALPHABET, lowercase: bool = True) -> PreTrainedTokenizerFast:
    """BERT's family: lower case, [UNK] for words with unknown characters. "appeals" is appeal ##s."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocab = [*specials, *letters, *(f"##{char}" for char in letters), *WORDS]
    ids = {piece: i for i, piece in enumerate(vocab)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def bpe_tokenizer() -> PreTrainedTokenizerFast:
    """RoBERTa's family: bytes, blanks trimmed off the offsets. An emoji is four pieces with the same offsets."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 2, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **ROBERTA_SPECIALS,
        mask_token="<mask>",
    )


def unigram_model(letters: str, *last: str) -> models.Unigram:
    """Special tokens, letters, WORDS, and what comes last."""
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces = [(special, 0.0) for special in specials]
    pieces += [("▁", -3.0), *((char, -9.0) for char in letters)]
    pieces += [*((f"▁{word}", -4.0) for word in WORDS), *((special, 0.0) for special in last)]
    return models.Unigram(pieces, unk_id=specials.index("<unk>"), byte_fallback=False)


def unigram_tokenizer() -> PreTrainedTokenizerFast:
    """SentencePiece's family (XLM-RoBERTa, CamemBERT): a piece may begin with the blank before its word."""
    tokenizer = Tokenizer(unigram_model(ALPHABET))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=False, add_prefix_space=False
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **ROBERTA_SPECIALS)


def sentencepiece_tokenizer(letters: str = LETTERS) -> PreTrainedTokenizerFast:
    """XLM-RoBERTa itself, except for its size: the steps that transformers makes of a SentencePiece file."""
    tokenizer = Tokenizer(unigram_model(letters, "<mask>"))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(precompile(rules(letters))),
            normalizers.Strip(left=False, right=True),
            normalizers.Replace(Regex(" {2,}"), "▁"),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **ROBERTA_SPECIALS,
        mask_token=AddedToken("<mask>", lstrip=True, normalized=False),
    )


# With a piece for each character of SCRIPTS.
SCRIPT_TOKENIZERS: dict[str, Make] = {
    "uncased WordPiece": partial(wordpiece_tokenizer, LETTERS),
    "cased WordPiece": partial(wordpiece_tokenizer, LETTERS, lowercase=False),
    "byte-level BPE": bpe_tokenizer,
    "SentencePiece": sentencepiece_tokenizer,
}
TINY_TOKENIZERS: dict[str, Make] = {
    "wordpiece": wordpiece_tokenizer,
    "bpe": bpe_tokenizer,
    "unigram": unigram_tokenizer,
}
TOKENIZERS = TINY_TOKENIZERS | SCRIPT_TOKENIZERS
