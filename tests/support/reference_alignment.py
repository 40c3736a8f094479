"""What each family of tokenizers reads of a text, character by character, from the documentation of each and slowly.

Nothing here asks a tokenizer where its pieces stand. A reader says which characters the tokenizer sees and which ones
of the text each was made from; the pieces are then walked along these by their spelling.
"""

import unicodedata
from collections.abc import Callable

import regex
from spacy.tokens import Doc

from tests.support.charsmap_tiny import rules
from tests.support.tokenizers_tiny import LETTERS

# A character as the tokenizer sees it, and the first and last character of the text that it was made from.
Read = list[tuple[str, int, int]]
RULES = rules(LETTERS)


def bert(text: str, lowercase: bool) -> Read:
    """Control, format and private characters go; uncased, accents and capitals go too."""
    read: Read = []
    for i, char in enumerate(text):
        if unicodedata.category(char)[0] == "C" or char == "\ufffd":
            continue
        made = char
        if lowercase:
            apart = unicodedata.normalize("NFD", char)
            made = "".join(c for c in apart if unicodedata.category(c) != "Mn").lower()
        read += [(c, i, i) for c in made]
    return read


def byte_level(text: str) -> Read:
    """Each byte is a character: itself where that is printable Latin-1, else one from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    return [
        (chr(byte if byte in printable else 0x100 + others.index(byte)), i, i)
        for i, char in enumerate(text)
        for byte in char.encode()
    ]


def sentencepiece(text: str) -> Read:
    """A letter with its marks is replaced as one where it has less than six bytes and begins with a rule's source.

    The shortest such source decides, and marks behind it are thrown away (so does tokenizers' `Precompiled`).
    """
    read: Read = []
    start = 0
    # Letters with what belongs to them: marks, and letters that count as such (Unicode annex 29).
    for cluster in regex.findall(r"\X", text):
        end = start + len(cluster)
        sources = [cluster[:length] for length in range(1, len(cluster) + 1) if cluster[:length] in RULES]
        if sources and len(cluster.encode()) < 6:
            read += [(c, start, start + len(sources[0]) - 1) for c in RULES[sources[0]]]
        else:
            read += [(c, i, i) for i in range(start, end) for c in RULES.get(text[i], text[i])]
        start = end
    return read


READERS: dict[str, Callable[[str], Read]] = {
    "uncased WordPiece": lambda text: bert(text, lowercase=True),
    "cased WordPiece": lambda text: bert(text, lowercase=False),
    "byte-level BPE": byte_level,
    "SentencePiece": sentencepiece,
}
# How each writes a blank in a piece.
BLANKS = {"uncased WordPiece": "", "cased WordPiece": "", "byte-level BPE": "\u0120", "SentencePiece": "\u2581"}


def spelling(piece: str, name: str) -> str:
    """RETURNS (str): The characters of a piece without blanks, and without WordPiece's mark of a continuation."""
    if name.endswith("WordPiece") and len(piece) > 2:
        piece = piece.removeprefix("##")
    return piece.replace(BLANKS[name], "") if BLANKS[name] else piece


def expected_alignment(doc: Doc, pieces: list[str], name: str) -> list[list[str]]:
    """Walk the pieces along the characters that the tokenizer reads.

    doc (Doc): The document.
    pieces (list[str]): All pieces of its text, none of them unknown.
    name (str): The family.
    RETURNS (list[list[str]]): For each token the spellings of its pieces, in order, those of blanks only left out.
    """
    blanks = {" ", *BLANKS[name]}
    read = READERS[name](doc.text)
    spelled = [spelling(piece, name) for piece in pieces]
    visible = [place for place, (char, _, _) in enumerate(read) if char not in blanks]
    assert "".join(spelled) == "".join(read[place][0] for place in visible)
    aligned: list[list[str]] = [[] for _ in doc]
    for piece, spelled_piece in zip(pieces, spelled, strict=True):
        places, visible = visible[: len(spelled_piece)], visible[len(spelled_piece) :]
        if not places:
            continue
        first, last = read[places[0]][1], read[places[-1]][2]
        # SentencePiece's pieces reach back to the blank that they begin with, over what was deleted in between.
        if piece.startswith("\u2581") and places[0] > 0:
            first = read[places[0] - 1][1]
        for token in doc:
            if not token.is_space and token.idx <= last and token.idx + len(token) > first:
                aligned[token.i].append(spelled_piece)
    return aligned
