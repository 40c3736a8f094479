"""`spacy_hat.render`: explanations as HTML, for a file or a notebook."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape as escape_attribute
from typing import Any

from spacy.util import is_in_jupyter

from .. import Explanation
from .html import page_html
from .shown import shown

FRAME_HEIGHT = "min(44rem, 85vh)"


@dataclass(frozen=True)
class Frame:
    """What IPython displays. Its own class for HTML warns of every frame."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def render(
    explanations: Explanation | Sequence[Explanation],
    *,
    page: bool = False,
    jupyter: bool | None = None,
    title: str | None = None,
    top: int = 10,
) -> Any:
    """Render a document with its sentences shaded by weight, as displaCy renders entities.

    explanations (Explanation | Sequence[Explanation]): What `spacy_hat.explain` or `explain_labels` gave: of one
        document, one for each label that the reader can switch to.
    page (bool): Return a whole page, to be written to a file, rather than a frame for a notebook.
    jupyter (bool | None): Display it in the notebook; None: if this is one.
    title (str | None): Heading; None: the beginning of the document.
    top (int): How many sentences are listed, at most: of those for the label, and of those against it.
    RETURNS (str): The HTML, needing no network; None where it is displayed.
    RAISES (ValueError): If there is nothing to render, or the explanations are of several documents.
    """
    several = [explanations] if isinstance(explanations, Explanation) else list(explanations)
    if not several or any(one.doc is not several[0].doc for one in several):
        found = "none" if not several else "explanations of several documents"
        raise ValueError(
            f"A page shows the labels of one document. Got: {found}. Expected: an explanation, or a list of them, such "
            "as explain_labels(nlp, doc) gives. Render each document on its own."
        )
    html = page_html(several, title=title, top=top)
    if page:
        return html
    # A frame keeps the page's styles and script apart from the notebook's.
    name = escape_attribute(shown(title or "Explanation"))
    frame = (
        f'<iframe srcdoc="{escape_attribute(html)}" title="{name}" loading="lazy" '
        f'style="width: 100%; height: {FRAME_HEIGHT}; border: 1px solid #8884; border-radius: 6px"></iframe>'
    )
    if jupyter or (jupyter is None and is_in_jupyter()):
        from IPython.display import display

        return display(Frame(frame))
    return frame
