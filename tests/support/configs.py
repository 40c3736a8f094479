"""What a config is trained and compared with: a small corpus, and its sections."""

import spacy
from spacy.tokens import Doc, DocBin, Span
from thinc.api import Config

from spacy_hat.corpora.asked import install_extensions

TEXTS = {
    "a": "we read whole documents. the appeal was dismissed.",
    "b": "hello world. this is the court. costs follow.",
}


def small_corpus() -> DocBin:
    """RETURNS (DocBin): Two texts, four times each, annotated for every task."""
    install_extensions()
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    docs = []
    for label, text in TEXTS.items():
        doc = nlp(text)
        spans = [Span(doc, sent.start, sent.end, label="long" if len(sent) > 3 else "short") for sent in doc.sents]
        plain = Doc(nlp.vocab, words=[token.text for token in doc], spaces=[bool(token.whitespace_) for token in doc])
        plain.cats = {other: float(other == label) for other in TEXTS}
        plain.spans["sc"] = [Span(plain, span.start, span.end, label=span.label) for span in spans]
        plain.set_ents([Span(plain, 0, 1, label="FIRST")])
        for token in plain:
            token.tag_, token.pos_, token.lemma_ = ("P", "PUNCT", ".") if token.text == "." else ("W", "X", token.text)
        plain._.questions, plain._.options, plain._.choice = ["what?", "why?"], list(TEXTS), label
        plain.spans["answers"] = [Span(plain, 0, 2, label="what?")]
        docs += [plain] * 4
    return DocBin(docs=docs, store_user_data=True)


def sections(config: Config) -> list[list[str]]:
    """The lines of each section, in any order: that of settings which a config leaves out depends on confection."""
    return [sorted(section.splitlines()) for section in config.to_str().split("\n\n")]
