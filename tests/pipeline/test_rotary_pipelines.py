"""Pipelines around a HAT with rotary blocks, from a ModernBERT's folder: documents of any length, saved, explained."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly
import torch
from spacy.language import Language
from typer.testing import CliRunner

import spacy_hat
from spacy_hat.checkpoints.export_head import export_checkpoint
from spacy_hat.checkpoints.import_head import import_checkpoint
from spacy_hat.cli import app
from spacy_hat.explanations.encoded import EncodedDocument
from spacy_hat.explanations.estimate import can_estimate, estimated_scores
from spacy_hat.explanations.occlusion import occluded_scores
from spacy_hat.explanations.question import find_decision
from spacy_hat.modeling import HATForSequenceClassification, HATModel
from spacy_hat.modeling.files.problems import RefusedError
from spacy_hat.packing.packer import Packer
from spacy_hat.packing.pairs import Pair, pack_pairs
from spacy_hat.processing.processor import HATProcessor

from ..support.explained import TEXT, make_random
from ..support.fine_tuned import answers
from ..support.modern import ModernSource, gemma_tokenizer, modern_tokenizer
from ..support.odd_text import ODD_TEXTS
from ..support.pipelines import OURS, initialize, make_nlp, predictions, train

LONG = "the appeal was dismissed. costs follow. " * 160


def save_rotary_hat(folder: Path, layout: str = "S|SD|S|SD", tokenizer: Any = modern_tokenizer, **sizes: Any) -> Path:
    """RETURNS (Path): The folder of a HAT from a tiny ModernBERT, cross-segment blocks copied so that they matter."""
    (folder / "source").mkdir()
    started = ModernSource(folder / "source", tokenizer, scale=0.2).start(layout, segment_length=12, **sizes)
    started.model.save_pretrained(folder / "hat")
    started.tokenizer.save_pretrained(folder / "hat")
    return folder / "hat"


@pytest.fixture(scope="module")
def rotary_folder(tmp_path_factory) -> Path:
    return save_rotary_hat(tmp_path_factory.mktemp("rotary"))


@pytest.fixture(scope="module")
def trained(rotary_folder) -> Language:
    nlp = make_nlp(rotary_folder, *OURS)
    train(nlp, initialize(nlp), 3)
    return nlp


def vectors(nlp: Language, text: str) -> np.ndarray:
    return nlp(text)._.trf_data.tensors[0]


def assert_same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    for one, other in zip(found, expected, strict=True):
        for key, scores in other.pop("scores").items():
            np.testing.assert_allclose(one["scores"][key], scores, atol=1e-6)
        one.pop("scores")
        assert one == other


def test_a_document_is_one_window(trained, rotary_folder):
    nlp = make_nlp(rotary_folder)
    initialize(nlp)
    n_segments = len(vectors(nlp, LONG))
    assert n_segments > 128
    # The last sentence changes the first segment: all segments attend to each other.
    assert not np.allclose(vectors(nlp, LONG)[0], vectors(nlp, LONG + "hello world.")[0], atol=1e-6)


def test_max_segments_can_be_set_in_the_config(rotary_folder):
    nlp = make_nlp(rotary_folder, transformer_config={"max_segments": 5})
    initialize(nlp)
    assert np.allclose(vectors(nlp, LONG)[0], vectors(nlp, LONG + "hello world.")[0], atol=1e-5)
    with pytest.raises(ValueError, match="max_segments is 0, expected a whole number of at least 1"):
        initialize(make_nlp(rotary_folder, transformer_config={"max_segments": 0}))


def test_settings_of_the_other_kind_are_unknown(rotary_folder):
    with pytest.raises(TypeError, match="have no document_position_embeddings"):
        initialize(make_nlp(rotary_folder, transformer_config={"document_position_embeddings": True}))


def test_training_learns(rotary_folder):
    nlp = make_nlp(rotary_folder, "textcat")
    losses = train(nlp, initialize(nlp), 25)
    assert losses[-1]["textcat"] < 0.5 * losses[0]["textcat"]


@pytest.mark.parametrize("way", ["disk", "bytes"])
def test_pipelines_come_back(trained, tmp_path, way):
    if way == "disk":
        trained.to_disk(tmp_path)
        nlp = spacy.load(tmp_path)
    else:
        nlp = spacy.blank("en").from_config(trained.config).from_bytes(trained.to_bytes())
    texts = [TEXT, LONG, ""]
    assert_same(predictions(nlp.pipe(texts)), predictions(trained.pipe(texts)))


@pytest.mark.parametrize("tokenizer", [modern_tokenizer, gemma_tokenizer])
def test_odd_documents_lose_nothing(tmp_path, tokenizer):
    nlp = make_nlp(save_rotary_hat(tmp_path, tokenizer=tokenizer), "textcat")
    initialize(nlp)
    for text in ODD_TEXTS.values():
        doc = nlp(text)
        assert all(
            length > 0 for length, token in zip(doc._.trf_data.align.lengths, doc, strict=False) if not token.is_space
        )
        assert np.isfinite(list(doc.cats.values())).all()


def test_bfloat16_is_near(rotary_folder, monkeypatch):
    exact = make_nlp(rotary_folder)
    initialize(exact)
    monkeypatch.setattr("spacy_hat.layers.predictor.cpu_multiplies_bfloat16", lambda: True)
    half = make_nlp(rotary_folder, precision="bfloat16")
    initialize(half)
    found, expected = vectors(half, TEXT), vectors(exact, TEXT)
    assert not np.array_equal(found, expected)
    np.testing.assert_allclose(found, expected, atol=0.3)


def test_segment_vectors_alone_are_the_same(rotary_folder):
    pieces, segments = make_nlp(rotary_folder), make_nlp(rotary_folder, output="segments")
    initialize(pieces), initialize(segments)
    np.testing.assert_allclose(vectors(segments, TEXT)[:, 0], vectors(pieces, TEXT)[:, 0], atol=1e-5)


@pytest.mark.parametrize("head", ["textcat", "spancat"])
@pytest.mark.parametrize("method", ["occlusion", "gradient"])
def test_explanations(trained, head, method):
    doc = trained(TEXT)
    span = next(doc.sents) if head == "spancat" else None
    explanation = spacy_hat.explain(trained, doc, component=head, span=span, method=method)
    assert np.isfinite(explanation.scores).all()
    assert np.abs(explanation.scores).max() > 0


def test_estimates_are_exact_where_one_block_is_above(tmp_path):
    nlp = make_nlp(save_rotary_hat(tmp_path, "S|SD|S"), "textcat", packing="sentences", output="segments")
    initialize(nlp)
    make_random(nlp, "textcat")
    doc = nlp(TEXT)
    decision = find_decision(nlp, doc, component="textcat", span=None)
    encoded = EncodedDocument(decision.head, decision.head.read(doc, decision.sentence_starts()))
    assert can_estimate(encoded)
    np.testing.assert_allclose(estimated_scores(encoded), occluded_scores(encoded, None, print), atol=2e-5)


def test_heads_are_exported_and_imported(rotary_folder, tmp_path):
    nlp = make_nlp(rotary_folder, "textcat")
    train(nlp, initialize(nlp), 3)
    export_checkpoint(nlp, None).to_disk(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    assert values["model_type"] == "rotary-hierarchical-transformer"
    model = HATForSequenceClassification.from_pretrained(tmp_path)
    expected = np.array(list(nlp(TEXT).cats.values()))
    found = answers(model, nlp, TEXT, "single_label_classification")
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-5)
    processor = HATProcessor.from_pretrained(tmp_path)
    assert processor.max_segments is None
    with torch.no_grad():
        found = model(**processor(LONG, return_tensors="pt")).logits[0].softmax(-1)
    np.testing.assert_allclose(found.numpy(), list(nlp(LONG).cats.values()), atol=1e-5)
    with pytest.raises(ValueError, match="there is no greatest length"):
        processor(LONG, padding="max_length")
    imported = import_checkpoint(str(tmp_path)).nlp
    np.testing.assert_allclose(list(imported(TEXT).cats.values()), expected, atol=1e-5)


def test_frozen_blocks_and_their_cache(rotary_folder):
    nlp = make_nlp(rotary_folder, "textcat", transformer_config={"frozen_blocks": 2}, segment_cache_mb=5)
    losses = train(nlp, initialize(nlp), 10)
    assert losses[-1]["textcat"] < losses[0]["textcat"]


def test_processors_of_encoders_have_no_limit_either(rotary_folder):
    assert HATProcessor.from_pretrained(rotary_folder).max_segments is None


def test_pairs_are_packed_without_a_limit():
    doc = spacy.blank("en")(LONG)
    pair = Pair(("who was dismissed?",), doc)
    packed = pack_pairs(
        [pair], Packer("fixed"), modern_tokenizer(), leads="windows", segment_length=12, max_segments=None
    )
    assert len(packed.window_lengths) == 1


def test_warm_start_command_replaces_what_it_made(tmp_path):
    (tmp_path / "source").mkdir()
    ModernSource(tmp_path / "source")
    for options in ([], ["--force"]):
        command = ["hat", "warm-start", str(tmp_path / "source"), str(tmp_path / "hat"), "--segment-length", "24"]
        assert CliRunner().invoke(app, [*command, *options]).exit_code == 0
    assert json.loads((tmp_path / "hat" / "config.json").read_text())["layout"] == "S|SD|S|SD"
    card = (tmp_path / "hat" / "README.md").read_text()
    assert "| segments that attend to each other | all of a document |" in card
    assert "| document positions | by rotation |" in card


# --- the gate -------------------------------------------------------------------------------------


def change_stored(nlp: Language, folder: Path, **entries: Any) -> Path:
    """RETURNS (Path): The pipeline on disk, its encoder's configuration changed."""
    nlp.to_disk(folder)
    file = folder / "transformer" / "model"
    message = srsly.msgpack_loads(file.read_bytes())
    for node, shims in enumerate(message["shims"]):
        for number, stored in enumerate(shims):
            parts = srsly.msgpack_loads(stored)
            parts["config"] = json.dumps({**json.loads(parts["config"]), **entries})
            message["shims"][node][number] = srsly.msgpack_dumps(parts)
    file.write_bytes(srsly.msgpack_dumps(message))
    return folder


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"intermediate_size": 41}, "misshapen: encoder.layer.0"),
        ({"hidden_size": 10**9}, "hidden_size is"),
        ({"norm_bias": True}, "missing: embeddings.norm.bias"),
        ({"layout": "S|S|S|S|S", "num_hidden_layers": 5}, "missing: encoder.layer.4"),
        ({"local_attention": "all"}, "local_attention is 'all'"),
        ({"global_rope_theta": 0}, "global_rope_theta is 0"),
        ({"pool_padding": True}, "pool_padding is True"),
        ({"model_type": "hierarchical-transformer"}, "."),
    ],
    ids=str,
)
def test_changed_configurations_are_refused(trained, tmp_path, entries, expected):
    with pytest.raises(ValueError, match=expected):
        spacy.load(change_stored(trained, tmp_path, **entries))


def test_entries_that_are_not_known_are_left_behind(trained, tmp_path):
    changed = change_stored(trained, tmp_path, auto_map={"AutoModel": "own.Model"}, forward="x", to_dict=3)
    encoder = spacy.load(changed).get_pipe("transformer").model.shims[0].encoder
    assert not hasattr(encoder.config, "auto_map")
    assert callable(encoder.config.to_dict)
    assert not hasattr(encoder.config, "forward")


def test_a_checkpoint_without_some_weights_is_refused(rotary_folder, tmp_path):
    model = HATModel.from_pretrained(rotary_folder)
    weights = {name: weight for name, weight in model.state_dict().items() if "feed_forward.gate" not in name}
    model.save_pretrained(tmp_path, state_dict=weights)
    with pytest.raises(RefusedError, match=r"missing: encoder\.layer\.0\.sentence_encoder\.feed_forward\.gate\.weight"):
        HATModel.from_pretrained(tmp_path)


def test_dropouts_of_shipped_configs_have_their_places(rotary_folder):
    names = {"hidden_dropout_prob": 0.25, "attention_probs_dropout_prob": 0.125}
    nlp = make_nlp(rotary_folder, transformer_config=names)
    initialize(nlp)
    block = nlp.get_pipe("transformer").model.shims[0].encoder.encoder.layer[1].sentence_encoder
    assert (block.feed_forward_dropout.p, block.attention.dropout) == (0.25, 0.125)
    with pytest.raises(ValueError, match=r"mlp_dropout|hidden_dropout_prob"):
        initialize(make_nlp(rotary_folder, transformer_config={"hidden_dropout_prob": 3}))
