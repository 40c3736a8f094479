"""Occlusion: the same as running the whole pipeline on a Doc without the sentence, for less."""

from contextlib import contextmanager

import numpy as np
import pytest
import spacy
from spacy import registry

import spacy_hat

from ..support.explained import HEADS, TEXT, find_span, pipeline
from ..support.occlusion_reference import scores_without
from ..support.pipelines import encoder_of, make_text, save_hat

SPACED = "the court held that. \n\n  the appeal was dismissed. hello world."


def assert_equal_brute_force(nlp, head, text):
    doc = nlp(text)
    span = find_span(doc, head)
    by_hand = scores_without(nlp, head, doc, span)
    explanations = spacy_hat.explain_labels(nlp, doc, component=head, span=span)
    for explanation in explanations:
        for score, expected in zip(explanation.scores, by_hand, strict=True):
            if expected is not None:
                assert explanation.probability - score == pytest.approx(expected[explanation.label], abs=2e-5)
    assert max(abs(explanation.scores).max() for explanation in explanations) > 1e-3


@pytest.mark.parametrize("output", ["pieces", "segments"])
@pytest.mark.parametrize("packing", ["sentences", "greedy", "fixed"])
@pytest.mark.parametrize("head", HEADS)
def test_explain_occlusion_equals_a_doc_without_the_sentence(hat_folder, head, packing, output):
    nlp = pipeline(hat_folder, head, packing=packing, output=output)
    assert_equal_brute_force(nlp, head, TEXT)


# Everything below the first D is shared; nothing is; all but the windows is; there are no windows to speak of.
@pytest.mark.parametrize("layout", ["S|S|SD|D", "D|S", "D", "S|S", "S|D|S|SD"])
@pytest.mark.parametrize("head", ["textcat", "spancat"])
def test_explain_occlusion_equals_a_doc_without_the_sentence_for_every_layout(tmp_path, head, layout):
    nlp = pipeline(save_hat(tmp_path, layout=layout), head)
    assert_equal_brute_force(nlp, head, TEXT)


@pytest.mark.parametrize("max_segments", [1, 2, 3, 60])
@pytest.mark.parametrize("head", ["textcat", "spancat"])
def test_explain_occlusion_leaves_windows_as_they_are(tmp_path, head, max_segments):
    nlp = pipeline(save_hat(tmp_path, max_segments=max_segments), head)
    assert_equal_brute_force(nlp, head, TEXT)


@pytest.mark.parametrize("head", ["textcat", "spancat"])
def test_explain_occlusion_asks_the_encoder_of_a_replaced_listener(hat_folder, head):
    nlp = pipeline(hat_folder, head, packing="sentences")
    doc = nlp(TEXT)
    expected = spacy_hat.explain_labels(nlp, doc, component=head, span=find_span(doc, head))
    nlp.replace_listeners("transformer", head, ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    doc = nlp(TEXT)
    found = spacy_hat.explain_labels(nlp, doc, component=head, span=find_span(doc, head))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    assert_equal_brute_force(nlp, head, TEXT)


def test_explain_occlusion_of_one_sentence_a_segment_equals_the_text_without_it(hat_folder):
    nlp = pipeline(hat_folder, "textcat", packing="sentences")
    doc = nlp(make_text(3))
    explanation = spacy_hat.explain(nlp, doc, "DISMISSED")
    sentences = [sentence.text for sentence in doc.sents]
    for place, score in enumerate(explanation.scores):
        without = nlp(" ".join(sentences[:place] + sentences[place + 1 :]))
        assert explanation.probability - score == pytest.approx(without.cats["DISMISSED"], abs=1e-5)


def test_explain_occlusion_of_the_only_sentence_leaves_a_document_of_spaces(hat_folder):
    nlp = pipeline(hat_folder, "textcat")
    explanation = spacy_hat.explain(nlp, nlp("hello world."), "ALLOWED")
    assert explanation.probability - explanation.scores[0] == pytest.approx(nlp(" ").cats["ALLOWED"], abs=1e-6)


@pytest.mark.parametrize("output", ["pieces", "segments"])
def test_explain_occlusion_of_the_span_itself_leaves_one_of_spaces(hat_folder, output):
    nlp = pipeline(hat_folder, "spancat", output=output)
    doc = nlp(TEXT)
    span = find_span(doc, "spancat")
    explanation = spacy_hat.explain(nlp, doc, "WON", span=span)
    own = [sentence.start for sentence in doc.sents].index(span.start)
    spaces = nlp.get_pipe("transformer")(nlp.get_pipe("sentencizer")(nlp.make_doc(" ")))
    component = nlp.get_pipe("spancat")
    (line,) = component.model.predict(([spaces], component.suggester([spaces])))
    expected = line[component.labels.index("WON")]
    assert explanation.probability - explanation.scores[own] == pytest.approx(expected, abs=1e-6)


def test_explain_occlusion_gives_sentences_of_spaces_nothing(hat_folder):
    nlp = pipeline(hat_folder, "textcat")
    doc = nlp.make_doc(SPACED)
    for token in doc:
        token.is_sent_start = (
            token.i == 0 or token.is_space or doc[token.i - 1].is_space or doc[token.i - 1].text == "."
        )
    explanation = spacy_hat.explain(nlp, doc, "ALLOWED")
    is_blank = [not sentence.text.strip() for sentence in explanation.sentences]
    assert sum(is_blank) == 1
    assert (explanation.scores[is_blank] == 0).all()
    assert (explanation.scores[np.invert(is_blank)] != 0).all()


def test_explain_base_probability_is_the_pipelines(hat_folder):
    nlp = pipeline(hat_folder, "textcat", "spancat")
    doc = nlp(TEXT)
    assert spacy_hat.explain(nlp, doc, "ALLOWED").probability == pytest.approx(doc.cats["ALLOWED"], abs=1e-6)
    spans = doc.spans["spancat"]
    assert len(spans)
    for span, score in zip(spans, spans.attrs["scores"], strict=True):
        explanation = spacy_hat.explain(nlp, doc, span.label_, span=span)
        assert explanation.probability == pytest.approx(float(score), abs=1e-6)


@contextmanager
def rows_seen(nlp):
    """Yields the rows that each call of the encoder's blocks got, by place in the stack."""
    seen: dict[str, list[int]] = {}
    hooks = []
    for number, layer in enumerate(encoder_of(nlp).encoder.layers()):
        for kind, block in (("S", layer.sentence_encoder), ("D", layer.document_encoder)):
            if block is not None:
                rows = seen.setdefault(f"{kind}{number}", [])
                hook = lambda module, inputs, rows=rows: rows.append(len(inputs[0]))  # noqa: E731
                hooks.append(block.register_forward_pre_hook(hook))
    yield seen
    for hook in hooks:
        hook.remove()


def test_explain_occlusion_runs_blocks_before_the_first_cross_segment_one_on_what_changed_only(tmp_path):
    nlp = pipeline(save_hat(tmp_path, layout="S|SD|S", max_segments=60), "textcat", packing="greedy")
    doc = nlp(" ".join(make_text(number) for number in range(6)))
    n_sentences = len(list(doc.sents))
    with rows_seen(nlp) as whole:
        nlp(doc.text)
    with rows_seen(nlp) as seen:
        spacy_hat.explain(nlp, doc, "ALLOWED")
    # Once for the document, and less than once more for the segments that sentences were cut out of, again and again.
    assert sum(seen["S0"]) < 4 * sum(whole["S0"])
    assert sum(seen["S1"]) == sum(seen["S0"])
    assert sum(seen["S2"]) > (n_sentences - 2) * sum(whole["S2"])


def test_explain_occlusion_makes_segment_vectors_only_where_pieces_are_read_no_more(tmp_path):
    nlp = pipeline(save_hat(tmp_path, layout="S|S|SD|D", max_segments=60), "textcat")
    doc = nlp(" ".join(make_text(number) for number in range(6)))
    with rows_seen(nlp) as whole:
        nlp(doc.text)
    with rows_seen(nlp) as seen:
        spacy_hat.explain(nlp, doc, "ALLOWED")
    assert all(sum(seen[place]) < 4 * sum(whole[place]) for place in ("S0", "S1", "S2"))


def test_explain_occlusion_keeps_to_the_size_of_a_batch(tmp_path):
    folder = save_hat(tmp_path, max_segments=60)
    text = " ".join(make_text(number) for number in range(6))
    scores, most, calls = [], [], []
    for max_batch_pieces in (4096, 150):
        nlp = pipeline(folder, "textcat", max_batch_pieces=max_batch_pieces)
        doc = nlp(text)
        with rows_seen(nlp) as seen:
            scores.append(spacy_hat.explain(nlp, doc, "ALLOWED").scores)
        most.append(max(map(max, seen.values())))
        calls.append(len(seen["D0"]))
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)
    assert most[1] <= 150 < most[0]
    assert calls[0] <= 4 < calls[1]


def test_explain_occlusion_of_a_saved_pipeline_is_the_same(hat_folder, tmp_path):
    nlp = pipeline(hat_folder, "textcat")
    nlp.to_disk(tmp_path)
    found = spacy_hat.explain(spacy.load(tmp_path), TEXT, "ALLOWED")
    np.testing.assert_allclose(found.scores, spacy_hat.explain(nlp, TEXT, "ALLOWED").scores, atol=1e-6)


def test_explain_uses_the_precision_of_predictions(hat_folder, monkeypatch):
    monkeypatch.setattr("spacy_hat.layers.shim.cpu_multiplies_bfloat16", lambda: True)
    scores = [
        spacy_hat.explain(pipeline(hat_folder, "textcat", precision=precision), TEXT, "ALLOWED").scores
        for precision in ("float32", "bfloat16")
    ]
    assert 0 < abs(scores[0] - scores[1]).max() < 0.05


def test_explain_occlusion_gives_what_was_cut_off_nothing(tmp_path):
    nlp = pipeline(save_hat(tmp_path, max_segments=2), "textcat", overflow="truncate", packing="sentences")
    with pytest.warns(UserWarning, match="cut off"):
        scores = spacy_hat.explain(nlp, make_text(1), "ALLOWED").scores
    assert (scores != 0).tolist() == [True, True, False, False, False]


def test_explain_occlusion_of_a_chain_takes_the_sentence_out_of_the_chain(tmp_path):
    """Segments know nothing of each other, so that only the chain brings a sentence to bear on another one."""
    nlp = pipeline(save_hat(tmp_path, layout="S|S"), "sentence_chain", packing="sentences")
    doc = nlp(TEXT)
    explanation = spacy_hat.explain(nlp, doc, component="sentence_chain", span=find_span(doc, "sentence_chain"))
    others = [sentence != explanation.span for sentence in explanation.sentences]
    assert abs(explanation.scores[others]).max() > 1e-4


@pytest.mark.parametrize("suggester", ["spacy-hat.sentence_suggester.v1", "spacy-hat.sentence_suggester.v2"])
def test_explain_occlusion_of_a_chain_finds_the_span_without_its_spaces(hat_folder, suggester):
    nlp = pipeline(hat_folder, "sentence_chain", packing="sentences")
    component = nlp.get_pipe("sentence_chain")
    component.suggester = registry.misc.get(suggester)()
    doc = nlp(SPACED)
    explanation = spacy_hat.explain(nlp, doc, component="sentence_chain", span=next(doc.sents))
    assert 0 < explanation.probability < 1
