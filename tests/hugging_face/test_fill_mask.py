"""Masks are filled as a model on the processor's output says, with one, several and far away, and by command."""

import json

import pytest
import torch
from transformers import pipeline as make_pipeline
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.hugging_face import HATProcessor
from spacy_hat.hugging_face.fill_mask import replaced
from spacy_hat.modeling import HATConfig, HATForMaskedLM

from ..support.fine_tuned import TEXTS, save_head
from ..support.tiny import randomise
from ..support.tokenizers_tiny import bpe_tokenizer, wordpiece_tokenizer

TEXT = "the court [MASK] that. costs follow."
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "layout": "S|SD",
    "segment_length": 12,
    "max_segments": 6,
}


def save_lm(folder, tokenizer):
    config = HATConfig(vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, **SIZES)
    randomise(HATForMaskedLM(config), scale=0.2).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """RETURNS (Path): A HAT with a head for masks, as published ones are: without a processor."""
    return save_lm(tmp_path_factory.mktemp("lm"), wordpiece_tokenizer())


def expected_of(folder, text):
    """RETURNS (Tensor): (n_masks, n_words) probabilities, by the model itself."""
    processor = HATProcessor.from_pretrained(folder)
    batch = processor(text, return_tensors="pt")
    with torch.no_grad():
        logits = HATForMaskedLM.from_pretrained(folder)(**batch).logits
    return logits[batch["input_ids"] == processor.tokenizer.mask_token_id].softmax(-1)


def fill(folder, text, task="hat-fill-mask", **options):
    return make_pipeline(task, model=str(folder), device=-1)(text, **options)


@pytest.mark.parametrize("task", ["hat-fill-mask", "fill-mask"])
def test_fill_mask_scores_words_as_the_model_does(folder, task):
    answers = fill(folder, TEXT, task, top_k=3)
    scores, words = expected_of(folder, TEXT)[0].topk(3)
    assert [answer["token"] for answer in answers] == words.tolist()
    assert [answer["score"] for answer in answers] == pytest.approx(scores.tolist(), abs=1e-6)
    assert all(set(answer) == {"score", "token", "token_str", "sequence"} for answer in answers)
    assert answers[0]["sequence"] == replaced(TEXT, (10, 16), answers[0]["token_str"])


def test_fill_mask_gives_five_words_for_each_of_several_masks(folder):
    text = "the [MASK] held that. [MASK] follow."
    answers = fill(folder, text)
    assert [len(words) for words in answers] == [5, 5]
    for row, words in zip(expected_of(folder, text), answers, strict=True):
        assert [answer["token"] for answer in words] == row.topk(5).indices.tolist()
    assert answers[1][0]["sequence"].startswith("the [MASK] held that. ")


def test_fill_mask_reads_documents_of_several_windows(folder):
    text = f"{' '.join(TEXTS) * 8} the [MASK] held."
    answers = fill(folder, text)
    assert len(answers) == 5
    assert answers[0]["sequence"].endswith(" held.")
    assert fill(folder, [text, TEXT], batch_size=2)[0] == [pytest.approx(answer, abs=1e-5) for answer in answers]


def test_fill_mask_of_another_family(tmp_path):
    save_lm(tmp_path, bpe_tokenizer())
    assert len(fill(tmp_path, "the court <mask> that.")) == 5
    with pytest.raises(ValueError, match=r"no mask to fill.*Expected: <mask> in place of a word"):
        fill(tmp_path, TEXT)


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("a [MASK] c", "b", "a b c"),
        ("a [MASK] c", " b", "a b c"),
        ("appeal [MASK] follow", "##s", "appeals follow"),
    ],
)
def test_fill_mask_puts_words_in_the_place_of_masks(text, word, expected):
    start = text.index("[MASK]")
    assert replaced(text, (start, start + 6), word) == expected


@pytest.mark.parametrize(
    ("text", "options", "kind", "message"),
    [
        ("the court held.", {}, ValueError, "There is no mask to fill"),
        ("", {}, ValueError, "There is no mask to fill"),
        (TEXT, {"top_k": 0}, ValueError, "top_k is 0, expected a whole number from 1"),
        (TEXT, {"targets": ["a"]}, TypeError, "takes no targets"),
    ],
)
def test_fill_mask_that_cannot_be_says_so(folder, text, options, kind, message):
    with pytest.raises(kind, match=message):
        fill(folder, text, **options)


# --- the command ----------------------------------------------------------------------------------


def run(*arguments):
    result = CliRunner().invoke(app, ["hat", "fill-mask", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_fill_mask_command_prints_a_table(folder):
    status, output = run(folder, TEXT, "--top-k", 2)
    assert status == 0
    words = [answer["token_str"] for answer in fill(folder, TEXT, top_k=2)]
    rows = [line.split() for line in output.splitlines() if line.strip()]
    assert [row[0] for row in rows if row[0] in words] == words
    assert "the court" in output


def test_fill_mask_command_writes_json_alone(folder):
    status, output = run(folder, "the [MASK] held that. [MASK] follow.", "--json")
    assert status == 0
    assert [len(words) for words in json.loads(output)] == [5, 5]


def test_fill_mask_command_takes_mask_as_bert_writes_it_for_any_model(tmp_path):
    save_lm(tmp_path, bpe_tokenizer())
    status, output = run(tmp_path, "the court [MASK] that.", "--json")
    assert status == 0
    assert json.loads(output) == [[pytest.approx(one) for one in fill(tmp_path, "the court <mask> that.")]]


def test_fill_mask_command_wants_a_mask_and_a_head_for_it(folder, tmp_path):
    status, output = run(folder, "the court held.")
    assert status == 1
    assert "There is no mask to fill" in " ".join(output.split())
    status, output = run(save_head(tmp_path), TEXT)
    assert status == 1
    assert "has no weights for lm_head" in " ".join(output.split())
