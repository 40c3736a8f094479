"""What a pipeline says when something is missing or wrong: once, clearly, and never with zeros."""

import warnings

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from thinc.config import ConfigValidationError
from transformers import BertConfig, BertModel

from .pipelines import COMPONENTS, OURS, initialize, make_nlp, make_text, step, train

TEXTS = [make_text(number) for number in range(50, 54)]
ADVICE = r"(?s)sentencizer.*annotating_components"


def make_trained(hat_folder, *components, **settings):
    nlp = make_nlp(hat_folder, *components, **settings)
    train(nlp, initialize(nlp), 2)
    return nlp


def warnings_of(action):
    """RETURNS (list[str]): What is said about sentences in a segment."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    messages = [str(warning.message) for warning in caught]
    return [message for message in messages if "no sentence boundaries, which packing" in message]


def outputs(nlp):
    return [doc._.trf_data.model_output.last_hidden_state for doc in nlp.pipe(TEXTS)]


@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_nlp_without_sentencizer_warns_once_in_training_and_prediction_together(hat_folder, packing):
    nlp = make_nlp(hat_folder, "textcat", "tagger", sentencizer=False, packing=packing)

    def use():
        train(nlp, initialize(nlp), 3)
        list(nlp.pipe(TEXTS))
        nlp(TEXTS[0])

    (message,) = warnings_of(use)
    for part in ("'sentencizer'", "annotating_components", f'packing = "{packing}"', '"fixed"'):
        assert part in message


@pytest.mark.filterwarnings("ignore:A Doc has no sentence boundaries")
@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_nlp_without_sentencizer_packs_as_fixed(hat_folder, packing):
    found = []
    for setting in (packing, "fixed"):
        nlp = make_nlp(hat_folder, sentencizer=False, packing=setting)
        initialize(nlp)
        found.append(outputs(nlp))
    assert all(map(np.array_equal, *found))


def test_nlp_with_fixed_packing_wants_no_sentencizer(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", sentencizer=False, packing="fixed")
    assert warnings_of(lambda: train(nlp, initialize(nlp), 1)) == []
    assert warnings_of(lambda: list(nlp.pipe(TEXTS))) == []


def test_nlp_with_sentencizer_warns_of_nothing(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", "spancat", packing="sentences")
    assert warnings_of(lambda: train(nlp, initialize(nlp), 1)) == []
    assert warnings_of(lambda: list(nlp.pipe([*TEXTS, "", " ", "hello"]))) == []


def test_nlp_warns_when_the_sentencizer_does_not_annotate_in_training(hat_folder):
    nlp = make_nlp(hat_folder, "textcat")
    examples = initialize(nlp)
    (message,) = warnings_of(lambda: nlp.update(examples, annotates=[]))
    assert "annotating_components" in message


def test_nlp_that_requires_sentences_raises_without_them(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", sentencizer=False, require_sentences=True)
    examples = initialize(nlp)
    with pytest.raises(ValueError, match=ADVICE):
        step(nlp, examples, nlp.create_optimizer())
    with pytest.raises(ValueError, match=ADVICE):
        nlp(TEXTS[0])


def test_nlp_that_requires_sentences_takes_them(hat_folder):
    nlp = make_trained(hat_folder, "textcat", require_sentences=True)
    assert nlp(TEXTS[0]).cats


@pytest.mark.parametrize("component", OURS)
def test_nlp_head_without_transformer_output_raises(hat_folder, component):
    nlp = make_trained(hat_folder, component)
    with nlp.select_pipes(disable=["transformer"]), pytest.raises(ValueError, match="No transformer output"):
        nlp(TEXTS[0])


@pytest.mark.parametrize("component", OURS)
def test_nlp_head_after_a_disabled_transformer_does_not_train(hat_folder, component):
    nlp = make_nlp(hat_folder, component)
    examples = initialize(nlp)
    with pytest.raises(ValueError, match=r"E203.*annotating"):
        train(nlp, examples, 1, exclude=["transformer"])


@pytest.mark.parametrize("component", OURS)
def test_nlp_head_without_a_transformer_cannot_be_initialized(hat_folder, component):
    nlp = make_nlp(hat_folder, component)
    nlp.remove_pipe("transformer")
    with pytest.raises(ValueError, match=r"does not know its width.*Put that component before this one"):
        initialize(nlp)


@pytest.mark.parametrize("component", OURS)
def test_nlp_head_before_its_transformer_cannot_be_initialized(hat_folder, component):
    nlp = make_nlp(hat_folder)
    factory, config = COMPONENTS[component]
    nlp.add_pipe(factory, config=config, before="transformer")
    with pytest.raises(ValueError, match=r"does not know its width.*Put that component before this one"):
        initialize(nlp)


def test_nlp_without_weights_says_so(hat_folder):
    nlp = make_nlp(hat_folder)
    with pytest.raises(ValueError, match=r"no weights yet.*nlp.initialize"):
        nlp("hello")


def test_nlp_without_an_encoder_name_says_how_to_get_one():
    nlp = spacy.blank("en")
    nlp.add_pipe("hat")
    with pytest.raises(ValueError, match=r"(?s)`name` is empty.*--paths.hat.*warm-start"):
        nlp.initialize()


def test_nlp_with_a_missing_folder_says_which(tmp_path):
    nlp = make_nlp(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"nothing' is no folder here.*warm-start"):
        nlp.initialize()


def test_nlp_with_a_bert_says_how_to_make_a_hat_of_it(tmp_path):
    config = BertConfig(hidden_size=8, num_attention_heads=1, num_hidden_layers=1, intermediate_size=8, vocab_size=9)
    BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"type 'bert', expected a HAT.*python -m spacy hat warm-start"):
        make_nlp(tmp_path).initialize()


def test_nlp_with_a_misspelt_entry_of_the_transformer_config_names_it(hat_folder):
    nlp = make_nlp(hat_folder, transformer_config={"frozen_block": 1})
    with pytest.raises(TypeError, match=r"no frozen_block\b"):
        nlp.initialize()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("packing", "sentence"),
        ("overflow", "drop"),
        ("precision", "float16"),
        ("require_sentences", "perhaps"),
        ("max_batch_pieces", "many"),
        ("pakcing", "greedy"),
    ],
)
def test_nlp_config_is_validated(hat_folder, setting, value):
    with pytest.raises(ConfigValidationError, match=setting):
        make_nlp(hat_folder, **{setting: value})


@pytest.mark.parametrize(
    ("component", "setting", "value"),
    [("textcat", "pooling", "sum"), ("textcat", "exclusive_classes", "perhaps"), ("spancat", "pooling", "max")],
)
def test_nlp_head_config_is_validated(component, setting, value):
    factory, config = COMPONENTS[component]
    config = {**config, "model": {**config["model"], setting: value}}
    with pytest.raises(ConfigValidationError, match=setting):
        spacy.blank("en").add_pipe(factory, config=config)


def test_nlp_head_needs_the_segments_of_a_transformer():
    factory, config = COMPONENTS["textcat"]
    tok2vec = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 8, "depth": 1, "embed_size": 8, "window_size": 1}
    settings = {"maxout_pieces": 2, "subword_features": True, "pretrained_vectors": None}
    config = {**config, "model": {**config["model"], "tok2vec": {**tok2vec, **settings}}}
    with pytest.raises(ValueError, match=r"spacy-transformers\.TransformerListener\.v1"):
        spacy.blank("en").add_pipe(factory, config=config)


def test_nlp_takes_documents_that_were_not_made_by_its_tokenizer(hat_folder):
    nlp = make_trained(hat_folder, "textcat")
    doc = Doc(nlp.vocab, words=["thecourt", "held", "."], spaces=[False] * 3)
    assert set(nlp(doc).cats) == {"DISMISSED", "ALLOWED"}
