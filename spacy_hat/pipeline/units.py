"""The `hat_units` component: sentences are lines, paragraphs, headings, list items, or what a pattern finds."""

import json
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..choices import Unit
from ..corpora.boundaries import next_words, sentence_starts, set_sentence_starts, tokens_at
from ..ragged import Ints1d, ranges
from .unit_patterns import FINDERS, starts_of_matches

SETTINGS = ("unit", "pattern", "max_tokens", "keep")


@Language.factory(
    "hat_units",
    assigns=["token.is_sent_start", "doc.sents"],
    default_config={"unit": "lines", "pattern": None, "max_tokens": None, "keep": False},
)
def make_hat_units(
    nlp: Language,
    name: str,
    unit: Unit,
    pattern: str | None,
    max_tokens: int | None,
    keep: bool,
) -> "HATUnits":
    """Build the component. It stands wherever a sentencizer can: before the encoder, in `annotating_components` too.

    A space never begins a sentence, unless `max_tokens` cuts there: it belongs to what is before it. Where a unit
    begins inside a token, that token begins it.

    nlp (Language): The pipeline.
    name (str): The component's name.
    unit (Unit): `lines`: each line that is not blank. `paragraphs`: what blank lines are around. `headings`: each
        heading, and what is between two; a heading is a line of Markdown (`## …`), underlined, numbered (`2.1 …`,
        `Article 5`), or in capitals after a blank line. `items`: each list item, and each paragraph. `pattern`: what
        begins where a regular expression matches. `given`: the sentences that a document already has.
    pattern (str | None): The regular expression of `pattern`, in Python's form, without dollar
        signs; `^` is the beginning of a line.
    max_tokens (int | None): Most tokens of a sentence; longer ones are cut evenly. None: they are not cut.
    keep (bool): Keep the sentences that a component before this one found, and add to them: sentences inside of
        paragraphs, for example. `given` always does. If false, they are replaced.
    RETURNS (HATUnits): The component.
    RAISES (ValueError): If there is no such unit, or the pattern cannot be read.
    """
    return HATUnits(nlp.vocab, name, unit=unit, pattern=pattern, max_tokens=max_tokens, keep=keep)


class HATUnits(Pipe):
    """Sets sentence starts.

    vocab (Vocab): Of the pipeline.
    name (str): The component's name.
    unit (Unit): What a sentence is.
    pattern (str | None): For `pattern`.
    max_tokens (int | None): Most tokens of a sentence.
    keep (bool): Whether earlier sentence starts stay.
    """

    def __init__(
        self,
        vocab: Vocab,
        name: str = "hat_units",
        *,
        unit: Unit = "lines",
        pattern: str | None = None,
        max_tokens: int | None = None,
        keep: bool = False,
    ) -> None:
        self.vocab, self.name = vocab, name
        self._set({"unit": unit, "pattern": pattern, "max_tokens": max_tokens, "keep": keep})

    def _set(self, settings: dict[str, Any]) -> None:
        check_settings(self.name, **settings)
        self.unit: Unit = settings["unit"]
        self.pattern: str | None = settings["pattern"]
        self.max_tokens: int | None = settings["max_tokens"]
        self.keep: bool = settings["keep"]
        if self.pattern is None:
            self._find = FINDERS.get(self.unit)
        else:
            self._find = partial(starts_of_matches, re.compile(self.pattern, re.MULTILINE))

    def __call__(self, doc: Doc) -> Doc:
        """Set the sentences of a document.

        doc (Doc): The document.
        RETURNS (Doc): The same.
        RAISES (ValueError): If it has a dependency parse, whose trees could be cut in two.
        """
        has_sentences = doc.has_annotation("SENT_START")
        if len(doc) == 0 or (self._find is None and (self.max_tokens is None or not has_sentences)):
            return doc
        starts = np.zeros(1, dtype="int64") if self._find is None else tokens_at(doc, self._find(doc.text))
        if (self.keep or self._find is None) and has_sentences:
            before = np.flatnonzero(sentence_starts(doc))
            starts = np.union1d(starts, next_words(doc, before))
        starts = np.union1d(starts, [0]).astype("int64")
        if self.max_tokens is not None:
            starts = cuts(starts, len(doc), self.max_tokens)
        set_sentence_starts(doc, starts)
        return doc

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:  # noqa: ARG002
        """RETURNS (bytes): The settings."""
        return json.dumps({name: getattr(self, name) for name in SETTINGS}).encode()

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "HATUnits":  # noqa: ARG002
        """RETURNS (HATUnits): This component, with settings of `to_bytes`. RAISES (ValueError): If they are not."""
        settings = json.loads(data)
        if not isinstance(settings, dict) or settings.keys() != set(SETTINGS):
            raise ValueError(f"Component '{self.name}' cannot be read. Expected: {', '.join(SETTINGS)}. Save it again.")
        self._set(settings)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Save the settings to a file.

        path (str | Path): The file.
        exclude (Iterable[str]): Not used.
        """
        Path(path).write_bytes(self.to_bytes(exclude=exclude))

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "HATUnits":
        """Load what `to_disk` wrote.

        path (str | Path): The file.
        exclude (Iterable[str]): Not used.
        RETURNS (HATUnits): The component.
        """
        return self.from_bytes(Path(path).read_bytes(), exclude=exclude)


def check_settings(name: str, *, unit: Unit, pattern: str | None, max_tokens: int | None, keep: bool) -> None:
    """RAISES (ValueError): If the settings of a component do not go together."""
    if unit not in get_args(Unit):
        raise ValueError(
            f"Component '{name}' has unit = {unit!r}. Expected one of: {', '.join(get_args(Unit))}. Correct it in "
            f"[components.{name}]."
        )
    if (pattern is None) == (unit == "pattern"):
        raise ValueError(
            f"Component '{name}' has unit = {unit!r} and pattern = {pattern!r}. Expected: a regular expression with "
            f'unit = "pattern", and none without. Correct it in [components.{name}].'
        )
    if max_tokens is not None and (not isinstance(max_tokens, int) or max_tokens < 1):
        raise ValueError(
            f"Component '{name}' has max_tokens = {max_tokens!r}. Expected: a whole number of at least 1, or null."
        )
    if not isinstance(keep, bool):
        raise ValueError(f"Component '{name}' has keep = {keep!r}. Expected: true or false.")
    if "$" in (pattern or ""):  # it begins a variable there, and comes back doubled from a saved one
        raise ValueError(
            f"Component '{name}' has the pattern {pattern!r}. Got: a dollar sign, which configs cannot keep. Expected: "
            r"\x24 for the sign, or (?=\n|\Z) for the end of a line."
        )
    try:
        re.compile(pattern or "", re.MULTILINE)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(
            f"Component '{name}' has the pattern {pattern!r}, which is not a regular expression ({error}). Expected: "
            "one in Python's form. See https://docs.python.org/3/library/re.html"
        ) from None


def cuts(starts: Ints1d, n_tokens: int, max_tokens: int) -> Ints1d:
    """Cut what is too long into parts of equal length, or one token more.

    starts (Ints1d): Tokens that sentences begin with, the first one included.
    n_tokens (int): Of the document.
    max_tokens (int): Most tokens of a part.
    RETURNS (Ints1d): First tokens of all parts.
    """
    lengths = np.diff(np.append(starts, n_tokens))
    n_parts = -(-lengths // max_tokens)
    part = ranges(np.zeros_like(n_parts), n_parts)
    return np.repeat(starts, n_parts) + part * np.repeat(lengths, n_parts) // np.repeat(n_parts, n_parts)
