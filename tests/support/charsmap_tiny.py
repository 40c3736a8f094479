"""A `precompiled_charsmap` as in SentencePiece models, for few characters: what makes a tokenizer XLM-RoBERTa's.

Published models carry 240 kB of it (`nmt_nfkc`). The rules here are the same, for the characters that tests use, and of
the same four kinds: control characters deleted, invisible ones made blanks, compatibility characters replaced, marks
composed.

The file format is a double array trie over UTF-8 (https://github.com/s-yata/darts-clone) from sources to places in a
text of targets. Here each node of the trie has 256 units to itself, which needs no search for free ones.
"""

import struct
import unicodedata
from itertools import chain

DELETED = [*map(chr, chain(range(0x1, 0x9), [0xB], range(0xE, 0x20))), "\x7f", "\x8f", "\x9f"]
BLANKS = [*"\t\n\f\r\xa0\u2028\u2029\u3000", *"\u061c\u200b\u200c\u200e\u200f\ufeff\ufffd"]
LEAF = 1 << 8


def rules(letters: str) -> dict[str, str]:
    """Source -> target, of controls, blanks and the letters, whole and taken apart."""
    forms = {form for letter in letters for form in (letter, unicodedata.normalize("NFD", letter))}
    replaced = {form: unicodedata.normalize("NFKC", form) for form in forms}
    changed = {form: target for form, target in replaced.items() if form != target}
    return changed | dict.fromkeys(BLANKS, " ") | dict.fromkeys(DELETED, "")


def precompile(targets: dict[str, str]) -> bytes:
    """Write rules in the format of `tokenizers.normalizers.Precompiled`.

    targets (dict[str, str]): Source -> target, neither with a zero character.
    RETURNS (bytes): The size of the trie, the trie, and the targets.
    """
    texts, places = b"", {}
    for target in sorted(set(targets.values())):
        places[target] = len(texts)
        texts += target.encode() + b"\0"
    prefixes = sorted({source.encode()[:end] for source in targets for end in range(len(source.encode()) + 1)})
    bases = {prefix: 256 * (number + 1) for number, prefix in enumerate(prefixes)}
    units = [0] * (256 * (len(prefixes) + 1))
    for prefix, base in bases.items():
        here = bases[prefix[:-1]] ^ prefix[-1] if prefix else 0
        units[here] = (here ^ base) << 10 | (prefix[-1] if prefix else 0)
    for source, target in targets.items():
        base = bases[source.encode()]
        units[bases[source.encode()[:-1]] ^ source.encode()[-1]] |= LEAF
        units[base] = 1 << 31 | places[target]
    trie = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(trie)) + trie + texts
