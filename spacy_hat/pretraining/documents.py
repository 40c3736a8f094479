"""The documents of a corpus as Docs with sentences, whatever form its files have."""

from collections.abc import Iterator, Sequence

from spacy.pipeline import Sentencizer
from spacy.tokens import Doc

from ..corpora.boundaries import set_sentence_starts, tokens_at
from ..corpora.labels import LabelRules
from ..corpora.languages import blank
from ..corpora.records import Columns, text_of
from ..corpora.rows import read_rows
from ..corpora.sources import Source
from ..corpora.spans import read_starts


def read_documents(sources: Sequence[Source], *, lang: str, text: str) -> Iterator[Doc]:
    """Read texts. Sentences that a document is given with are kept; otherwise they end with punctuation.

    sources (Sequence[Source]): The files.
    lang (str): Code of the language, whose tokenizer is used.
    text (str): Name of the column or key with the text.
    YIELDS (Doc): The documents that are not blank.
    RAISES (ValueError): If something cannot be read; says where.
    """
    nlp, sentencizer = blank(lang), Sentencizer()
    columns, rules = Columns(text=text), LabelRules("spans")
    for row in read_rows(sources, text=text):
        found = text_of(row, columns, rules)
        if not found.text.strip():
            continue
        given = None if row.is_table else read_starts(row.place, row.values.get("sentence_starts"), len(found.text))
        doc = nlp.make_doc(found.text)
        if starts := found.starts or given:
            set_sentence_starts(doc, tokens_at(doc, starts))
        else:
            doc = sentencizer(doc)
        yield doc
