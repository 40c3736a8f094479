"""How the pipeline of a checkpoint reads a text, as far as that follows from rules that a file can hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ..corpora.languages import blank
from ..modeling.files.problems import RefusedError
from ..pipeline.units import SETTINGS, check_settings

SENTENCIZER, UNITS = "sentencizer", "hat_units"
# Components whose sentences follow from the text and these settings alone, with their defaults.
RULES: dict[str, dict[str, Any]] = {
    SENTENCIZER: {"punct_chars": None, "overwrite": False},
    UNITS: {**dict.fromkeys(SETTINGS), "unit": "lines", "keep": False},
}
BY_PUNCTUATION: tuple[dict[str, Any], ...] = ({"component": SENTENCIZER, **RULES[SENTENCIZER]},)
# Of spaCy's languages: nothing else can become the name of a module to be imported.
_CODE = re.compile("[a-z]{2,3}")
ONLY_IN_PIPELINE = (
    "HATProcessor cannot find the {missing} of a text. Got: a checkpoint of a pipeline in which something finds them "
    "that no file here holds, such as a parser. Expected: {expected}."
)


@dataclass(frozen=True)
class Reading:
    """How texts are read.

    lang (str | None): spaCy's code of the language whose tokenizer is used; None: only the pipeline has it.
    sentences (tuple[dict[str, Any], ...] | None): Components that set sentences by rules, in order, each with its
        settings. Empty: there are no sentences. None: only the pipeline finds them.
    """

    lang: str | None = "en"
    sentences: tuple[dict[str, Any], ...] | None = BY_PUNCTUATION

    def __post_init__(self) -> None:
        if self.lang is not None and not (isinstance(self.lang, str) and _CODE.fullmatch(self.lang)):
            raise _refused("lang", self.lang, "spaCy's code of a language, such as 'en', or null")
        rules: Any = self.sentences
        if rules is None:
            return
        if not isinstance(rules, (list, tuple)) or not all(isinstance(rule, Mapping) for rule in rules):
            raise _refused("sentences", rules, "a list of components with their settings, or null")
        object.__setattr__(self, "sentences", tuple(_checked(rule) for rule in rules))

    def to_json(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): What processor_config.json says of it."""
        return {"lang": self.lang, "sentences": None if self.sentences is None else list(self.sentences)}

    @cached_property
    def nlp(self) -> Language:
        """RETURNS (Language): A pipeline of these rules. RAISES (ValueError): If its tokenizer is not known."""
        if self.lang is None:
            expected = "spaCy Docs, or nlp=spacy.load(PIPELINE)"
            raise ValueError(ONLY_IN_PIPELINE.format(missing="tokens", expected=expected))
        nlp = blank(self.lang)
        self.add_to(nlp)
        return nlp

    def add_to(self, nlp: Language) -> None:
        """Add the components that set sentences to the end of a pipeline."""
        for rule in self.sentences or ():
            settings = {name: value for name, value in rule.items() if name != "component"}
            nlp.add_pipe(rule["component"], config=settings)

    def read(self, text: str, *, needs_sentences: bool) -> Doc:
        """Make a document of a text.

        text (str): The text.
        needs_sentences (bool): Whether its sentences matter.
        RETURNS (Doc): Its tokens, and its sentences.
        RAISES (ValueError): If only the pipeline finds what matters.
        """
        if self.sentences is None and needs_sentences:
            expected = 'sentences=[...], spaCy Docs, nlp=spacy.load(PIPELINE), or a processor with packing="fixed"'
            raise ValueError(ONLY_IN_PIPELINE.format(missing="sentences", expected=expected))
        return self.nlp(text) if needs_sentences else self.make_doc(text)

    def make_doc(self, text: str) -> Doc:
        """RETURNS (Doc): The tokens of a text. RAISES (ValueError): If only the pipeline has the tokenizer."""
        return self.nlp.make_doc(text)


def _checked(rule: Mapping[str, Any]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): A component and all of its settings, which fit."""
    component = rule.get("component")
    if not isinstance(component, str) or component not in RULES:
        raise _refused("sentences", dict(rule), f"the component {' or '.join(RULES)}")
    if unknown := sorted(rule.keys() - {"component", *RULES[component]}):
        raise _refused(
            "sentences", ", ".join(map(str, unknown)), f"settings of {component}: {', '.join(RULES[component])}"
        )
    settings = {name: rule.get(name, default) for name, default in RULES[component].items()}
    if component == UNITS:
        check_settings(UNITS, **settings)
        return {"component": component, **settings}
    marks = settings["punct_chars"]
    are_marks = marks is None or (isinstance(marks, (list, tuple)) and all(isinstance(mark, str) for mark in marks))
    if not are_marks or not isinstance(settings["overwrite"], bool):
        raise _refused(
            "sentences", dict(rule), "punct_chars as a list of characters or null, and overwrite as a switch"
        )
    return {"component": component, **settings, "punct_chars": None if marks is None else list(marks)}


def _refused(name: str, value: Any, expected: str) -> RefusedError:
    return RefusedError(
        f"{name} of a HATProcessor is {str(value)[:100]!r}, expected {expected}. Correct it in processor_config.json, "
        "or where the processor is made."
    )
