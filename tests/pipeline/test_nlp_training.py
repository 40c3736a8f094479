"""Training: stock listeners and our heads on one encoder, which learns with them."""

from typing import get_args

import numpy as np
import pytest
import spacy
from spacy.training import Example

from spacy_hat.choices import Pooling

from ..support.pipelines import (
    COMPONENTS,
    OURS,
    STOCK,
    annotate,
    document_head,
    encoder_of,
    initialize,
    make_nlp,
    make_text,
    step,
    train,
    weights_of,
)

HELD_OUT = range(100, 120)
OPTIMIZER = """
[training]

[training.optimizer]
@optimizers = "spacy-hat.Adam.v1"
encoder_learn_rate = {encoder}
L2 = 0.0

[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
initial_rate = {head}
warmup_steps = 0
total_steps = 100
"""


def held_out(nlp):
    return [Example(nlp.make_doc(make_text(i)), annotate(nlp.make_doc(make_text(i)), i)) for i in HELD_OUT]


def head_weights(nlp, name):
    return nlp.get_pipe(name).model.get_ref("hidden").get_param("W").copy()


def resolve_optimizer(encoder, head):
    config = spacy.util.load_config_from_str(OPTIMIZER.format(encoder=encoder, head=head))
    return spacy.registry.resolve(config["training"])["optimizer"]


@pytest.fixture(scope="module")
def multitask(hat_folder):
    """A pipeline trained on documents and sentences at once. RETURNS: The pipeline, and its losses."""
    nlp = make_nlp(hat_folder, "textcat", "spancat_singlelabel", packing="sentences")
    examples = initialize(nlp)
    return nlp, train(nlp, examples, 60)


@pytest.mark.parametrize("factory", ["hat", "transformer"])
@pytest.mark.parametrize("component", COMPONENTS)
def test_nlp_training_lowers_the_loss_and_changes_the_encoder(hat_folder, component, factory):
    nlp = make_nlp(hat_folder, component, factory=factory, packing="sentences")
    examples = initialize(nlp)
    before = weights_of(nlp)
    losses = train(nlp, examples, 10)
    assert losses[-1][component] < 0.75 * losses[0][component]
    after = weights_of(nlp)
    # Stock listeners read tokens, which the cross-segment part of a block reaches through the block above it.
    assert [name for name in before if np.array_equal(before[name], after[name])] == []


@pytest.mark.parametrize("component", STOCK)
def test_nlp_stock_components_learn_what_a_token_can_tell(hat_folder, component):
    nlp = make_nlp(hat_folder, component, packing="sentences")
    train(nlp, initialize(nlp), 30)
    metrics = {"tagger": "tag_acc", "ner": "ents_f", "stock_textcat": "cats_macro_auc"}
    assert nlp.evaluate(held_out(nlp))[metrics.get(component, "spans_stock_spancat_f")] > 0.8


@pytest.mark.parametrize("component", ["textcat", "spancat_singlelabel"])
def test_nlp_multitask_training_lowers_both_losses(multitask, component):
    _, losses = multitask
    assert losses[-1][component] < 0.3 * losses[0][component]


def test_nlp_multitask_finds_the_telling_sentence_of_new_documents(multitask):
    nlp, _ = multitask
    assert nlp.evaluate(held_out(nlp))["cats_macro_f"] > 0.9


def test_nlp_multitask_labels_a_sentence_by_what_another_says(multitask):
    nlp, _ = multitask
    assert nlp.evaluate(held_out(nlp))["spans_spancat_singlelabel_f"] > 0.9


def test_nlp_multitask_suggests_sentences_exactly(multitask):
    nlp, _ = multitask
    for doc in nlp.pipe(make_text(i) for i in HELD_OUT):
        assert {(span.start, span.end) for span in doc.spans["spancat_singlelabel"]} <= {
            (sent.start, sent.end) for sent in doc.sents
        }


@pytest.mark.parametrize("pooling", get_args(Pooling))
@pytest.mark.parametrize("component", ["textcat", "textcat_multilabel"])
def test_nlp_document_head_trains_with_every_pooling(hat_folder, component, pooling):
    nlp = make_nlp(hat_folder, packing="sentences")
    nlp.add_pipe(component, config={"model": document_head(component == "textcat", pooling=pooling)})
    examples = initialize(nlp)
    losses = train(nlp, examples, 25)
    assert losses[-1][component] < 0.75 * losses[0][component]
    assert nlp.evaluate(examples)["cats_macro_auc"] > 0.9


@pytest.mark.parametrize("component", OURS)
def test_nlp_heads_train_on_a_frozen_encoder(hat_folder, component):
    nlp = make_nlp(hat_folder, component, transformer_config={"frozen_blocks": 2})
    examples = initialize(nlp)
    before = weights_of(nlp)
    losses = train(nlp, examples, 20)
    assert losses[-1][component] < losses[0][component]
    after = weights_of(nlp)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_nlp_training_leaves_frozen_blocks_as_they_are(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", "tagger", transformer_config={"frozen_blocks": 1})
    examples = initialize(nlp)
    before = weights_of(nlp)
    train(nlp, examples, 3)
    after = weights_of(nlp)
    same = {name for name in before if np.array_equal(before[name], after[name])}
    assert same == {name for name in before if name.startswith(("embeddings.", "encoder.layer.0."))}


def test_nlp_training_steps_in_mixed_precision_are_finite(hat_folder):
    settings = {"mixed_precision": True, "grad_scaler_config": {"init_scale": 32768}}
    nlp = make_nlp(hat_folder, "textcat", "spancat_singlelabel", **settings)
    losses = train(nlp, initialize(nlp), 3)
    assert all(np.isfinite(list(step.values())).all() for step in losses)
    assert all(np.isfinite(weights).all() for weights in weights_of(nlp).values())


def test_nlp_gradients_of_several_batches_make_one_step(hat_folder):
    """What `accumulate_gradient` of [training] does."""
    weights = []
    for n_parts in (1, 2):
        nlp = make_nlp(hat_folder, "textcat")
        examples = initialize(nlp)
        size = len(examples) // n_parts
        for start in range(0, len(examples), size):
            # The loss of textcat is a mean over the batch.
            nlp.update(examples[start : start + size], sgd=False, annotates=["sentencizer"], losses={})
        gradients = {name: p.grad / n_parts for name, p in encoder_of(nlp).named_parameters()}
        weights.append({name: gradient.numpy() for name, gradient in gradients.items()})
    for name, gradient in weights[0].items():
        np.testing.assert_allclose(weights[1][name], gradient, atol=1e-5)


@pytest.mark.parametrize(("encoder", "head"), [(0.0, 0.01), (0.01, 0.0)])
def test_nlp_optimizer_from_a_config_gives_encoder_and_head_their_rates(hat_folder, encoder, head):
    nlp = make_nlp(hat_folder, "textcat")
    examples = initialize(nlp)
    # The output layer starts at zero, so that nothing behind it has a gradient in the first step.
    step(nlp, examples, resolve_optimizer(0.01, 0.01))
    encoder_before, head_before = weights_of(nlp), head_weights(nlp, "textcat")
    step(nlp, examples, resolve_optimizer(encoder, head))
    encoder_after = weights_of(nlp)
    changed = {name for name in encoder_before if not np.array_equal(encoder_before[name], encoder_after[name])}
    assert changed == (set(encoder_before) if encoder else set())
    assert np.array_equal(head_before, head_weights(nlp, "textcat")) is not bool(head)
