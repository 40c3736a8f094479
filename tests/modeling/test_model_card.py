"""README.md of a new HAT: front matter that the hub can read, and what a reader has to know."""

import pytest
import yaml

from spacy_hat.modeling.files.card import SourceCard, read_source_card
from spacy_hat.modeling.published_head import PublishedHead
from spacy_hat.modeling.start.cards import head_card, scratch_card, warm_start_card

from ..support.scratch import start as start_from_scratch
from ..support.sources import Source

CARD = "---\nlicense: apache-2.0\nlanguage: en\nwidget: [1]\n---\n\n# A model\n"


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return Source("bert", tmp_path_factory.mktemp("bert-tiny"))


def parse(card):
    """RETURNS (tuple[dict, str]): Front matter and text."""
    _, front, text = card.split("---\n", 2)
    return yaml.safe_load(front), text


def make_card(bert, source=None, **settings):
    started = bert.start(**settings)
    return parse(warm_start_card(started.model, started.report, source or SourceCard("bert-tiny")))


def test_card_has_the_licence_and_language_of_the_source(bert, tmp_path):
    (tmp_path / "README.md").write_text(CARD)
    front, text = make_card(bert, read_source_card(tmp_path))
    assert (front["license"], front["language"]) == ("apache-2.0", "en")
    assert "widget" not in front
    assert "Licence: apache-2.0, that of the source." in text


@pytest.mark.parametrize(
    "card", [None, "# A model\n", "---\n{broken\n---\n", "---\n- list\n---\n", "\xff", "---\nlicense:\n---\n"]
)
def test_licence_that_the_source_does_not_say_is_unknown(bert, tmp_path, card):
    if card is not None:
        (tmp_path / "README.md").write_bytes(card.encode("latin-1"))
    front, text = make_card(bert, read_source_card(tmp_path))
    assert "license" not in front
    assert "Licence: unknown" in text


def test_licence_with_a_name_of_its_own(tmp_path):
    (tmp_path / "README.md").write_text("---\nlicense: other\nlicense_name: court-1.0\nlicense_link: LICENSE\n---\n")
    card = read_source_card(tmp_path)
    assert card.licence == "court-1.0"
    assert card.metadata["license_link"] == "LICENSE"


def test_base_model_is_the_hub_name_of_the_source(bert):
    front, text = make_card(bert, SourceCard("owner/bert", on_hub=True, revision="v2"))
    assert front["base_model"] == "owner/bert"
    assert "[owner/bert](https://huggingface.co/owner/bert), revision `v2`" in text


def test_folder_is_named_without_its_path_and_is_no_base_model(bert):
    front, text = make_card(bert, read_source_card(bert.folder))
    assert "base_model" not in front
    assert f"`{bert.folder.name}`" in text
    assert str(bert.folder.parent) not in text


def test_card_says_layout_sizes_and_what_is_new(bert):
    _, text = make_card(bert, layout="S|SD", cross_segment_start="identity")
    assert "| layout | `S\\|SD` |" in text
    assert "| HAT | source |\n|---|---|\n" in text
    assert "| pieces in a segment | 16 |" in text
    assert "| encoder.layer.1.document_encoder | encoder.layer.1 |" in text
    assert "* encoder.layer.1.document_encoder: output projections zero" in text
    assert "* encoder.layer.2" in text  # not used
    assert "--paths.hat THIS" in text


def test_card_from_scratch_says_so():
    started = start_from_scratch()
    front, text = parse(scratch_card(started.model, started.report))
    assert "license" not in front
    assert "tokenizer trained on `corpus`: byte-level BPE" in text
    assert "* everything: random (seed 0)" in text


@pytest.mark.parametrize(("kind", "expected"), [("documents", "text-classification"), ("segments", None)])
def test_card_of_a_head_is_found_by_its_task(bert, kind, expected):
    head = PublishedHead(kind=kind, labels=["Law"], problem_type="single_label_classification", weights={})
    front, text = parse(head_card(bert.start().model, head, "mit"))
    assert (front.get("pipeline_tag"), front["license"]) == (expected, "mit")
    assert "* Law" in text
