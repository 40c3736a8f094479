"""What a command may write over: nothing without --force, and with it only what the command itself makes."""

import json
import os
import threading
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hat.machine.atomic_output import new_file, new_folder
from spacy_hat.machine.kinds import (
    CHECKPOINT,
    CHECKPOINT_TYPES,
    CONFIG,
    CORPORA,
    CORPUS,
    FIGURES_FILE,
    PAGE,
    PAGE_MARK,
    PIPELINE,
    SCORES_FILE,
    mark_corpora,
)
from spacy_hat.machine.places import PlaceError, check_place
from spacy_hat.modeling.files.checkpoint import MODEL_TYPES


def checkpoint(place):
    place.mkdir(parents=True)
    (place / "config.json").write_text('{"model_type": "hi-transformer"}')
    (place / "model.safetensors").touch()


def pipeline(place):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(place)


def corpora(place):
    place.mkdir()
    corpus(place / "train.spacy")
    mark_corpora(place)


def corpus(place):
    DocBin(docs=[spacy.blank("en").make_doc("the court")]).to_disk(place)


def config(place):
    spacy.blank("en").config.to_disk(place)


def page(place):
    place.write_text(f"<!doctype html>\n{PAGE_MARK}\n")


def scores(place):
    one = {"component": "textcat", "label": "a", "method": "gradient", "probability": 0.5, "sentences": []}
    place.write_text(json.dumps([one]))


def figures(place):
    place.write_text(json.dumps({"model": "m", "machine": {}, "docs": 1, "words": 2, "pieces": 3}))


MADE = {
    checkpoint: CHECKPOINT,
    pipeline: PIPELINE,
    corpora: CORPORA,
    corpus: CORPUS,
    config: CONFIG,
    page: PAGE,
    scores: SCORES_FILE,
    figures: FIGURES_FILE,
}
MADE_BY_NAME = pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)


@MADE_BY_NAME
def test_place_of_an_earlier_result_is_free_with_force_only(tmp_path, make):
    make(tmp_path / "out")
    with pytest.raises(PlaceError, match=r"is there already\. Choose another, or replace it with --force"):
        check_place(tmp_path / "out", MADE[make], force=False)
    check_place(tmp_path / "out", MADE[make], force=True)


@MADE_BY_NAME
def test_place_of_something_else_is_never_free(tmp_path, make):
    place, kind = tmp_path / "out", MADE[make]
    if kind.is_folder:
        place.mkdir()
        (place / "thesis.txt").write_text("mine")
    else:
        place.write_text("mine")
    with pytest.raises(PlaceError, match="and would be lost"):
        check_place(place, kind, force=True)


@pytest.mark.parametrize("make", [make for make in MADE if MADE[make].is_folder], ids=lambda make: make.__name__)
def test_place_of_a_result_with_foreign_files_is_not_free(tmp_path, make):
    make(tmp_path / "out")
    (tmp_path / "out" / "project.yml").write_text("mine")
    with pytest.raises(PlaceError, match=r"it holds project.yml"):
        check_place(tmp_path / "out", MADE[make], force=True)


@MADE_BY_NAME
def test_place_behind_a_link_is_not_free(tmp_path, make):
    make(tmp_path / "real")
    (tmp_path / "out").symlink_to(tmp_path / "real")
    with pytest.raises(PlaceError, match="It is a link to"):
        check_place(tmp_path / "out", MADE[make], force=True)


def test_place_is_free_where_nothing_or_an_empty_folder_is(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nothing", "new/er"):
        check_place(tmp_path / name, CHECKPOINT, force=False)


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        ("hat", "hat", "It is the source itself"),
        ("hat", "./other/../hat", "It is the source itself"),
        ("hat", "link", "It is the source itself"),
        ("link", "hat", "It is the source itself"),
        ("hat/inner", "hat", "It holds the source"),
        ("hat", "hat/inner", "It lies in the source"),
        ("link", "hat/inner", "It lies in the source"),
        ("hat", "link/new", "It lies in the source"),
        ("hat/inner", "./other/../hat", "It holds the source"),
    ],
)
def test_place_of_a_source_is_never_free(tmp_path, monkeypatch, source, place, message):
    monkeypatch.chdir(tmp_path)
    checkpoint(tmp_path / "hat")
    (tmp_path / "other").mkdir()
    (tmp_path / "hat" / "inner").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "hat")
    with pytest.raises(PlaceError, match=message):
        check_place(tmp_path / place, CHECKPOINT, force=True, sources=[source])


def test_place_of_a_source_with_another_name_on_the_disk_is_not_free(tmp_path):
    scores(tmp_path / "text")
    (tmp_path / "again").hardlink_to(tmp_path / "text")
    with pytest.raises(PlaceError, match="It is the source itself"):
        check_place(tmp_path / "again", SCORES_FILE, force=True, sources=[tmp_path / "text"])


@pytest.mark.parametrize("kind", [CHECKPOINT, CONFIG])
def test_place_is_never_the_root(kind):
    with pytest.raises(PlaceError):
        check_place(Path("/"), kind, force=True)


def test_place_knows_the_types_of_hat_checkpoints():
    assert set(CHECKPOINT_TYPES) == set(MODEL_TYPES)


def test_new_file_writes_to_a_fifo_and_leaves_it_there(tmp_path):
    os.mkfifo(tmp_path / "out")
    check_place(tmp_path / "out", SCORES_FILE, force=False)
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "out").read_text()))
    reader.start()
    with new_file(tmp_path / "out") as made:
        made.write_text("scores")
    reader.join(10)
    assert read == ["scores"]
    assert (tmp_path / "out").is_fifo()


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_new_file_writes_to_stdout(tmp_path, monkeypatch, name, capfdbinary):
    monkeypatch.chdir(tmp_path)
    check_place(Path(name), SCORES_FILE, force=False)
    with new_file(Path(name)) as made:
        made.write_text("scores")
    assert capfdbinary.readouterr().out == b"scores"
    assert list(tmp_path.iterdir()) == []


def test_new_file_leaves_devices_alone():
    place = Path("/dev/null")
    with new_file(place) as made:
        made.write_text("scores")
    assert place.is_char_device()


def test_new_file_says_that_a_device_is_full(tmp_path):
    with pytest.raises(OSError, match="No space left"), new_file(Path("/dev/full")) as made:
        made.write_text("scores")


@pytest.fixture(params=[0o022, 0o027, 0o077])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def private(path):
    path.touch()
    path.chmod(0o600)


def test_new_folder_gives_files_the_modes_of_the_umask(tmp_path, umask):
    with new_folder(tmp_path / "hat") as folder:
        private(folder / "model.safetensors")
        (folder / "vocab").mkdir(0o700)
        (folder / "config.json").touch()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "hat").iterdir()}
    files, folders = 0o666 & ~umask, 0o777 & ~umask
    assert modes == {"model.safetensors": files, "config.json": files, "vocab": folders}
    assert (tmp_path / "hat").stat().st_mode & 0o777 == folders


def test_new_file_and_new_folder_keep_the_modes_of_what_they_replace(tmp_path):
    private(tmp_path / "scores.json")
    with new_file(tmp_path / "scores.json") as made:
        made.write_text("new")
    assert (tmp_path / "scores.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "hat").mkdir(0o750)
    private(tmp_path / "hat" / "model.safetensors")
    with new_folder(tmp_path / "hat") as folder:
        (folder / "model.safetensors").write_text("new")
    assert (tmp_path / "hat").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "hat" / "model.safetensors").stat().st_mode & 0o777 == 0o600


def test_new_folder_takes_names_as_long_as_the_disk_does(tmp_path):
    for name in ("h" * 255, "é" * 127):
        with new_folder(tmp_path / name) as folder:
            (folder / "a").touch()
        assert [path.name for path in (tmp_path / name).iterdir()] == ["a"]


def test_new_folder_takes_a_process_that_cannot_be_asked_for_a_running_one(tmp_path, monkeypatch):
    with new_folder(tmp_path / "hat") as mine:
        other = mine.with_name(mine.name.removesuffix(str(os.getpid())) + "1")
    other.mkdir()

    def refuse(number, signal):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", refuse)
    with new_folder(tmp_path / "hat"):
        pass
    assert other.is_dir()
