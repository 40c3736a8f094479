"""What the page is made of, and `spacy_hat.render` in and out of notebooks."""

import dataclasses
import json
import re
import sys
import types
from html.parser import HTMLParser

import numpy as np
import pytest
import spacy
from spacy.tokens import Span

import spacy_hat
from spacy_hat.explanations import Explanation
from spacy_hat.explanations.page.html import script_json, sentence_labels

from ..support.page_documents import HOSTILE, LABELS, SCORES, make_doc, make_explanations


def data_of(html):
    return json.loads(re.search(r'id="data">(.*?)</script>', html, flags=re.DOTALL)[1])


class Balance(HTMLParser):
    """Elements that are open, and the text that readers see."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "article" in self.open:
            self.text += data


@pytest.mark.parametrize("labelled", [False, True])
def test_page_holds_the_whole_text_and_closes_what_it_opens(labelled):
    doc = make_doc(labelled=labelled)
    parser = Balance()
    parser.feed(spacy_hat.render(make_explanations(doc), page=True))
    assert parser.open == []
    for sentence in doc.sents:
        assert " ".join(sentence.text.split()) in parser.text


def test_page_holds_no_address_and_lets_none_be_asked():
    html = spacy_hat.render(make_explanations(make_doc()), page=True)
    assert re.findall(r"""(?:https?:|//|url\(|@import|src=)""", html.replace(HOSTILE, "")) == []
    assert "default-src 'none'" in html


def test_page_data_has_the_scores():
    data = data_of(spacy_hat.render(make_explanations(make_doc()), page=True, top=3))
    assert data["top"] == 3
    assert [one["label"] for one in data["explanations"]] == ["TENANT", "LANDLORD"]
    assert data["explanations"][0]["scores"] == pytest.approx(SCORES["TENANT"], rel=1e-4)


@pytest.mark.parametrize("text", ["</script>", "<!--", "&amp;", "\u2028 \u2029", "é \U0001f600"])
def test_page_data_ends_no_script(text):
    written = script_json({"text": text})
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == {"text": text}


def test_page_keeps_paragraphs():
    html = spacy_hat.render(make_explanations(make_doc()), page=True)
    assert html.count('<span class="gap"></span>') == 3


def test_page_puts_sentence_labels_into_the_margin():
    doc = make_doc(labelled=True)
    html = spacy_hat.render(make_explanations(doc), page=True)
    assert re.findall(r'<span class="chip"[^>]*>(\w+) 88%', html) == LABELS


def test_page_labels_are_of_the_sentence_that_a_span_begins_in():
    doc = make_doc()
    sentences = list(doc.sents)
    doc.spans["parts"] = [Span(doc, sentences[2].start + 1, sentences[2].end, label="PART")]
    doc.spans["hat_evidence"] = make_explanations(doc)[0].to_spans(2)
    found = sentence_labels(doc, sentences)
    assert [(i, one.label, one.score) for i, row in enumerate(found) for one in row] == [(2, "PART", None)]


def test_page_marks_the_sentence_that_is_asked_about():
    doc = make_doc()
    html = spacy_hat.render(make_explanations(doc, span=list(doc.sents)[3]), page=True)
    assert re.findall(r'class="s asked" id="(\w+)"', html) == ["s4"]
    assert data_of(html)["asked"] is True


def test_page_heading_is_the_title_or_the_beginning():
    explanations = make_explanations(make_doc())
    assert "<h1>A &lt;b&gt;</h1>" in spacy_hat.render(explanations, page=True, title="A <b>")
    assert "<h1>The lease began on the first of May." in spacy_hat.render(explanations, page=True)


def test_page_takes_a_single_explanation():
    assert len(data_of(spacy_hat.render(make_explanations(make_doc())[1], page=True))["explanations"]) == 1


@pytest.mark.parametrize(("explanations", "found"), [([], "none"), (None, "several documents")])
def test_page_of_no_or_several_documents_is_refused(explanations, found):
    if explanations is None:
        explanations = [make_explanations(make_doc())[0], make_explanations(make_doc())[0]]
    with pytest.raises(ValueError, match=f"Got: .*{found}"):
        spacy_hat.render(explanations, page=True)


def test_page_is_displayed_in_a_notebook(monkeypatch):
    shown = []
    stand_in = types.ModuleType("IPython.display")
    stand_in.display = lambda shows: shown.append(shows._repr_html_())
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", stand_in)
    explanations = make_explanations(make_doc())
    assert spacy_hat.render(explanations, jupyter=True) is None
    assert shown == [spacy_hat.render(explanations, jupyter=False)]
    assert shown[0].startswith("<iframe srcdoc=")


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_page_takes_scores_of_either_span_categorizer(shape):
    doc = make_doc(labelled=True)
    doc.spans["sc"].attrs["scores"] = doc.spans["sc"].attrs["scores"].reshape(shape)
    assert sentence_labels(doc, list(doc.sents))[0][0].score == pytest.approx(0.875)


@pytest.mark.parametrize("where", ["label", "component", "title", "span label"])
def test_page_takes_no_markup_from(where):
    doc = make_doc()
    hostile = "</script><script>alert(1)</script>"
    settings = {where: hostile} if where in ("label", "component") else {}
    explanations = [dataclasses.replace(one, **settings) for one in make_explanations(doc)]
    if where == "span label":
        doc.spans["sc"] = [Span(doc, 0, 3, label=hostile)]
    html = spacy_hat.render(explanations, page=True, title=hostile if where == "title" else None)
    assert "alert(1)" in html
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    ("character", "seen"), [("\x00", "\u2400"), ("\x1b", "\u241b"), ("\u202e", "[U+202E]"), ("\u2066", "[U+2066]")]
)
@pytest.mark.parametrize("where", ["text", "label", "title"])
def test_page_shows_characters_that_would_not_be_seen(where, character, seen):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    doc = nlp(f"The rent{character * (where == 'text')} is due. He paid.")
    label = f"TENANT{character}" if where == "label" else "TENANT"
    explanation = Explanation(doc, "textcat", label, "occlusion", 0.9, np.array([0.5, -0.2], dtype="float32"))
    html = spacy_hat.render(explanation, page=True, title=f"A{character}" if where == "title" else None)
    assert character not in html
    assert seen in html


def test_explanation_shows_itself_in_a_notebook():
    explanation = make_explanations(make_doc())[0]
    assert explanation._repr_html_() == spacy_hat.render(explanation, jupyter=False)
