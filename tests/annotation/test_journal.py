"""Notes of what is being read: they outlive whoever is killed, and nobody else."""

import shutil

import pytest

from spacy_hat.annotation.journal import Journal
from spacy_hat.annotation.parts import Part, Unit

FIRST, SECOND = Part(Unit(0, ()), 0), Part(Unit(0, ()), 1)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out" / "_reading"


@pytest.fixture
def killed(folder):
    """RETURNS (Journal): Of a process that was killed while it read rows 10 to 19 of the first part."""
    folder.parent.mkdir()
    journal = Journal(folder)
    journal.begin(FIRST, range(10))
    journal.begin(FIRST, range(10, 20))
    return journal


@pytest.mark.parametrize(
    ("rows", "is_suspect"), [((0, 10), False), ((20, 30), False), ((0, 11), True), ((19, 30), True), ((12, 13), True)]
)
def test_journal_suspects_rows_that_were_being_read(killed, folder, rows, is_suspect):
    assert Journal(folder).suspects(FIRST, range(*rows)) == is_suspect
    assert not Journal(folder).suspects(SECOND, range(*rows))


def test_journal_of_a_process_that_was_killed_again_suspects_both(killed, folder):
    Journal(folder).begin(FIRST, range(30, 40))
    found = Journal(folder)
    assert found.suspects(FIRST, range(10, 20))
    assert found.suspects(FIRST, range(30, 40))
    assert not found.suspects(FIRST, range(20, 30))


def test_journal_that_is_closed_keeps_what_others_left(killed, folder):
    journal = Journal(folder)
    journal.begin(FIRST, range(30, 40))
    journal.close()
    found = Journal(folder)
    assert found.suspects(FIRST, range(10, 20))
    assert not found.suspects(FIRST, range(30, 40))


def test_journal_forgets_a_part_that_is_done_and_leaves_nothing(killed, folder):
    journal = Journal(folder)
    journal.forget(FIRST)
    assert not journal.suspects(FIRST, range(20))
    journal.close()
    assert not folder.exists()


@pytest.mark.parametrize("content", ["", "[[1", "{"])
def test_journal_that_is_damaged_suspects_nothing(killed, folder, content):
    (folder / f"{FIRST.name}.json").write_text(content)
    assert not Journal(folder).suspects(FIRST, range(20))


def test_journal_makes_its_folder_again_where_others_removed_it(killed, folder):
    shutil.rmtree(folder)
    killed.begin(FIRST, range(20, 30))
    assert Journal(folder).suspects(FIRST, range(20, 30))


def test_journal_says_that_the_output_is_gone(killed, folder):
    shutil.rmtree(folder.parent)
    with pytest.raises(FileNotFoundError):
        killed.begin(FIRST, range(20, 30))


def test_journal_that_has_no_room_keeps_what_was_noted_before(killed, folder, monkeypatch):
    def no_room(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_text", no_room)
        with pytest.raises(OSError, match="No space"):
            Journal(folder).begin(FIRST, range(30, 40))
    found = Journal(folder)
    assert found.suspects(FIRST, range(10, 20))
    assert not found.suspects(FIRST, range(30, 40))
