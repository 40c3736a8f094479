"""How likely each sentence has one label: spaCy keeps the score of the label that it gives, and no other."""

from collections.abc import Callable

from spacy.language import Language
from spacy.pipeline import SpanCategorizer
from spacy.tokens import Doc

CHANCES = "chances"
"""Where they stand in doc.user_data: by the first and last character of a sentence."""


@Language.factory("kept_chances", default_config={"head": "", "label": ""})
def make_kept_chances(nlp: Language, name: str, head: str, label: str) -> Callable[[Doc], Doc]:
    """Make the component.

    nlp (Language): The pipeline.
    name (str): Of the component, which spaCy wants to tell it.
    head (str): Of the span categorizer before it.
    label (str): Whose chances to keep; if the categorizer does not know it, there are none.
    RETURNS (Callable[[Doc], Doc]): It writes into doc.user_data.
    """
    categorizer = nlp.get_pipe(head)
    if not isinstance(categorizer, SpanCategorizer):
        raise ValueError(f"{name} keeps chances of a span categorizer. Got: {head}, a {type(categorizer).__name__}.")

    def component(doc: Doc) -> Doc:
        spans, scores = categorizer.predict([doc])
        if label in categorizer.labels and len(spans.dataXd):
            found = categorizer.model.ops.to_numpy(scores)[:, categorizer.labels.index(label)]
            places = [doc[int(start) : int(end)] for start, end in categorizer.model.ops.to_numpy(spans.dataXd)]
            doc.user_data[CHANCES] = {
                (place.start_char, place.end_char): float(chance) for place, chance in zip(places, found, strict=True)
            }
        return doc

    return component


def keep_chances(nlp: Language, head: SpanCategorizer, label: str) -> None:
    """Have a pipeline keep the chances of a label, right after its head, while the encoder's output is still there.

    nlp (Language): The pipeline, which gets one component more.
    head (SpanCategorizer): One of its components.
    label (str): Which label.
    """
    nlp.add_pipe("kept_chances", after=head.name, config={"head": head.name, "label": label})
