"""What a sentence is in a config, and that no annotated one is lost where the unit is the right one."""

import json
import re

import pytest
import spacy
from spacy.training import Corpus
from spacy.util import load_model_from_config
from thinc.api import Config

from spacy_hat.corpora.convert import convert
from spacy_hat.corpora.given_sentences import GivenSentencesCorpus
from spacy_hat.corpora.records import Columns
from spacy_hat.pipeline.head_counts import HeadCounts
from spacy_hat.training.config import training_config
from spacy_hat.training.splitting import Splitting

# A manual, as people annotate it: headings, steps and notes without a full stop, or with several.
MANUAL = [
    ("1. Safety", "heading"),
    ("Read this first; then start. Keep it dry.", "note"),
    ("2. Starting", "heading"),
    ("Open valve A", "step"),
    ("Wait for approx. 5 min. (no longer)", "step"),
    ("Parts: pump, valve, No. 7 hose", None),
    ("Turn the key!", "step"),
]


@pytest.mark.parametrize(
    ("units", "components", "settings"),
    [
        ([], None, None),
        (["sentences"], ["sentencizer"], None),
        (["lines"], ["hat_units"], {"unit": "lines", "keep": False, "pattern": None}),
        (["sentences", "paragraphs"], ["sentencizer", "hat_units"], {"unit": "paragraphs", "keep": True}),
        (["given"], ["hat_units"], {"unit": "given"}),
    ],
)
def test_splitting_is_what_the_config_says(units, components, settings):
    if components is None:
        with pytest.raises(ValueError, match="Unknown unit: none"):
            Splitting.of(units)
        return
    config = Config().from_str(training_config(["spancat"], units=units), interpolate=False)
    assert config["nlp"]["pipeline"][: len(components)] == components
    assert config["training"]["annotating_components"] == components
    reader = "spacy-hat.Corpus.v1" if units == ["given"] else "spacy.Corpus.v1"
    assert {config["corpora"][name]["@readers"] for name in ("train", "dev")} == {reader}
    if settings:
        assert {name: config["components"]["hat_units"][name] for name in settings} == settings
    assert config["components"]["spancat"]["suggester"] == {"@misc": "spacy-hat.sentence_suggester.v2"}


@pytest.mark.parametrize("pattern", [r"^\(\w+\) ", r'"\d"', r"\x24{x}", "ä\\t"])
def test_splitting_writes_a_pattern_that_is_read_back(pattern):
    config = Config().from_str(training_config(["textcat"], units=["pattern"], pattern=pattern, hat="hat"))
    nlp = spacy.blank("en")
    settings = {name: value for name, value in config["components"]["hat_units"].items() if name != "factory"}
    nlp.add_pipe("hat_units", config=settings)
    assert nlp.get_pipe("hat_units").pattern == pattern


@pytest.mark.parametrize(
    ("units", "pattern", "message"),
    [
        (["pages"], None, "Unknown unit: pages. Expected some of sentences, given, lines"),
        (["lines", "items"], None, "The units lines and items do not go together"),
        (["pattern"], None, "Expected: a regular expression"),
        (["sentences"], "x", "Expected: a regular expression"),
        (["pattern"], "x$", "a dollar sign, which configs cannot keep"),
        (["pattern"], "(", "is not a regular expression"),
    ],
)
def test_splitting_refuses_what_does_not_go_together(units, pattern, message):
    with pytest.raises(ValueError, match=message):
        Splitting.of(units, pattern)


def share_lost(corpus, nlp, reader):
    """RETURNS (float): The share of annotated sentences that the pipeline does not propose."""
    suggest = spacy.registry.misc.get("spacy-hat.sentence_suggester.v2")()
    n_spans = n_lost = 0
    for example in reader(corpus)(nlp):
        doc = example.predicted
        for name in nlp.pipe_names:
            doc = nlp.get_pipe(name)(doc)
        found = {doc[start:end].text for start, end in suggest([doc]).dataXd.tolist()}
        spans = [span.text for span in example.reference.spans["sc"]]
        n_spans += len(spans)
        n_lost += sum(text not in found for text in spans)
    return n_lost / n_spans


@pytest.mark.parametrize(
    ("units", "join", "lost"), [("sentences", "space", 1.0), ("lines", "line", 0.0), ("given", "space", 0.0)]
)
def test_splitting_loses_no_annotated_sentence_where_the_unit_is_right(units, join, lost, tmp_path):
    row = {"sentences": [{"text": text, "label": label} for text, label in MANUAL]}
    (tmp_path / "manual.jsonl").write_text(json.dumps(row))
    convert(tmp_path / "manual.jsonl", tmp_path / "all.spacy", Columns(join=join))
    config = Config().from_str(re.sub(r"(?m)^name = .*", 'name = "hat"', training_config(["spancat"], units=[units])))
    nlp = load_model_from_config(config, auto_fill=True)
    for name in ("transformer", "spancat", "doc_cleaner"):
        nlp.remove_pipe(name)
    reader = GivenSentencesCorpus if units == "given" else Corpus
    assert share_lost(tmp_path / "all.spacy", nlp, reader) == pytest.approx(lost)


@pytest.mark.parametrize(
    ("join", "remedy"),
    [
        ("space", "6 of them are sentences that their document was given: .*`hat_units`.*--units given"),
        (None, "`hat_units` for lines"),
    ],
)
def test_lost_sentences_name_the_component_that_keeps_them(join, remedy, tmp_path):
    row = {"sentences": [{"text": text, "label": label} for text, label in MANUAL]}
    (tmp_path / "manual.jsonl").write_text(json.dumps(row))
    convert(tmp_path / "manual.jsonl", tmp_path / "all.spacy")
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    head = nlp.add_pipe("spancat", config={"suggester": {"@misc": "spacy-hat.sentence_suggester.v2"}})
    counts = HeadCounts(head, [], [nlp.get_pipe("sentencizer")])
    for example in Corpus(tmp_path / "all.spacy")(nlp):
        if join is None:
            for token in example.reference:
                token.is_sent_start = None
        counts.add(example)
    (message,) = [finding.message for finding in counts.findings() if finding.kind == "lost spans"]
    assert re.search(f"6 of 6 annotated spans .*{remedy}", message)
