"""Languages, as spaCy knows them."""

import spacy
from spacy.language import Language
from spacy.util import get_lang_class


def get_language(lang: str) -> type[Language]:
    """RETURNS (type[Language]): What spaCy knows of a language. RAISES (ValueError): If spaCy does not know it."""
    try:
        return get_lang_class(lang)
    except ImportError:
        raise ValueError(
            f"spaCy has no language {lang!r}. Expected: a code such as en, de or zh, or xx for several languages. "
            "See https://spacy.io/usage/models#languages"
        ) from None


def blank(lang: str) -> Language:
    """RETURNS (Language): A pipeline with a tokenizer only. RAISES (ValueError): If the language is unknown."""
    get_language(lang)
    nlp = spacy.blank(lang)
    nlp.max_length = 10**9  # of no concern to a tokenizer
    return nlp
