"""What `debug` finds: right numbers, every mistake that would waste a run, and nothing on a sound config."""

from copy import deepcopy
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.util import load_config_from_str

from spacy_hat.training.config import training_config
from spacy_hat.training.corpus_counts import Spread, bin_edges
from spacy_hat.training.debug import debug_corpus, debug_training
from spacy_hat.training.run_length import run_length
from spacy_hat.training.steps import Steps

from ..support.pipelines import make_text, save_hat

SPLITS = {"train": range(12), "dev": range(20, 26)}
NLP = spacy.blank("en")
NLP.add_pipe("sentencizer")


def document(number: int) -> Doc:
    """A document for every task: its outcome, its sentences labelled by their length, a name, tags."""
    found = NLP(make_text(number))
    doc = NLP.make_doc(found.text)
    doc.cats = {"DISMISSED": float(number % 2 == 0), "ALLOWED": float(number % 2)}
    labels = ["LONG" if len(sent) > 4 else "SHORT" for sent in found.sents]
    doc.spans["sc"] = [Span(doc, s.start, s.end, label) for s, label in zip(found.sents, labels, strict=True)]
    doc.set_ents([Span(doc, 0, 1, "FIRST")])
    for token in doc:
        token.tag_ = "P" if token.text == "." else "W"
    return doc


class Desk:
    """A folder with corpora, and a config for them.

    folder (Path): An empty folder.
    hat (Path): The encoder.
    """

    def __init__(self, folder: Path, hat: Path):
        self.folder, self.hat = folder, hat
        for name, numbers in SPLITS.items():
            self.write(name, [document(number) for number in numbers])

    def write(self, name: str, docs: list[Doc]) -> Path:
        DocBin(docs=docs).to_disk(self.folder / f"{name}.spacy")
        return self.folder / f"{name}.spacy"

    def change(self, edit, *names: str) -> None:
        """Edit every document of some corpora, of all if none is named."""
        for name in names or SPLITS:
            docs = [document(number) for number in SPLITS[name]]
            for number, doc in enumerate(docs):
                edit(doc, number)
            self.write(name, docs)

    def config(self, *tasks: str, **overrides):
        paths = {name: str(self.folder / f"{name}.spacy") for name in SPLITS}
        text = training_config(tasks, hat=str(self.hat), steps=Steps(200, 50, 20), **paths)
        names = {name.replace("__", "."): value for name, value in overrides.items()}
        return load_config_from_str(text, overrides=names, interpolate=False)

    def look(self, *tasks: str, limit: int = 0, with_batch: bool = False, edit=lambda config: None, **overrides):
        config = self.config(*tasks, **overrides)
        edit(config)
        return debug_training(config, limit=limit, with_batch=with_batch)


@pytest.fixture
def desk(tmp_path, hat_folder):
    return Desk(tmp_path, hat_folder)


MODEL = "components__transformer__model__"


@pytest.mark.parametrize("tasks", [["textcat"], ["spancat_singlelabel", "ner", "tagger"]], ids="+".join)
def test_debug_finds_nothing_on_a_sound_config(desk, tasks):
    report = desk.look(*tasks, with_batch=True)
    assert (report.findings.problems, report.findings.warnings) == ([], [])
    assert report.batch.n_docs == 2
    assert 0 < report.batch.n_rows <= report.batch.n_rows_largest
    assert set(report.batch.losses) == {"transformer", *tasks}
    assert report.batch.seconds_per_epoch > report.batch.seconds > 0
    if report.batch.memory_peak is not None:
        assert report.batch.memory_largest >= report.batch.memory_peak >= report.batch.memory_before > 0


def test_debug_counts_what_is_in_the_corpora(desk):
    report = desk.look("textcat", "spancat", "ner", "tagger").to_dict()
    train, dev = report["corpora"]["train"], report["corpora"]["dev"]
    docs = [document(number) for number in SPLITS["train"]]
    sentences = [span for doc in docs for span in doc.spans["sc"]]
    assert (train["n_docs"], dev["n_docs"]) == (12, 6)
    assert train["n_tokens"] == sum(map(len, docs))
    # One segment each, with as many pieces as tokens.
    assert train["segments"]["total"] == train["n_sentences"] == len(sentences)
    assert train["pieces"]["total"] == sum(map(len, sentences))
    assert train["pieces"]["largest"] == max(map(len, docs))
    assert train["segment_fill"] == pytest.approx(sum(len(span) + 1 for span in sentences) / len(sentences) / 12)
    assert train["labels"]["textcat"] == {"DISMISSED": 6, "ALLOWED": 6}
    assert train["labels"]["spancat"]["SHORT"] == sum(span.label_ == "SHORT" for span in sentences)
    assert train["labels"]["ner"] == {"FIRST": 12}
    assert sum(train["labels"]["tagger"].values()) == train["n_tokens"]
    assert train["spans"]["spancat"] == {"n_spans": len(sentences), "equal_a_sentence": 1.0, "worst_docs": []}
    assert (train["n_pieces_cut"], train["n_docs_without_sentences"]) == (0, 0)
    assert sum(n for _, _, n in train["pieces"]["bins"]) == 12
    assert [bounds[:2] for bounds in train["pieces"]["bins"]] == [bounds[:2] for bounds in dev["pieces"]["bins"]]


def test_debug_counts_windows(desk):
    desk.write("train", [Doc.from_docs([document(n) for n in range(3)]), *(document(n) for n in range(4))])
    train = desk.look("ner", **{f"{MODEL}packing": "sentences"}).to_dict()["corpora"]["train"]
    assert train["segments"]["largest"] == 15
    assert (train["n_windows"], train["n_docs_in_several_windows"]) == (3 + 4, 1)


def test_debug_reads_no_more_than_it_is_told(desk):
    report = desk.look("ner", limit=4, with_batch=True)
    assert [len(counts.docs) for counts in report.corpora.values()] == [4, 4]


def test_debug_draws_its_documents_from_the_whole_corpus(desk):
    numbers = sorted(range(40), key=lambda number: number % 2)  # sorted by class
    for name in SPLITS:
        desk.write(name, [document(number) for number in numbers])
    train = desk.look("textcat", limit=10).to_dict()["corpora"]["train"]
    assert (train["n_docs"], train["n_docs_in_all"]) == (10, 40)
    assert min(train["labels"]["textcat"].values()) >= 2


def test_debug_says_nothing_of_what_it_did_not_see(desk):
    docs = [document(0) for _ in range(30)] + [document(1)]
    for doc in docs[:-1]:
        doc.set_ents([])
    desk.write("train", docs)
    findings = desk.look("textcat", "ner", limit=3).findings
    assert (findings.problems, findings.warnings) == ([], [])


def test_debug_reads_the_beginning_of_a_stream(desk):
    report = desk.look("textcat", limit=3, training__max_epochs=-1)
    assert report.to_dict()["corpora"]["train"]["n_docs_in_all"] is None
    assert report.findings.problems == []


def test_debug_tells_the_time_of_the_run(desk):
    batch = desk.look("textcat", with_batch=True).batch
    assert (batch.n_steps, batch.n_evaluations, batch.steps_per_epoch) == (200, 5, 6)
    expected = 200 * batch.seconds_per_epoch / 6 + 5 * batch.seconds_per_evaluation
    assert batch.seconds_per_run == pytest.approx(expected)
    assert batch.seconds_per_evaluation > 0


@pytest.mark.parametrize(
    ("settings", "steps_per_epoch", "expected"),
    [
        ({"max_steps": 200}, 6, (200, 5)),
        ({"max_steps": 199}, 6, (199, 4)),
        ({"max_epochs": 10}, 6, (60, 2)),
        ({"max_steps": 20, "max_epochs": 10}, 6, (20, 1)),
        ({"max_steps": 200, "max_epochs": 10}, None, (200, 5)),
        ({}, 6, (None, None)),
        ({"max_epochs": 10}, None, (None, None)),
        ({"max_epochs": -1, "max_steps": 100}, None, (100, 3)),
    ],
)
def test_run_length_is_what_ends_first(settings, steps_per_epoch, expected):
    length = run_length({"max_steps": 0, "max_epochs": 0, "eval_frequency": 50} | settings, steps_per_epoch)
    assert (length.n_steps, length.n_evaluations) == expected


def test_debug_looks_at_every_encoder(desk, other_hats):
    def edit(config):
        second = deepcopy(config["components"]["transformer"])
        second["model"].update(name=other_hats["short"], overflow="error", packing="sentences")
        config["components"]["second"] = second
        config["nlp"]["pipeline"] = ["sentencizer", "second", "transformer", "textcat", "doc_cleaner"]

    report = desk.look("textcat", edit=edit)
    assert report.encoder.component == "second"
    assert ["The pipeline has several encoders: second, transformer" in text for text in report.findings.warnings]
    assert any("more than 2 segments" in problem for problem in report.findings.problems)


def test_debug_trains_only_if_it_is_told(desk):
    assert desk.look("ner").batch is None


def test_debug_names_the_five_worst_documents(desk):
    def lose(doc, number):
        lost = [Span(doc, span.start, span.end - 1, span.label_) for span in list(doc.spans["sc"])[: number // 2]]
        doc.spans["sc"] = lost + list(doc.spans["sc"])[number // 2 :]

    desk.change(lose, "train")
    report = desk.look("spancat")
    (head,) = report.to_dict()["corpora"]["train"]["spans"].values()
    assert [doc["n_lost"] for doc in head["worst_docs"]] == [5, 5, 4, 4, 3]
    assert head["worst_docs"][0]["number"] == 11
    assert head["worst_docs"][0]["n_spans"] == 5
    assert head["equal_a_sentence"] == pytest.approx(1 - 30 / 60)
    assert ["30 of 60 annotated spans" in message for message in report.findings.problems] == [True]


def add_label(doc, number):
    doc.cats = {**doc.cats, "RARE": 0.0} if number else {"RARE": 1.0, "DISMISSED": 0.0, "ALLOWED": 0.0}


def add_second_label(doc, number):
    doc.cats = dict.fromkeys(doc.cats, 1.0) if number % 4 == 0 else doc.cats


def shorten(doc, number):
    doc.spans["sc"] = [Span(doc, span.start, span.end - 1, span.label_) for span in doc.spans["sc"]]


def rename_key(doc, number):
    doc.spans["mine"] = list(doc.spans["sc"])
    del doc.spans["sc"]


def clear(doc, number):
    doc.cats = {}


def one_label(doc, number):
    doc.cats = {"DISMISSED": 1.0}


def always_true(doc, number):
    doc.cats = {"COURT": 1.0}


def one_class(doc, number):
    doc.cats = {"DISMISSED": 1.0, "ALLOWED": 0.0}


def one_span_label(doc, number):
    doc.spans["sc"] = [Span(doc, span.start, span.end, "SENTENCE") for span in doc.spans["sc"]]


def no_entities(doc, number):
    doc.set_ents([])


def lose_half(doc, number):
    spans = list(doc.spans["sc"])
    doc.spans["sc"] = [Span(doc, s.start, s.end - (i < 2), s.label_) for i, s in enumerate(spans)]


def one_tag(doc, number):
    for token in doc:
        token.tag_ = "W"


# What was done to the corpora, for which tasks, with which settings, and what is said of it.
PROBLEMS = {
    "no documents": (lambda desk: desk.write("train", []), ["ner"], {}, ["Corpus train has nothing", "paths.train"]),
    "only spaces": (
        lambda desk: desk.write("dev", [NLP.make_doc("  ")]),
        ["ner"],
        {},
        ["Corpus dev has nothing to read. Got: 1 documents without any text"],
    ),
    "no annotation": (lambda desk: desk.change(clear, "train"), ["textcat"], {}, ["'textcat' has nothing to learn"]),
    "no annotation in dev": (lambda desk: desk.change(clear, "dev"), ["textcat"], {}, ["No document of dev"]),
    "another spans_key": (lambda desk: desk.change(rename_key), ["spancat"], {}, ["spans under 'mine'", "spans_key"]),
    "spans that equal no sentence": (
        lambda desk: desk.change(shorten),
        ["spancat_singlelabel"],
        {},
        ["60 of 60 annotated spans", "equal no sentence"],
    ),
    "no sentences in training": (
        lambda desk: None,
        ["textcat"],
        {"training__annotating_components": []},
        ["12 of 12 documents in train have no sentences", "'sentencizer' finds them: add \"sentencizer\""],
    ),
    "too many segments": (
        lambda desk: None,
        ["textcat"],
        {f"{MODEL}overflow": "error", f"{MODEL}packing": "sentences", "paths__hat": "short"},
        ["have more than 2 segments", 'Set overflow = "window"'],
    ),
    "exclusive classes that are not": (
        lambda desk: None,
        ["textcat"],
        {"components__textcat__model__linear_model__exclusive_classes": False},
        ["Got: a head with exclusive_classes = false"],
    ),
    "a maximum length": (
        lambda desk: None,
        ["textcat"],
        {"corpora__train__max_length": 500},
        ["[corpora.train] has max_length = 500", "Set max_length = 0"],
    ),
    "no evaluation": (
        lambda desk: None,
        ["textcat"],
        {"training__max_steps": 10, "training__eval_frequency": 20},
        ["eval_frequency is 20, but training ends after 10 steps"],
    ),
    "no encoder": (lambda desk: None, ["textcat"], {"paths__hat": "absent"}, ["'absent' is not a folder here"]),
    "no corpus": (
        lambda desk: None,
        ["textcat"],
        {"paths__train": None},
        ["path of [corpora.train] is empty", "--paths.train"],
    ),
    "a corpus that is not there": (
        lambda desk: None,
        ["textcat"],
        {"paths__dev": "absent.spacy"},
        ["There is nothing at absent.spacy, the path of [corpora.dev]", "--paths.dev"],
    ),
}
PROBLEMS |= {
    "no entities": (lambda desk: desk.change(no_entities), ["ner"], {}, ["'ner' has nothing to learn", "doc.ents"]),
    "one tag": (lambda desk: desk.change(one_tag), ["tagger"], {}, ["'tagger' has nothing to tell apart", "'W'"]),
    "one label": (
        lambda desk: desk.change(one_label),
        ["textcat"],
        {},
        ["'textcat' has one label. Got: DISMISSED only", "textcat_multilabel"],
    ),
    "one label that is always true": (
        lambda desk: desk.change(always_true),
        ["textcat_multilabel"],
        {},
        ["labels that are true of every document: COURT", "no counterexample among 12"],
    ),
    "documents of one class": (
        lambda desk: desk.change(one_class),
        ["textcat"],
        {},
        ["labels that are true of every document: DISMISSED"],
    ),
    "one label for every sentence": (
        lambda desk: desk.change(one_span_label),
        ["spancat_singlelabel"],
        {},
        ["each sentence of the annotated documents is labelled 'SENTENCE'"],
    ),
    "many spans that equal no sentence": (
        lambda desk: desk.change(lose_half, "train"),
        ["spancat"],
        {},
        ["24 of 60 annotated spans", "are ignored in training"],
    ),
    "many spans of dev that equal no sentence": (
        lambda desk: desk.change(lose_half, "dev"),
        ["spancat"],
        {},
        ["12 of 30 annotated spans", "in dev equal no sentence"],
    ),
    "no evaluation in the epochs": (
        lambda desk: None,
        ["textcat"],
        {"training__max_epochs": 2},
        ["eval_frequency is 50, but training ends after 12 steps"],
    ),
}
# What was done to the config, and what is said of it, before a pipeline is made.
WRONG_KINDS = {
    "null for an architecture": (
        lambda config: config["components"]["textcat"]["model"].update({"@architectures": None}),
        r"\[components\.textcat\.model\] has @architectures = null\. Expected: the name of a registered function",
    ),
    "a score weight that is text": (
        lambda config: config["training"]["score_weights"].update(cats_score="high"),
        r"\[training\.score_weights\] has cats_score = 'high'\. Expected: a number",
    ),
    "score weights that are text": (
        lambda config: config["training"].update(score_weights="high"),
        r"\[training\] has score_weights = 'high'\. Expected: a section",
    ),
    "a number of annotating components": (
        lambda config: config["training"].update(annotating_components=0),
        r"\[training\] has annotating_components = 0\. Expected: a list of names",
    ),
    "a number of frozen components": (
        lambda config: config["training"].update(frozen_components=0),
        r"\[training\] has frozen_components = 0\. Expected: a list of names",
    ),
    "a number for a corpus": (
        lambda config: config["training"].update(train_corpus=5),
        r"\[training\] has train_corpus = 5\. Expected: the section of a corpus",
    ),
}
WARNINGS = {
    "labels in train only": (lambda desk: desk.change(add_label, "train"), ["textcat"], {}, ["in train only", "RARE"]),
    "labels in dev only": (lambda desk: desk.change(add_label, "dev"), ["textcat"], {}, ["in dev only", "RARE"]),
    "empty documents": (
        lambda desk: desk.write("train", [document(n) for n in range(8)] + [NLP.make_doc(" ")]),
        ["ner"],
        {},
        ["1 of 9 documents in train have no text"],
    ),
    "documents in both": (
        lambda desk: desk.write("dev", [document(n) for n in range(6, 18)]),
        ["ner"],
        {},
        ["6 of 12 different documents of dev are in train too"],
    ),
    "pieces cut": (
        lambda desk: None,
        ["textcat"],
        {f"{MODEL}overflow": "truncate", f"{MODEL}packing": "sentences", "paths__hat": "short"},
        ['overflow = "truncate" cuts', "pieces", "of train off"],
    ),
    "too few steps": (
        lambda desk: None,
        ["ner"],
        {"training__max_steps": 3, "training__eval_frequency": 1},
        ["3 steps of 2 documents see 50% of the 12 training documents", "6 steps"],
    ),
    "no doc_cleaner": (
        lambda desk: None,
        ["textcat"],
        {"nlp__pipeline": ["sentencizer", "transformer", "textcat"]},
        ["ends without a `doc_cleaner`", "all 6 documents of dev"],
    ),
    "a layout that ends in D": (lambda desk: None, ["ner"], {"paths__hat": "ends in D"}, ["S|D, ends in", "ner never"]),
}


@pytest.fixture(scope="module")
def other_hats(tmp_path_factory):
    """Encoders that do not suit: too few segments, or a last block that tokens never see."""
    settings = {"short": {"max_segments": 2}, "ends in D": {"layout": "S|D"}}
    return {name: str(save_hat(tmp_path_factory.mktemp("hat"), **config)) for name, config in settings.items()}


def findings(desk, other_hats, act, tasks, overrides):
    act(desk)
    if overrides.get("paths__hat") in other_hats:
        overrides = overrides | {"paths__hat": other_hats[overrides["paths__hat"]]}
    return desk.look(*tasks, **overrides).findings


@pytest.mark.parametrize("mistake", PROBLEMS)
def test_debug_finds_what_would_waste_a_run(desk, other_hats, mistake):
    act, tasks, overrides, parts = PROBLEMS[mistake]
    problems = findings(desk, other_hats, act, tasks, overrides).problems
    assert any(all(part in problem for part in parts) for problem in problems), problems


@pytest.mark.parametrize("mistake", WRONG_KINDS)
def test_debug_names_a_setting_of_the_wrong_kind(desk, mistake):
    edit, message = WRONG_KINDS[mistake]
    with pytest.raises(ValueError, match=message):
        desk.look("textcat", edit=edit)


def test_debug_finds_that_no_score_counts(desk):
    def edit(config):
        config["training"]["score_weights"]["cats_score"] = 0.0

    (problem,) = desk.look("textcat", edit=edit).findings.problems
    assert "No score counts, so that model-best is the untrained pipeline" in problem


@pytest.mark.parametrize("mistake", WARNINGS)
def test_debug_warns_of_what_may_be_meant(desk, other_hats, mistake):
    act, tasks, overrides, parts = WARNINGS[mistake]
    found = findings(desk, other_hats, act, tasks, overrides)
    assert found.problems == []
    assert any(all(part in warning for part in parts) for warning in found.warnings), found.warnings


def test_debug_finds_what_only_a_step_shows(desk):
    report = desk.look("ner", with_batch=True, **{f"{MODEL}output": "segments"})
    assert report.batch is None
    (problem,) = report.findings.problems
    assert "Training fails in its first step (ValueError)" in problem
    assert 'Expected: output = "pieces"' in problem


def test_debug_finds_a_loss_that_is_no_number(desk, monkeypatch):
    step = {"transformer": 0.0, "textcat": float("nan")}
    monkeypatch.setattr("spacy_hat.training.timed_batch.take_step", lambda nlp, batch, training: step)
    (problem,) = desk.look("textcat", with_batch=True).findings.problems
    assert "The loss of textcat is not a number after one step" in problem


def test_debug_does_not_train_on_what_is_wrong(desk):
    report = desk.look("textcat", with_batch=True, corpora__train__max_length=500)
    assert report.batch is None


def test_debug_wants_a_hat(desk):
    with pytest.raises(ValueError, match=r"has no HAT\. Got: the components sentencizer"):
        debug_training(NLP.config.copy())


def test_debug_finds_a_hat_inside_a_component(desk):
    nlp = spacy.util.load_model_from_config(desk.config("tagger"), auto_fill=True)
    nlp.replace_listeners("transformer", "tagger", ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    report = debug_training(nlp.config.copy(), with_batch=True)
    assert report.encoder.component == "tagger"
    assert (report.findings.problems, report.findings.warnings) == ([], [])


@pytest.mark.parametrize(
    ("edit", "components"),
    [
        (lambda doc, number: None, {"textcat", "spancat_singlelabel", "ner"}),
        (lambda doc, number: doc.set_ents([]), {"textcat", "spancat_singlelabel"}),
        (add_second_label, {"textcat_multilabel", "spancat_singlelabel", "ner"}),
        (lambda doc, number: doc.spans["sc"].extend(doc.spans["sc"]), {"textcat", "spancat", "ner"}),
    ],
)
def test_debug_corpus_sees_what_is_annotated(desk, edit, components):
    desk.change(edit)
    report = debug_corpus(desk.folder / "train.spacy", hat=str(desk.hat))
    assert set(report.corpora["corpus"].labels) == components
    assert (report.findings.problems, report.findings.warnings) == ([], [])


def test_debug_corpus_needs_no_annotation(desk):
    desk.write("raw", [NLP.make_doc(make_text(number)) for number in range(5)])
    report = debug_corpus(desk.folder / "raw.spacy", hat=str(desk.hat), limit=3)
    assert report.findings.problems == []
    assert report.to_dict()["corpora"]["corpus"]["n_docs"] == 3
    assert report.corpora["corpus"].labels == {}


EMPTY = [(low, low + 9, 0) for low in range(100, 200, 10)]


@pytest.mark.parametrize(
    ("values", "bins"),
    [
        ([], []),
        ([3], [(3, 3, 1)]),
        ([0, 9], [(n, n, int(n in (0, 9))) for n in range(10)]),
        ([100, 150, 199], [(100, 109, 1), *EMPTY[1:5], (150, 159, 1), *EMPTY[6:9], (190, 199, 1)]),
        ([0, 1, 7, 60], [(0, 0, 1), (1, 1, 1), (2, 4, 0), (5, 9, 1), (10, 19, 0), (20, 49, 0), (50, 99, 1)]),
        ([30, 90, 700], [(20, 49, 1), (50, 99, 1), (100, 199, 0), (200, 499, 0), (500, 999, 1)]),
    ],
)
def test_spread_has_round_bins(values, bins):
    spread = Spread.of(values, bin_edges(values))
    assert spread.bins == bins
    assert spread.total == sum(values)
