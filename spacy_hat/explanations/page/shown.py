"""Text of strangers on a page: nothing of it is markup, and nothing of it turns the text around it.

Characters that would be invisible, or that a page may not hold, are shown by their pictures or numbers: a NUL ends no
document, and a direction override in one sentence does not make the next one read backwards.
"""

import re
from html import escape as escape_markup

# C0 and C1 controls but tab and line ends; embeddings, overrides and isolates of direction; half of a surrogate pair.
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(text: str) -> str:
    """RETURNS (str): The text, with a picture or a number in place of each character that is not seen."""
    return _INVISIBLE.sub(lambda match: _picture(ord(match[0])), text)


def escape(text: str) -> str:
    """RETURNS (str): The text, shown, with nothing in it that is markup."""
    return escape_markup(shown(text))


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"[U+{code:04X}]"
