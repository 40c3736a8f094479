"""The model card of a trained pipeline: README.md, of what its files say, and nothing that nobody measured."""

from urllib.parse import quote

from spacy.language import Language

from .. import __version__
from ..pipeline.heads import Encoder, encoders_of
from .front_matter import front_matter, name_of
from .limits import limits_of
from .markdown import bullets, code, plain, table
from .origin import Origin, data_of, origin_of
from .scores import Scores, label_rows, scores_of, shown

MOST_LABELS = 200
USE = """\
THIS is the folder, the name of its package, or of the repository:

```python
import spacy

nlp = spacy.load("THIS")
doc = nlp("The text of a whole document.")
```

From the hub:

```python
import spacy
from huggingface_hub import snapshot_download

nlp = spacy.load(snapshot_download("OWNER/NAME"))
```"""


def pipeline_card(nlp: Language) -> str:
    """Write the card of a pipeline.

    nlp (Language): As `spacy.load` gives it; scores that nothing measured are taken out of its meta.
    RETURNS (str): README.md, without the line that says what it was made from.
    RAISES (ValueError): If it has no encoder of this package.
    """
    encoders = encoders_of(nlp)
    if not encoders:
        raise ValueError(
            f"The pipeline has no HAT. Got: components {', '.join(nlp.pipe_names) or '(none)'}. Expected: a `hat` or "
            "`transformer` component with spacy-hat.HATModel.v1, of which the card tells. For other pipelines, "
            "`spacy package` writes a README.md."
        )
    origins = [origin_of(nlp, encoder) for encoder in encoders]
    scores, data = scores_of(nlp), data_of(nlp)
    measured_on = data.get("dev", "its development documents")
    sections = [
        f"# {plain(name_of(nlp))}",
        _about(nlp),
        "## What it sets",
        _components(nlp),
        *_labels(nlp),
        "## Scores",
        *_scores(scores, measured_on),
        "## Data",
        _data(nlp, data),
        "## Where it comes from",
        _origins(encoders, origins),
        "## How to use it",
        f"It needs spacy-hat {__version__} or later, and spaCy {nlp.meta['spacy_version']}. {USE}",
        "## Limits",
        bullets(limits_of(nlp, encoders, measured_on if scores.whole else "")),
    ]
    return f"---\n{front_matter(nlp, origins, scores, measured_on)}\n---\n\n" + "\n\n".join(sections) + "\n"


def unsaid(nlp: Language) -> list[str]:
    """RETURNS (list[str]): What a reader asks and the card cannot answer, with where to say it."""
    meta = nlp.meta
    asked = {"license": "under which licence", "description": "what it is for", "author": "who made it"}
    found = [f"{what} (`{name}` in meta.json)" for name, what in asked.items() if not meta.get(name)]
    if not scores_of(nlp).whole:
        found.append("how well it works (`performance` in meta.json, which `spacy train` writes)")
    if not all(origin_of(nlp, encoder).base_model for encoder in encoders_of(nlp)):
        found.append("which model its encoder began with (`base_model` at the head of the card)")
    if not meta.get("sources"):
        found.append("what the documents of its training are (`sources` in meta.json, or in words under Data)")
    return found


def _about(nlp: Language) -> str:
    meta = nlp.meta
    rows = [(what, plain(meta[name])) for name, what in FACTS.items() if meta.get(name)]
    about = "A [spaCy](https://spacy.io) pipeline that reads whole documents, by a Hierarchical Attention Transformer."
    said = f"{plain(meta['description'])}\n\n" if meta.get("description") else ""
    return f"{said}{about}\n\n{table(('', ''), rows)}"


FACTS = {"lang": "language", "version": "version", "author": "author", "email": "contact", "url": "page"}
FACTS |= {"license": "licence"}


def _components(nlp: Language) -> str:
    rows = []
    for name in nlp.pipe_names:
        meta = nlp.get_pipe_meta(name)
        rows.append((code(name), code(meta.factory), ", ".join(map(code, meta.assigns)) or "-"))
    return table(("component", "made by", "sets"), rows)


def _labels(nlp: Language) -> list[str]:
    sections = []
    for name, labels in nlp.pipe_labels.items():
        if not labels or name not in nlp.pipe_names:
            continue
        listed = ", ".join(map(code, labels[:MOST_LABELS]))
        more = f" and {len(labels) - MOST_LABELS} more, which meta.json lists" * (len(labels) > MOST_LABELS)
        sections.append(f"{len(labels)} labels of {code(name)}: {listed}{more}.")
    return ["## Labels", *sections] if sections else []


def _scores(scores: Scores, measured_on: str) -> list[str]:
    if not scores.whole:
        return ["None: meta.json has no scores of its training."]
    words = [f"{code(name)} is {plain(text)}." for name, text in scores.words.items()]
    sections = [
        f"On {code(measured_on)}, by which the best state of the training was chosen.",
        table(("score", "value"), [(code(name), shown(value)) for name, value in scores.whole.items()]),
        *words,
    ]
    for name, numbers in scores.by_label.items():
        header, rows = label_rows(numbers)
        sections += [f"{code(name)}:", table(header, [(code(label), *rest) for label, *rest in rows])]
    return sections


def _data(nlp: Language, data: dict[str, str]) -> str:
    parts = {"train": "Trained on", "dev": "Measured on"}
    lines = [f"{words} {code(data[part])}." for part, words in parts.items() if part in data]
    for source in nlp.meta.get("sources") or ():
        entry = source if isinstance(source, dict) else {"name": source}
        said = [plain(entry[key]) for key in ("name", "url", "author", "license") if entry.get(key)]
        lines.append(", ".join(said) + ".")
    return bullets(lines) or "The config names no files of documents."


def _origins(encoders: list[Encoder], origins: list[Origin]) -> str:
    lines = []
    for encoder, origin in zip(encoders, origins, strict=True):
        began = code(origin.name) if origin.name else "a checkpoint that the config does not name"
        made = f", made from {_link(origin.base_model)}" if origin.base_model not in ("", origin.name) else ""
        licence = f"; its licence: {plain(origin.licence)}" if origin.licence else ""
        size = sum(weight.numel() for weight in encoder.shim.encoder.parameters())
        lines.append(f"{code(encoder.component)} began with {began}{made}{licence}. {size:,} weights.")
    return bullets(lines)


def _link(name: str) -> str:
    return f"[{plain(name)}](https://huggingface.co/{quote(name)})"
