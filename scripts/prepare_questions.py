"""NumPy's own reference as corpora for `hat_qa` and `hat_choice`, as no package brings questions that people asked.

Questions: what a parameter is, when an error is raised, and what is returned; the answer is the sentence of the
docstring that says so. Of each four questions about a docstring, one is about a name that does not occur in it, and has
no answer. Choices: which of four summaries belongs to a docstring whose summary was taken out.

Docstrings, and which of them are twins, are those of prepare_reference.py; twins are never in two parts.
"""

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy
import typer
from rich.console import Console
from spacy.language import Language
from spacy.tokens import Doc

from scripts.corpus_files import blank_english, counts_table, write_parts
from scripts.docstring_prose import Paragraph
from scripts.numpy_reference import Entry, read_reference, twin_groups
from scripts.prepare_reference import separate_full_stop, split_entries
from spacy_hat.corpora.docs import make_doc
from spacy_hat.corpora.questions import Choosable, Question
from spacy_hat.corpora.records import Record

LIMITS = {"train": 300, "dev": 60, "test": 150}
MOST_ANSWERED = 3
"""Questions with an answer about one docstring; there is one without besides."""
MOST_TOKENS = 30
"""Tokens of an answer, which is what `hat_qa` looks for."""
N_OPTIONS = 4
PARAMETER = re.compile(r"(?P<name>\*{0,2}[A-Za-z_]\w*) : (?P<answer>\S.*)")
ERROR = re.compile(r"(?P<name>\w+(?:Error|Warning)) (?P<answer>\S.*)")
RETURNED = re.compile(r"(?:(?P<name>[A-Za-z_]\w*) : )?(?P<answer>\S.*)")
ASKED = {
    "parameters": (PARAMETER, "What is the parameter {}?"),
    "raises": (ERROR, "When is {} raised?"),
    "returns": (RETURNED, "What is returned?"),
}
END = re.compile(r"[.!?](?= [A-Z]|$)")


def joined(paragraphs: Sequence[Paragraph], nlp: Language) -> tuple[str, list[int]]:
    """RETURNS (tuple[str, list[int]]): The text of a docstring, and the first character of each paragraph."""
    texts = [separate_full_stop(paragraph.text, nlp) for paragraph in paragraphs]
    return " ".join(texts), numpy.cumsum([0, *(len(text) + 1 for text in texts[:-1])]).tolist()


def answered_questions(entry: Entry, text: str, starts: list[int], nlp: Language) -> Iterator[Question]:
    """Ask what a docstring says.

    entry (Entry): The docstring.
    text (str): Its text.
    starts (list[int]): First character of each paragraph.
    nlp (Language): Has the tokenizer.
    YIELDS (Question): What it answers by a sentence of no more than MOST_TOKENS.
    """
    asked = set()
    for paragraph, start in zip(entry.paragraphs, starts, strict=True):
        pattern, form = ASKED.get(paragraph.label, (None, ""))
        found = pattern.match(text, start, start + len(paragraph.text)) if pattern else None
        if found is None:
            continue
        question, end = form.format(found["name"]), END.search(text, found.start("answer"), found.end("answer"))
        answer = (found.start("answer"), end.start() if end else found.end("answer"))
        n_tokens = len(nlp.make_doc(text[slice(*answer)].strip()))
        if question not in asked and 0 < n_tokens <= MOST_TOKENS:
            asked.add(question)
            yield Question(question, [answer])


def names_asked(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """RETURNS (list[tuple[str, str]]): Each parameter and error of some docstrings, as often as it occurs, and the
    question about it.
    """
    found = []
    for entry in entries:
        for paragraph in entry.paragraphs:
            if paragraph.label in ("parameters", "raises"):
                pattern, form = ASKED[paragraph.label]
                match = pattern.match(paragraph.text)
                found += [(match["name"].strip("*"), form.format(match["name"]))] if match else []
    return found


def question_docs(entries: Sequence[Entry], nlp: Language, rng: random.Random) -> list[Doc]:
    """RETURNS (list[Doc]): Docstrings with questions; those that answer none are left out."""
    docs, everywhere = [], names_asked(entries)
    for entry in entries:
        text, starts = joined(entry.paragraphs, nlp)
        answered = list(answered_questions(entry, text, starts, nlp))
        words = set(re.findall(r"\w+", text))
        absent = [question for name, question in everywhere if name not in words]
        if answered and absent:
            questions = [*rng.sample(answered, min(MOST_ANSWERED, len(answered))), Question(rng.choice(absent), [])]
            record = Record(entry.name, text, [], [], columns={"name": entry.name}, questions=questions)
            docs.append(make_doc(nlp, record, [], with_spans=False))
    return docs


def choice_docs(entries: Sequence[Entry], nlp: Language, rng: random.Random) -> list[Doc]:
    """RETURNS (list[Doc]): Docstrings without their summaries, which are among the options; without those of none."""
    docs = []
    summaries = {entry.name: entry.paragraphs[0].text for entry in entries if entry.paragraphs[0].label == "summary"}
    for entry in entries:
        rest = [paragraph for paragraph in entry.paragraphs if paragraph.label != "summary"]
        others = sorted({text for text in summaries.values() if text != summaries.get(entry.name)})
        if entry.name in summaries and rest:
            options = [*rng.sample(others, N_OPTIONS - 1), summaries[entry.name]]
            rng.shuffle(options)
            choosable = Choosable(options, summaries[entry.name])
            text, _ = joined(rest, nlp)
            record = Record(entry.name, text, [], [], columns={"name": entry.name}, choosable=choosable)
            docs.append(make_doc(nlp, record, [], with_spans=False))
    return docs


def prepare_questions(entries: list[Entry], *, seed: int = 0) -> dict[str, dict[str, list[Doc]]]:
    """Make both corpora.

    entries (list[Entry]): The docstrings.
    seed (int): Of the split, of the questions and of the options.
    RETURNS (dict[str, dict[str, list[Doc]]]): `questions` and `summaries` -> part -> documents.
    """
    split, nlp = split_entries(entries, twin_groups(entries), seed), blank_english()
    made: dict[str, dict[str, list[Doc]]] = {"questions": {}, "summaries": {}}
    for part, chosen in split.items():
        rng = random.Random(seed)
        made["questions"][part] = question_docs(chosen, nlp, rng)[: LIMITS[part]]
        made["summaries"][part] = choice_docs(chosen, nlp, rng)[: LIMITS[part]]
    return made


def kinds_of_questions(doc: Doc) -> list[str]:
    """RETURNS (list[str]): For each question of a document, whether it has an answer; or which option is right."""
    if doc._.options:
        return [f"option {doc._.options.index(doc._.choice) + 1} is right"]
    answered = {span.label_ for span in doc.spans.get("answers", [])}
    return ["answered" if question in answered else "without an answer" for question in doc._.questions or ()]


def main(
    out: Annotated[Path, typer.Option(help="Folder for the folders questions and summaries")] = Path("corpus"),
    seed: Annotated[int, typer.Option(help="Seed of the split, the questions and the options")] = 0,
) -> None:
    """NumPy's docstrings -> train, dev and test for `hat_qa` and for `hat_choice`."""
    console = Console()
    with console.status("reading NumPy's reference"):
        made = prepare_questions(read_reference(), seed=seed)
    for name, parts in made.items():
        write_parts(parts, out / name, user_data=True)
        title = f"{name} of NumPy {numpy.__version__} in {out / name}"
        console.print(counts_table(parts, title, kinds_of_questions, "questions"))


if __name__ == "__main__":
    typer.run(main)
