"""Where documents carry questions and options, and what is answered: extensions of Doc, and their readers."""

from collections.abc import Sequence
from typing import Any

from spacy.tokens import Doc

QUESTIONS = "questions"
"""`doc._.questions`: what is asked about a document."""
ANSWERS_KEY = "answers"
"""`doc.spans["answers"]`: the answers, each with its question as its label."""
OPTIONS = "options"
"""`doc._.options`: what is to be chosen among."""
QUESTION = "question"
"""`doc._.question`: what the options answer."""
CHOICE = "choice"
"""`doc._.choice`: the option that is chosen."""
CHOICE_SCORES = "choice_scores"
"""`doc._.choice_scores`: the probability of each option."""

EXTENSIONS = (QUESTIONS, OPTIONS, QUESTION, CHOICE, CHOICE_SCORES)


def install_extensions() -> None:
    """Make them known, unless somebody else has them."""
    for name in EXTENSIONS:
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=None)


def questions_on(doc: Doc) -> list[str]:
    """RETURNS (list[str]): What is asked of a document. RAISES (ValueError): If these are not texts."""
    return _texts(doc, QUESTIONS, 'doc._.questions = ["What does it cost?"]')


def options_on(doc: Doc) -> list[str]:
    """RETURNS (list[str]): What is to be chosen among. RAISES (ValueError): If these are not texts."""
    return _texts(doc, OPTIONS, 'doc._.options = ["for the plaintiff", "for the defendant"]')


def gold_questions(doc: Doc, key: str = ANSWERS_KEY) -> list[str]:
    """RETURNS (list[str]): What an annotated document has questions and answers for, each once, in order."""
    return list(dict.fromkeys([*questions_on(doc), *(span.label_ for span in doc.spans.get(key, []))]))


def check_texts(texts: Any, name: str, example: str) -> list[str]:
    """RETURNS (list[str]): The texts. RAISES (ValueError): If there is anything else, or one is empty."""
    is_list = isinstance(texts, Sequence) and not isinstance(texts, str | bytes)
    if not is_list or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f"{name} is {texts!r:.100}. Expected: a list of texts, none of them empty: {example}.")
    return list(texts)


def _texts(doc: Doc, name: str, example: str) -> list[str]:
    install_extensions()
    texts = doc._.get(name)
    return [] if texts is None else check_texts(texts, f"doc._.{name} of document {doc[:5].text!r}", example)
