"""Configs that are made: complete and valid whatever is asked for, and training on each task."""

import pytest
import spacy
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.tokens import DocBin
from thinc.api import Config

from spacy_hat.training.config import TASKS, count_docs, section, training_config
from spacy_hat.training.steps import UNKNOWN_DOCS, Steps

from ..support.configs import sections
from ..support.project import ROOT

CONFIGS = ROOT / "configs"
TOGETHER = ["textcat", "spancat", "ner", "tagger"]
ALONE = [[task] for task in TASKS]
COMBINATIONS = [*ALONE, TOGETHER, ["textcat_multilabel", "ner"], ["morphologizer", "tagger"]]


def settings(*tasks: str, **options) -> Config:
    return Config().from_str(training_config(tasks, **options), interpolate=False)


def hat_model(config: Config) -> dict:
    return config["components"]["transformer"]["model"]


def names(tasks: list[str]) -> str:
    return "+".join(tasks)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimize": "accuracy", "gpu": True},
        {"lang": "zh"},
        {"units": ["lines"]},
        {"units": ["sentences", "paragraphs"]},
        {"units": ["given"]},
        {"units": ["pattern"], "pattern": r'^\(\w+\) "x" '},
    ],
    ids=str,
)
@pytest.mark.parametrize("tasks", COMBINATIONS, ids=names)
def test_training_config_fills_without_a_diff(tasks, options, tmp_path):
    (tmp_path / "made.cfg").write_text(training_config(tasks, **options))
    before, after = fill_config(tmp_path / "filled.cfg", tmp_path / "made.cfg", silent=True)
    assert sections(before) == sections(after)


@pytest.mark.parametrize("tasks", [*ALONE, TOGETHER], ids=names)
def test_training_config_trains(tasks, corpus, hat_folder, tmp_path):
    paths = {"hat": str(hat_folder), "train": str(corpus), "dev": str(corpus)}
    (tmp_path / "made.cfg").write_text(training_config(tasks, **paths))
    train(tmp_path / "made.cfg", tmp_path, overrides={"training.max_steps": 2})
    nlp = spacy.load(tmp_path / "model-last")
    doc = nlp.make_doc("we read whole documents. hello world.")
    doc._.questions, doc._.options = ["what?"], ["a", "b"]
    doc = nlp(doc)
    assert "transformer" not in nlp.pipe_names or doc._.trf_data is None
    written = {
        "textcat": doc.cats,
        "textcat_multilabel": doc.cats,
        "spancat": "sc" in doc.spans,
        "spancat_singlelabel": "sc" in doc.spans,
        "ner": doc.has_annotation("ENT_IOB"),
        "tagger": doc.has_annotation("TAG"),
        "morphologizer": doc.has_annotation("POS"),
        "trainable_lemmatizer": doc.has_annotation("LEMMA"),
        "qa": "answers" in doc.spans,
        "choice": doc._.choice,
    }
    assert all(written[task] for task in tasks)


@pytest.mark.parametrize(
    ("tasks", "packing", "output"),
    [
        (["textcat"], "greedy", "segments"),
        (["textcat_multilabel"], "greedy", "segments"),
        (["spancat"], "sentences", "pieces"),
        (["textcat", "spancat_singlelabel"], "sentences", "pieces"),
        (["ner"], "greedy", "pieces"),
        (["textcat", "tagger"], "greedy", "pieces"),
    ],
)
def test_training_config_encodes_what_the_tasks_read(tasks, packing, output):
    model = hat_model(settings(*tasks))
    assert (model["packing"], model["output"], model["overflow"]) == (packing, output, "window")


def test_training_config_for_speed_keeps_the_first_block():
    assert hat_model(settings("ner"))["transformer_config"] == {"frozen_blocks": 1, "attention_probs_dropout_prob": 0.0}
    assert hat_model(settings("ner", optimize="accuracy"))["transformer_config"] == {"frozen_blocks": 0}
    steps = [settings("ner", optimize=choice)["training"]["max_steps"] for choice in ("speed", "accuracy")]
    assert steps == [800, 1600]


@pytest.mark.parametrize(
    ("tasks", "max_steps", "rate"),
    [
        (["textcat"], 401, 5e-5),
        (["textcat"], 400, 1e-4),
        (["textcat_multilabel"], 401, 5e-5),
        (["spancat_singlelabel"], 401, 1e-4),
        (["textcat", "spancat_singlelabel"], 401, 1e-4),
        (["ner"], 401, 1e-4),
    ],
)
def test_training_config_moves_the_encoder_slowly_in_long_runs_on_labels_of_documents(tasks, max_steps, rate):
    optimizer = settings(*tasks, steps=Steps(max_steps, 100, 40))["training"]["optimizer"]
    assert optimizer["encoder_learn_rate"]["initial_rate"] == rate
    assert optimizer["learn_rate"]["initial_rate"] == 1e-3


@pytest.mark.parametrize(("tasks", "epochs"), [(["ner"], 4), (["spancat"], 6), (["textcat", "spancat"], 6)])
def test_training_config_reads_documents_with_labelled_sentences_more_often(tasks, epochs):
    training = settings(*tasks)["training"]
    assert training["max_steps"] * training["batcher"]["size"] == epochs * UNKNOWN_DOCS


def test_training_config_for_a_gpu_predicts_in_larger_batches():
    cpu, gpu = settings("textcat"), settings("textcat", gpu=True)
    assert cpu["nlp"]["batch_size"] < gpu["nlp"]["batch_size"]
    assert hat_model(cpu)["max_batch_pieces"] < hat_model(gpu)["max_batch_pieces"]
    assert cpu["components"]["transformer"]["max_batch_items"] < gpu["components"]["transformer"]["max_batch_items"]
    assert hat_model(gpu)["transformer_config"] == {"frozen_blocks": 1}
    assert cpu["training"] == gpu["training"]


def test_training_config_takes_the_tokenizer_of_the_language():
    assert settings("ner")["nlp"]["tokenizer"] == {"@tokenizers": "spacy.Tokenizer.v1"}
    assert settings("ner", lang="zh")["nlp"]["tokenizer"]["@tokenizers"] == "spacy.zh.ChineseTokenizer"


def test_training_config_trains_as_long_as_the_corpus_asks_for(tmp_path):
    nlp = spacy.blank("en")
    DocBin(docs=[nlp.make_doc("hello")] * 300).to_disk(tmp_path / "one.spacy")
    DocBin(docs=[nlp.make_doc("hello")] * 33).to_disk(tmp_path / "two.spacy")
    assert count_docs(str(tmp_path)) == 333
    training = settings("textcat", train=str(tmp_path))["training"]
    assert (training["max_steps"], training["eval_frequency"]) == (4 * 167, 167)
    assert training["optimizer"]["learn_rate"]["warmup_steps"] == 66


@pytest.mark.parametrize(
    ("n_docs", "expected"), [(8, Steps(200, 50, 20)), (400, Steps(800, 200, 80)), (10_000, Steps(20_000, 1000, 2000))]
)
def test_steps_grow_with_the_corpus(n_docs, expected):
    assert Steps.for_corpus(n_docs, epochs=4) == expected


def test_training_config_is_quoted(tmp_path):
    paths = settings("textcat", hat='a "quoted" name', file="x.cfg")["paths"]
    assert (paths["hat"], paths["train"], paths["dev"]) == ('a "quoted" name', None, None)


@pytest.mark.parametrize("weight", ["cats_score", "spans_sc_f", "ents_f", "tag_acc"])
def test_training_config_counts_tasks_alike(weight):
    assert settings(*TOGETHER)["training"]["score_weights"][weight] == 0.25


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([], "No task is given. Expected at least one of textcat, "),
        (["parser", "textcat"], "Unknown task: parser. Expected some of textcat, "),
        (["textcat", "textcat_multilabel"], "both, which read and write doc.cats. Expected: one"),
        (["textcat", "qa"], "The task qa has an encoder of its own.* Got: textcat, qa. Expected: it alone"),
        (["spancat_singlelabel", "spancat"], 'both, which read and write doc.spans\\["sc"\\]. Expected: one'),
    ],
)
def test_training_config_says_which_tasks_it_knows(tasks, message):
    with pytest.raises(ValueError, match=message):
        training_config(tasks)


def test_training_config_says_which_language_it_does_not_know():
    with pytest.raises(ValueError, match=r"no language 'xy'\. Expected: a code such as en"):
        training_config(["ner"], lang="xy")


@pytest.mark.parametrize(("content", "message"), [(None, "holds no documents"), (b"text,label", "cannot be read")])
def test_training_config_says_which_corpus_it_cannot_read(content, message, tmp_path):
    if content:
        (tmp_path / "train.spacy").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        training_config(["ner"], train=str(tmp_path))


# Of each shipped config: what init-config was asked for, and the steps that its corpus asks for.
SHIPPED = {
    "textcat": (["textcat"], Steps(256, 128, 26)),
    "textcat_multilabel": (["textcat_multilabel"], Steps(256, 128, 26)),
    "spancat": (["spancat_singlelabel"], Steps(1350, 225, 135)),
    "multitask": (["textcat", "spancat_singlelabel"], Steps(1350, 225, 135)),
    "qa": (["qa"], Steps(300, 150, 30)),
    "choice": (["choice"], Steps(300, 150, 30)),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_settings_are_those_of_init_config(name):
    shipped = Config().from_disk(CONFIGS / f"hat_{name}.cfg", interpolate=False)
    tasks, steps = SHIPPED[name]
    made = settings(*tasks, steps=steps)
    assert made | {"paths": shipped["paths"]} == shipped


def test_section_holds_those_inside_it():
    text = section("nlp.tokenizer", {"@tokenizers": "é.v1", "inner": {"@misc": "m.v1", "none": None}, "on": True})
    assert text == (
        '[nlp.tokenizer]\n@tokenizers = "é.v1"\non = true\n\n[nlp.tokenizer.inner]\n@misc = "m.v1"\nnone = null'
    )
    assert section("initialize.tokenizer", {}) == "[initialize.tokenizer]"


def test_training_config_balances_labels_of_documents(tmp_path):
    batcher = settings("textcat", balanced=True)["training"]["batcher"]
    assert batcher == {"@batchers": "spacy-hat.batch_balanced.v1", "strength": 0.5, "size": 2}
    path = tmp_path / "config.cfg"
    path.write_text(training_config(["textcat"], balanced=True), encoding="utf8")
    before, after = fill_config(tmp_path / "filled.cfg", path, silent=True)
    assert sections(before) == sections(after)


def test_training_config_balances_no_labels_of_sentences():
    with pytest.raises(ValueError, match=r"Got: the tasks spancat.*Expected: textcat or textcat_multilabel"):
        training_config(["spancat"], balanced=True)


def test_training_config_puts_words_beside_documents():
    model = settings("textcat_multilabel")["components"]["textcat_multilabel"]["model"]
    assert model["@architectures"] == "spacy-hat.DocumentEnsemble.v1"
    assert not model["linear_model"]["exclusive_classes"]
    assert not model["linear_model"]["balanced"]
