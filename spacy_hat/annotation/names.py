"""Names of the columns of annotations."""

ID = "id"
CATS, SPANS, ENTS, VECTOR, SENTENCES = "cats", "spans", "ents", "vector", "sentences"
CHOICE, CHOICE_SCORES = "choice", "choice_scores"
EXPLANATION, ERROR, OTHERS = "explanation", "error", "others"
OWN = (ID, CATS, SPANS, ENTS, CHOICE, CHOICE_SCORES, VECTOR, SENTENCES, EXPLANATION, ERROR)
"""Columns of the output that are not the input's. One of the input with such a name has `input_` before it."""


def carried_name(name: str) -> str:
    """RETURNS (str): What a column of the input is called in the output."""
    return f"input_{name}" if name.removeprefix("input_") in (*OWN, OTHERS) else name
