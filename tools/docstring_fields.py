"""A docstring in spaCy's form -> its prose and its fields: parameters, and what is returned, raised or yielded."""

import re
from dataclasses import dataclass

OUTCOMES = ("RETURNS", "RAISES", "YIELDS")
FIELD = re.compile(r"^(?P<name>\*{0,2}[A-Za-z_]\w*) \((?P<type>.+?)\): (?P<meaning>.*)$")
UNTYPED = re.compile(r"^(?P<name>\*{1,2}\w+): (?P<meaning>.*)$")
SECOND_OUTCOME = re.compile(rf"(?<=\S) (?=(?:{'|'.join(OUTCOMES)}) \()")


@dataclass(frozen=True)
class Field:
    """A parameter or attribute, or one of OUTCOMES.

    name (str): Its name, with the stars of `**kwargs`.
    type (str | None): Its type, as it is written there.
    meaning (str): The rest, in one line.
    """

    name: str
    type: str | None
    meaning: str

    @property
    def is_outcome(self) -> bool:
        """RETURNS (bool): Whether it says what comes out, rather than what goes in."""
        return self.name in OUTCOMES


@dataclass(frozen=True)
class Docstring:
    """What a docstring says.

    paragraphs (tuple[str, ...]): Its prose, one line for each paragraph; the first is the summary.
    fields (tuple[Field, ...]): The fields, in order.
    remarks (tuple[str, ...]): The prose after the first field ("The other parameters are those of …").
    """

    paragraphs: tuple[str, ...]
    fields: tuple[Field, ...]
    remarks: tuple[str, ...]


def read_docstring(text: str) -> Docstring:
    """Read a docstring.

    text (str): As `inspect.getdoc` gives it.
    RETURNS (Docstring): Its prose and fields. A field goes on in the lines below it that are indented.
    """
    paragraphs: list[str] = []
    fields: list[Field] = []
    remarks: list[str] = []
    for block in _blocks(text):
        field = _field(block)
        if field is not None:
            fields.append(field)
        else:
            (remarks if fields else paragraphs).append(block)
    return Docstring(tuple(paragraphs), tuple(fields), tuple(remarks))


def _blocks(text: str) -> list[str]:
    """Paragraphs and fields, each in one line."""
    blocks: list[str] = []
    goes_on = False
    for line in SECOND_OUTCOME.sub("\n", text).splitlines():
        starts_field = _field(line) is not None
        if not line.strip():
            goes_on = False
        elif goes_on and not starts_field and (line.startswith(" ") or _field(blocks[-1]) is None):
            blocks[-1] += f" {line.strip()}"
        else:
            blocks.append(line.strip())
            goes_on = True
    return blocks


def _field(line: str) -> Field | None:
    found = FIELD.match(line) or UNTYPED.match(line)
    return None if found is None else Field(found["name"], found.groupdict().get("type"), found["meaning"])
