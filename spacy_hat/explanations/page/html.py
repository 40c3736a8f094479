"""From explanations to the parts of the page. All text is escaped here, and nowhere else."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template

import numpy as np
from spacy.tokens import Doc, Span

from .. import EVIDENCE_KEY, Explanation
from .shown import escape, shown

HUES = (210, 30, 120, 280, 340, 60, 170, 0)
BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
LINE = re.compile(r"\n\s*")
NOTES = {
    "occlusion": "The stronger its colour, the more the probability changes when a sentence is taken out.",
    "gradient": "The stronger its colour, the more the log-odds of the label hang on a sentence, for or against.",
    "attention": "The stronger its colour, the more a sentence's segment counts in the pooling, for whichever label.",
}


KEYS = {
    "occlusion": "speaks for the label",
    "gradient": "counts, for the label or against it",
    "attention": "counts, for whichever label",
}


@dataclass(frozen=True)
class SentenceLabel:
    """A label that a span categorizer gave to a sentence, or to a part of it."""

    label: str
    score: float | None


def page_html(explanations: Sequence[Explanation], *, title: str | None = None, top: int = 10) -> str:
    """Build the page.

    explanations (Sequence[Explanation]): Of one document, one for each label; the first is shown first.
    title (str | None): Heading; None: the beginning of the document.
    top (int): How many sentences are listed, at most: of those for the label, and of those against it.
    RETURNS (str): A whole HTML document with its styles and script inside. It asks no other address for anything.
    """
    doc, sentences = explanations[0].doc, explanations[0].sentences
    labels = sentence_labels(doc, sentences)
    by_sentence = any(labels)
    template = Template((files(__package__) / "template.html").read_text(encoding="utf8"))
    asked = explanations[0].span
    return template.substitute(
        lang=escape(doc.lang_ or "en"),
        title=escape(title or _beginning(doc)),
        layout="by-sentence" if by_sentence else "running",
        body=_rows(sentences, labels, asked) if by_sentence else _running(doc, sentences, asked),
        data=script_json(
            {
                "top": top,
                "asked": asked is not None,
                "notes": NOTES,
                "keys": KEYS,
                "texts": [shown(_one_line(sentence.text)) for sentence in sentences],
                "explanations": [
                    {
                        "label": shown(one.label),
                        "component": shown(one.component),
                        "method": one.method,
                        "probability": round(one.probability, 6),
                        "scores": [float(f"{score:.5g}") for score in one.scores.tolist()],
                        "estimates": _estimates(one),
                        "words": _words(one, top),
                    }
                    for one in explanations
                ],
            }
        ),
    )


def _estimates(explanation: Explanation) -> list[int]:
    """RETURNS (list[int]): Places of the sentences whose scores are estimates."""
    return [] if explanation.is_exact is None else np.flatnonzero(~explanation.is_exact).tolist()


def _words(explanation: Explanation, top: int) -> list[tuple[str, float]]:
    """RETURNS (list[tuple[str, float]]): The words that say most, for the label and then against it, and how much."""
    chosen = explanation.words_for(top) + explanation.words_against(top)
    return [(shown(word.text), float(f"{word.score:.5g}")) for word in chosen]


def script_json(data: dict) -> str:
    """RETURNS (str): JSON in which no text can end the script element or open a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    # U+2028 and U+2029 end a line of a script.
    unsafe = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
    return "".join(unsafe.get(character, character) for character in text)


def sentence_labels(doc: Doc, sentences: Sequence[Span]) -> list[list[SentenceLabel]]:
    """Find what span categorizers said of each sentence.

    doc (Doc): The document.
    sentences (Sequence[Span]): Its sentences, in order.
    RETURNS (list[list[SentenceLabel]]): For each sentence, the labels of the spans that begin in it; the evidence of
        explanations is none of them.
    """
    owner = [place for place, sentence in enumerate(sentences) for _ in sentence]
    labels: list[list[SentenceLabel]] = [[] for _ in sentences]
    for key, group in doc.spans.items():
        scores = group.attrs.get("scores")
        for place, span in enumerate(group if key != EVIDENCE_KEY else ()):
            if len(span) and span.label_:
                # (n_spans,), or (n_spans, 1) as spancat_singlelabel has them.
                score = None if scores is None or place >= len(scores) else float(np.ravel(scores[place])[0])
                labels[owner[span.start]].append(SentenceLabel(span.label_, score))
    return labels


def _running(doc: Doc, sentences: Sequence[Span], asked: Span | None) -> str:
    """The text as it is, in paragraphs."""
    gap = BLANK_LINE if BLANK_LINE.search(doc.text) else LINE
    parts = []
    for place, sentence in enumerate(sentences):
        text = doc.text[sentence.start_char : sentence.end_char] + sentence[-1].whitespace_
        before, inner, after = _strip(text)
        middle = '<span class="gap"></span>'.join(escape(line) for line in gap.split(inner))
        parts += [_space(before, gap), _sentence(place, sentence, middle, asked), _space(after, gap)]
    return "".join(parts)


def _rows(sentences: Sequence[Span], labels: list[list[SentenceLabel]], asked: Span | None) -> str:
    """A row for each sentence, its labels in the margin."""
    hues = {label: HUES[i % len(HUES)] for i, label in enumerate(sorted({x.label for row in labels for x in row}))}
    rows = []
    for place, (sentence, given) in enumerate(zip(sentences, labels, strict=True)):
        chips = "".join(_chip(label, hues[label.label]) for label in given)
        text = _sentence(place, sentence, escape(_one_line(sentence.text)), asked)
        rows.append(f'<div class="row"><div class="labels">{chips}</div><div>{text}</div></div>')
    return "\n".join(rows)


def _sentence(place: int, sentence: Span, inner: str, asked: Span | None) -> str:
    is_asked = asked is not None and sentence.start < asked.end and asked.start < sentence.end
    kind = "s asked" if is_asked else "s"
    return f'<span class="{kind}" id="s{place + 1}" tabindex="-1">{inner}</span>'


def _chip(label: SentenceLabel, hue: int) -> str:
    score = "" if label.score is None else f" {label.score:.0%}"
    return f'<span class="chip" style="--hue:{hue}">{escape(label.label)}{score}</span>'


def _strip(text: str) -> tuple[str, str, str]:
    inner = text.strip()
    start = text.find(inner) if inner else len(text)
    return text[:start], inner, text[start + len(inner) :]


def _space(space: str, gap: re.Pattern) -> str:
    if gap.search(space):
        return '<span class="gap"></span>'
    return " " if space else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _beginning(doc: Doc) -> str:
    text = _one_line(doc.text)
    return text if len(text) <= 60 else text[:60].rsplit(" ", 1)[0] + " …"
