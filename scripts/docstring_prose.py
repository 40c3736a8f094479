"""A docstring in NumPy's format -> its prose, paragraph by paragraph, each with the section it stood in.

What goes: titles and their underlines, doctest lines (`>>>`, `...`) and what they print, reST directives and literal
blocks, signatures, and markup around words. What stays is what an author wrote for people: paragraphs, and the entries
of lists ("axis : int, optional. Axis along which to sum."). A reader, or a model, has to tell by what is said and by
where it stands which part of the documentation it is from: "out : ndarray" is a parameter here and a result there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Titles that are not here ("Attributes", "Methods", "Calculus", ...) open a section too, but its text is left out:
# such sections list members and there are too few of them for a label of their own.
SECTION_LABELS = {
    "parameters": "parameters",
    "other parameters": "parameters",
    "receives": "parameters",
    "returns": "returns",
    "yields": "returns",
    "raises": "raises",
    "warns": "raises",
    "see also": "see also",
    "notes": "notes",
    "warnings": "notes",
    "references": "references",
    "examples": "examples",
}
LABELS = ("summary", *dict.fromkeys(SECTION_LABELS.values()))

# Sections that are lists of entries ("name : type", then an indented description).
ENTRY_SECTIONS = frozenset({"parameters", "returns", "raises", "see also"})

TITLE = re.compile(r"^(?P<title>\S[^\n]*)\n(?P<underline>[-=~]{3,})[ \t]*$", re.MULTILINE)
SIGNATURE = re.compile(r"^[\w.]+\(.*\)( -> .*)?$")
DOCTEST = re.compile(r"^\s*(>>>|\.\.\.( |$))")
DIRECTIVE = re.compile(r"^\s*\.\. (?P<name>[\w:-]+)::(?P<argument>.*)$")
ITEM_MARK = re.compile(r"^\s*([-*+]|#\.|\(?\d{1,2}[.)]|\.\. \[\w+\])\s+")

# Directives whose indented block is prose; that of any other (math, code, plot, index) is not.
PROSE_DIRECTIVES = frozenset({"note", "warning", "versionchanged", "seealso"})

MARKUP = (
    (re.compile(r"\s?\[[\w#]+\]_"), ""),  # a citation: [1]_
    (re.compile(r"(?::[\w:]+:)?`([^`<]*?)\s*<[^`>]*>`_{0,2}"), r"\1"),  # a link: `text <address>`_
    (re.compile(r"``([^`]*)``"), r"\1"),
    (re.compile(r"(?::[\w:]+:)?`~?([^`]*)`_?"), r"\1"),  # a role or a name: :func:`name`, `name`
    (re.compile(r"\\ "), ""),
    (re.compile(r"\*\*(\w[^*]*)\*\*"), r"\1"),
    (re.compile(r"(?<![\w*])\*(\w|\w[^*]*\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"::(?=\s|$)"), ":"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Paragraph:
    """A stretch of prose.

    label (str): Its section, one of LABELS.
    text (str): One line, without markup, closed by a full stop, a question mark or an exclamation mark.
    """

    label: str
    text: str


def split_sections(docstring: str) -> list[tuple[str, str]]:
    """Cut a docstring at its underlined titles.

    docstring (str): As `inspect.getdoc` gives it.
    RETURNS (list[tuple[str, str]]): The title in lower case, "summary" for what comes before the first, and the body.
    """
    titles = list(TITLE.finditer(docstring))
    starts = [0, *(title.end() for title in titles)]
    ends = [*(title.start() for title in titles), len(docstring)]
    names = ["summary", *(title["title"].strip().lower() for title in titles)]
    return [(name, docstring[start:end]) for name, start, end in zip(names, starts, ends, strict=True)]


def count_titled_sections(docstring: str) -> int:
    """Count the titled sections of a docstring that have a label."""
    return sum(title in SECTION_LABELS for title, _ in split_sections(docstring))


def remove_doctests(body: str) -> str:
    """Take out doctest lines and the output below them, which ends at the next empty line.

    body (str): The text of a section.
    RETURNS (str): The text with an empty line for every line that went.
    """
    kept = []
    in_doctest = False
    for line in body.splitlines():
        in_doctest = bool(DOCTEST.match(line)) or (in_doctest and bool(line.strip()))
        kept.append("" if in_doctest else line)
    return "\n".join(kept)


def indentation(line: str) -> int:
    """The number of spaces a line begins with."""
    return len(line) - len(line.lstrip(" "))


def remove_blocks(body: str) -> str:
    """Take out directives that are not prose, and literal blocks (indented, after a paragraph that ends in "::").

    body (str): The text of a section.
    RETURNS (str): The text without them.
    """
    kept: list[str] = []
    block_indent: int | None = None
    for line in body.splitlines():
        if block_indent is not None and line.strip() and indentation(line) <= block_indent:
            block_indent = None
        directive = DIRECTIVE.match(line)
        if block_indent is not None:
            kept.append("")
        elif directive is None:
            kept.append(line)
            block_indent = indentation(line) if line.rstrip().endswith("::") else None
        elif directive["name"] not in PROSE_DIRECTIVES:
            kept.append("")
            block_indent = indentation(line)
    return "\n".join(kept)


def section_blocks(label: str, body: str) -> Iterator[str]:
    """Cut a section into paragraphs, list items and entries, the line that names an entry with its description.

    label (str): Its label: a section of entries starts a new one at every line at the margin.
    body (str): Its text, without doctests and blocks.
    YIELDS (str): The raw text of one of them, in one line.
    """
    lines: list[str] = []
    for line in [*body.splitlines(), ""]:
        is_entry = label in ENTRY_SECTIONS and not line.startswith(" ")
        if lines and (not line.strip() or is_entry or ITEM_MARK.match(line)):
            yield " ".join(lines)
            lines = []
        if line.strip():
            lines.append(ITEM_MARK.sub("", line).strip())


def clean_markup(text: str) -> str:
    """Leave the words of a piece of reST."""
    for pattern, replacement in MARKUP:
        text = pattern.sub(replacement, text)
    return text.strip()


def close_sentence(text: str) -> str:
    """End a paragraph of any section in sentence-final punctuation."""
    text = text.rstrip(" :;,-")  # what introduced an example or a formula that is gone
    return text if text.endswith((".", "!", "?")) else f"{text}."


def prose(docstring: str) -> list[Paragraph]:
    """Read the prose of a docstring in NumPy's format.

    docstring (str): As `inspect.getdoc` gives it.
    RETURNS (list[Paragraph]): Its paragraphs, in order.
    """
    paragraphs = []
    for title, body in split_sections(docstring):
        label = title if title == "summary" else SECTION_LABELS.get(title)
        if label is None:
            continue
        if label == "summary":
            body = "\n".join("" if SIGNATURE.match(line) else line for line in body.splitlines())
        for block in section_blocks(label, remove_blocks(remove_doctests(body))):
            text = clean_markup(block)
            if re.search(r"[A-Za-z]{2}", text):
                paragraphs.append(Paragraph(label, close_sentence(text)))
    return paragraphs
