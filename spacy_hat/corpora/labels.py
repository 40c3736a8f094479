"""How labels are spelled: one rule for every form of documents, and a count of what it changed."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LABEL = "a string, or a whole number if all of them are"


@dataclass
class LabelRules:
    """Strings without spaces at their ends, in Unicode's composed form (NFC); or all of them whole numbers.

    what (str): What carries the labels, in the plural, for messages.
    """

    what: str
    kind: type | None = None
    """Of all labels: str or int."""
    first: str = ""
    """The first label, and its place."""
    stripped: set[str] = field(default_factory=set)
    """Labels that had spaces at their ends."""
    composed: set[str] = field(default_factory=set)
    """Labels whose letters and accents were characters of their own."""

    def clean(self, place: str, value: Any) -> str:
        """Take one label.

        place (str): Where it stands, for messages.
        value (Any): What was found.
        RETURNS (str): The label.
        RAISES (ValueError): If it is not a label, or of another kind than the labels before.
        """
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(
                f"{place} has the label {value!r} ({type(value).__name__}). Expected: {LABEL}. Write each label as a "
                "string; where there is none, leave it out."
            )
        if self.kind is None:
            self.kind, self.first = type(value), f"{value!r} in {place}"
        elif type(value) is not self.kind:
            raise ValueError(
                f"{place} has the label {value!r} ({type(value).__name__}), but labels of {self.what} before are of "
                f"another kind: {self.first}. Expected: {LABEL}. Write all of them as strings."
            )
        if isinstance(value, int):
            return str(value)
        label = value.strip()
        if not label:
            raise ValueError(f"{place} has the label {value!r}. Expected: {LABEL}. Where there is none, leave it out.")
        if label != value:
            self.stripped.add(label)
        normal = unicodedata.normalize("NFC", label)
        if normal != label:
            self.composed.add(normal)
        return normal

    def clean_all(self, place: str, values: Sequence[Any]) -> list[str]:
        """RETURNS (list[str]): Each label once, in order. RAISES (ValueError): If one is not a label."""
        return list(dict.fromkeys(self.clean(place, value) for value in values))

    def notes(self) -> list[str]:
        """RETURNS (list[str]): What was changed, in words."""
        notes = []
        if self.kind is int:
            notes.append(f"The labels of {self.what} are whole numbers; each became a string, such as {self.first}.")
        for labels, change in (
            (self.stripped, "had spaces at their ends, which were removed"),
            (self.composed, "were spelled with accents as characters of their own, and are composed now (NFC)"),
        ):
            if labels:
                listed = ", ".join(map(repr, sorted(labels)[:5])) + ", …" * (len(labels) > 5)
                notes.append(f"{len(labels):,} labels of {self.what} {change}: {listed}.")
        return notes


@dataclass(frozen=True)
class Labels:
    """The labels of one document.

    true (list[str]): Those it has.
    false (list[str]): Those that it is said not to have.
    """

    true: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)


def read_labels(place: str, values: Mapping[str, Any], *, key: str, separator: str, rules: LabelRules) -> Labels:
    """Find the labels of a document.

    place (str): Where it stands, for messages.
    values (Mapping[str, Any]): Those of the document. Its labels are a string, a whole number or a list of them under
        the key, scores of 0 or 1 by label under the key or `cats`, or Prodigy's `accept` beside `options`.
    key (str): Name of the column or key.
    separator (str): What stands between several labels in one string; none if empty.
    rules (LabelRules): How labels are spelled.
    RETURNS (Labels): The labels.
    RAISES (ValueError): If they are something else, or stand in two places.
    """
    ways = [name for name in (key, "cats") if values.get(name) is not None]
    is_choice = isinstance(values.get("options"), list) and isinstance(values.get("accept"), list)
    if is_choice:
        ways.append("accept")
    if len(set(ways)) > 1:
        raise ValueError(f"{place} has labels in several places: {', '.join(ways)}. Expected: one. Remove the others.")
    if not ways:
        return Labels()
    if is_choice:
        return _choice(place, values["options"], values["accept"], rules)
    found = values[ways[0]]
    if isinstance(found, dict):
        return _scores(place, found, rules)
    if isinstance(found, list):
        return Labels(rules.clean_all(f"{place} in {ways[0]!r}", found))
    if ways[0] != key:
        raise ValueError(f"{place} has {ways[0]!r}: {found!r}. Expected: scores by label, {{'A': 1.0, 'B': 0.0}}.")
    parts = found.split(separator) if separator and isinstance(found, str) else [found]
    return Labels(rules.clean_all(f"{place} in {key!r}", parts))


def _scores(place: str, scores: dict[str, Any], rules: LabelRules) -> Labels:
    labels = Labels()
    for name, score in scores.items():
        label = rules.clean(place, name)
        if not isinstance(score, bool | int | float) or score not in (0, 1):
            raise ValueError(
                f"{place} has the score {score!r} for {name!r}. Expected: 1 (or true) for a label that the document "
                "has, 0 (or false) for one that it has not. Decide which."
            )
        if label in labels.true or label in labels.false:
            raise ValueError(f"{place} has scores for {label!r} twice. Expected: each label once. Remove one.")
        (labels.true if score else labels.false).append(label)
    return labels


def _choice(place: str, options: list[Any], accepted: list[Any], rules: LabelRules) -> Labels:
    """Prodigy's interface `choice`: options with an id each, and the ids that were chosen."""
    if not all(isinstance(option, dict) and "id" in option for option in options):
        raise ValueError(f'{place} has options without an id. Expected: [{{"id": "A", "text": "..."}}, ...].')
    names = rules.clean_all(f"{place} in 'options'", [option["id"] for option in options])
    true = rules.clean_all(f"{place} in 'accept'", accepted)
    if unknown := [label for label in true if label not in names]:
        raise ValueError(f"{place} accepts {unknown[0]!r}. Expected: one of its options: {', '.join(names)}.")
    return Labels(true, [name for name in names if name not in true])
