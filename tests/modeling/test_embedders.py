"""Embedders that people start from, by name: every layer is taken over, and the numbers are the source's."""

import pytest
import torch
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.modeling import HATModel, warm_start
from spacy_hat.modeling.layout import parse_layout

from ..support.embedders import BERT, EMBEDDERS, Embedder
from ..support.project import ROOT
from ..support.tiny import encode
from ..support.tokenizers_tiny import wordpiece_tokenizer

SIZES = {"segment_length": 16, "max_segments": 6}


@pytest.fixture(params=EMBEDDERS)
def embedder(request):
    return EMBEDDERS[request.param]


def test_embedder_is_taken_over_whole_without_a_layout(embedder, tmp_path):
    embedder.save(tmp_path)
    started = warm_start(tmp_path, **SIZES)
    copied = {origin for origin in started.report.copied.values() if origin.startswith("encoder.layer")}
    assert copied == {f"encoder.layer.{number}" for number in range(embedder.layers)}
    assert started.report.unused in ([], ["pooler"])


def test_embedder_gives_its_own_numbers_on_one_segment(embedder, tmp_path):
    encoder = embedder.save(tmp_path)
    started = warm_start(tmp_path, layout="|".join(["S"] * embedder.layers), **SIZES)
    opening = started.tokenizer.cls_token_id
    ids = torch.tensor([[opening, 5, 9, 7, 12, 6], [opening, 8, 8, 20, 11, 5]])
    expected = encode(encoder, {"input_ids": ids, "attention_mask": torch.ones_like(ids)})
    torch.testing.assert_close(encode(started.model, {"input_ids": ids}), expected, rtol=0, atol=1e-5)


def test_padding_piece_is_the_tokenizers_where_a_bert_has_that_of_another(tmp_path):
    EMBEDDERS["intfloat/multilingual-e5-small"].save(tmp_path)
    started = warm_start(tmp_path, **SIZES)
    assert started.model.config.pad_token_id == started.tokenizer.pad_token_id == 1
    assert "pad_token_id: 1, the tokenizer's, where config.json says 0" in started.report.fresh


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6, 7, 8, 10, 12, 16, 24, 32, 36, 47, 48])
def test_default_layout_follows_sources_of_every_depth(depth, tmp_path):
    Embedder(depth, 2, BERT, wordpiece_tokenizer).save(tmp_path)
    started = warm_start(tmp_path, **SIZES)
    blocks = parse_layout(started.model.config.layout)
    assert len(blocks) == started.model.config.num_hidden_layers == depth
    assert all(block.segment_wise for block in blocks)
    assert blocks[-1].cross_segment
    assert not [part for part in started.report.unused if "layer" in part]


@pytest.mark.parametrize("depth", [6, 12, 24])
def test_warm_start_command_without_a_layout_follows_the_depth(depth, tmp_path):
    (tmp_path / "source").mkdir()
    Embedder(depth, 2, BERT, wordpiece_tokenizer).save(tmp_path / "source")
    sizes = ["--segment-length", "16", "--max-segments", "6"]
    result = CliRunner().invoke(app, ["hat", "warm-start", str(tmp_path / "source"), str(tmp_path / "hat"), *sizes])
    assert result.exit_code == 0, result.output
    assert len(parse_layout(HATModel.from_pretrained(tmp_path / "hat").config.layout)) == depth


@pytest.mark.parametrize("name", EMBEDDERS)
def test_embedders_page_names_every_row_of_the_table(name):
    assert name in (ROOT / "docs" / "embedders.md").read_text(encoding="utf8")
