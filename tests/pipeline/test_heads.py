"""Which head reads which encoder: by name, by '*', its own; with two encoders in one pipeline, and in every room."""

from copy import deepcopy

import pytest
import spacy

from scripts.evaluate import count_pieces
from spacy_hat import explain_labels
from spacy_hat.checkpoints.export_head import export_checkpoint
from spacy_hat.pipeline.heads import encoder_of, encoders_of, heads_of, labelled_by, overwritten_by, upstream_of
from spacy_hat.profiling.profile import profile_pipe

from ..support.pipelines import COMPONENTS, initialize, make_nlp, make_text, save_hat

TEXTS = [make_text(number) for number in range(3)]


def add(nlp, component, upstream="*", name=None):
    """Add a component of COMPONENTS that listens to that name."""
    factory, config = COMPONENTS[component]
    config = deepcopy(config)
    config["model"]["tok2vec"]["upstream"] = upstream
    nlp.add_pipe(factory, name=name or component, config=config)


def make_two(first, second, *order):
    """RETURNS (Language): A pipeline with encoders `hat` and `hat_2`, and these components in this order.

    *order: Names of encoders, or (component, what it listens to).
    """
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    for entry in order:
        if isinstance(entry, tuple):
            add(nlp, *entry)
        else:
            folder = {"hat": first, "hat_2": second}[entry]
            model = {"@architectures": "spacy-hat.HATModel.v1", "name": str(folder)}
            nlp.add_pipe("hat", name=entry, config={"model": model})
    return nlp


@pytest.fixture(scope="module")
def other_hat(tmp_path_factory):
    """RETURNS (Path): An encoder with another layout and another tokenizer."""
    return save_hat(tmp_path_factory.mktemp("hat"), "bpe", layout="S|SD")


@pytest.fixture(scope="module")
def two(hat_folder, other_hat):
    """RETURNS (Language): A head behind each encoder: the first by '*', the second by name."""
    order = ["hat", ("textcat", "*"), "hat_2", ("textcat_multilabel", "hat_2")]
    nlp = make_two(hat_folder, other_hat, *order)
    initialize(nlp)
    return nlp


READS = {"textcat": "hat", "textcat_multilabel": "hat_2"}
LAYOUTS = {"textcat": "SD|S", "textcat_multilabel": "S|SD"}
each_head = pytest.mark.parametrize("head", READS)


def layouts(nlp):
    return {head.name: encoder_of(nlp, head.name).shim.encoder.config.layout for head in heads_of(nlp)}


def test_heads_of_a_pipeline_are_its_categorizers(two):
    assert [head.name for head in heads_of(two)] == list(READS)
    assert [labelled_by(head) for head in heads_of(two)] == ["documents", "documents"]
    assert labelled_by(two.get_pipe("hat")) is labelled_by(two.get_pipe("sentencizer")) is None


def test_encoders_of_a_pipeline_are_all_of_them(two):
    assert [encoder.component for encoder in encoders_of(two)] == ["hat", "hat_2"]


@each_head
def test_encoder_of_a_head_is_the_one_that_spacy_links(two, head):
    encoder = encoder_of(two, head)
    assert encoder.component == upstream_of(two, head) == READS[head]
    assert head in two.get_pipe(READS[head]).listening_components
    assert encoder.layer is two.get_pipe(READS[head]).model


def test_encoder_of_a_listener_to_any_is_the_last_before_it(hat_folder, other_hat):
    nlp = make_two(hat_folder, other_hat, "hat", "hat_2", ("textcat", "*"))
    initialize(nlp)
    assert encoder_of(nlp, "textcat").component == "hat_2"
    doc = nlp(TEXTS[0])
    with nlp.select_pipes(disable=["hat"]):
        assert nlp(TEXTS[0]).cats == doc.cats


def test_encoder_of_a_head_is_one_that_runs(two):
    with two.select_pipes(disable=["hat"]):
        assert encoder_of(two, "textcat") is None
    with two.select_pipes(disable=["hat_2", "textcat_multilabel"]):
        assert encoder_of(two, "textcat_multilabel") is None


def test_encoder_of_a_head_before_it_is_none(hat_folder, other_hat):
    nlp = make_two(hat_folder, other_hat, ("textcat", "*"), "hat")
    assert encoder_of(nlp, "textcat") is None


def test_encoder_of_a_replaced_listener_is_the_heads_own(two):
    nlp = deepcopy_nlp(two)
    nlp.replace_listeners("hat", "textcat", ["model.tok2vec"])
    assert encoder_of(nlp, "textcat").component == "textcat"
    assert encoder_of(nlp, "textcat_multilabel").component == "hat_2"
    assert [encoder.component for encoder in encoders_of(nlp)] == ["hat", "textcat", "hat_2"]
    assert layouts(nlp) == LAYOUTS


def test_encoder_of_a_sourced_head_is_found(two):
    nlp = spacy.blank("en", vocab=two.vocab)
    nlp.add_pipe("sentencizer")
    for name in ("hat_2", "textcat_multilabel"):
        nlp.add_pipe(name, source=two)
    nlp.add_pipe("hat", name="mine", source=two)
    nlp.add_pipe("textcat", source=two)
    assert (encoder_of(nlp, "textcat").component, encoder_of(nlp, "textcat_multilabel").component) == ("mine", "hat_2")
    assert layouts(nlp) == LAYOUTS


def test_encoder_of_a_stock_transformer_is_none(two):
    assert encoder_of(two, "sentencizer") is None
    assert upstream_of(two, "hat") is None


def deepcopy_nlp(nlp):
    return spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())


def test_encoder_between_a_head_and_its_own_is_an_error(hat_folder, other_hat):
    nlp = make_two(hat_folder, other_hat, "hat", "hat_2", ("textcat", "hat"), ("textcat_multilabel", "hat_2"))
    assert [overwritten_by(nlp, head) for head in READS] == ["hat_2", None]
    with pytest.raises(ValueError, match=r"'textcat' listens to 'hat'.*from what 'hat_2' makes.*Move 'hat_2' behind"):
        initialize(nlp)


@each_head
def test_explanations_ask_the_encoder_of_the_head(two, head):
    doc = two(TEXTS[0])
    for explanation in explain_labels(two, doc, component=head):
        assert explanation.probability == pytest.approx(doc.cats[explanation.label], abs=1e-5)


@each_head
def test_export_takes_the_encoder_of_the_head(two, head):
    exported = export_checkpoint(two, head)
    assert exported.encoder_layer is two.get_pipe(READS[head]).model
    (note,) = [note for note in exported.notes if note.startswith("Components left behind")]
    # What finds sentences by rules is in the checkpoint's processor.
    others = [name for name in two.pipe_names if name not in ("sentencizer", head, READS[head])]
    assert f": {', '.join(others)}." in note


@each_head
def test_evaluation_counts_the_pieces_of_the_encoder_of_the_head(two, head):
    (doc,) = two.pipe(TEXTS[:1])
    lengths = {name: int(sum(data.wordpieces.lengths)) - len(data.wordpieces) for name, data in outputs(two).items()}
    assert lengths["hat"] != lengths["hat_2"]
    assert count_pieces(two, head, [doc]) == [lengths[READS[head]]]


def outputs(nlp):
    """RETURNS (dict[str, TransformerData]): What each encoder makes of the first text."""
    found = {}
    for name in ("hat", "hat_2"):
        with nlp.select_pipes(enable=["sentencizer", name]):
            found[name] = nlp(TEXTS[0])._.trf_data
    return found


def test_profile_counts_all_encoders(two):
    profile = profile_pipe(two, TEXTS[:1])
    assert profile.n_pieces == sum(int(sum(data.wordpieces.lengths)) for data in outputs(two).values())


def test_encoder_of_a_pipeline_with_one_is_that(hat_folder):
    nlp = make_nlp(hat_folder, "spancat", "ner")
    assert {encoder_of(nlp, name).component for name in ("spancat", "ner", "transformer")} == {"transformer"}


def test_heads_behind_encoders_of_different_widths_have_to_name_one(hat_folder, tmp_path):
    wide = save_hat(tmp_path, hidden_size=48)
    message = "'textcat' listens to '\\*'.*of 48 numbers from 'hat_2', after one with 32.*`upstream`"
    with pytest.raises(ValueError, match=message):
        initialize(make_two(hat_folder, wide, "hat", "hat_2", ("textcat", "*")))
    nlp = make_two(hat_folder, wide, "hat", "hat_2", ("textcat", "hat_2"))
    initialize(nlp)
    assert sum(nlp("costs follow.").cats.values()) == pytest.approx(1)
