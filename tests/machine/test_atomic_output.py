"""Output that is complete or not there, whatever happens to whoever writes it; SIGKILL cannot even be caught."""

import errno
import os
import signal
from pathlib import Path

import pytest

from spacy_hat.machine.atomic_output import new_file, new_folder


def put(folder, text):
    folder.mkdir(exist_ok=True)
    for name in ("a", "b"):
        (folder / name).write_text(text)


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()} if folder.exists() else None


def whole(text):
    return {"a": text, "b": text}


def others(target):
    """What lies beside the target."""
    return [path.name for path in target.parent.iterdir() if path != target]


def write(target, text="new"):
    with new_folder(target) as folder:
        put(folder, text)


def die(*_, **options):
    os.kill(os.getpid(), signal.SIGKILL)


def die_half_way(target):
    with new_folder(target) as folder:
        (folder / "a").write_text("new")
        die()


def die_between_the_renames(target):
    rename = Path.rename
    Path.rename = lambda path, to: die() if ".new-" in path.name else rename(path, to)
    write(target)


def die_before_the_old_one_is_removed(target):
    import shutil

    shutil.rmtree = die
    write(target)


def killed(act, target):
    """Run in a process of its own, which must die of SIGKILL."""
    if not os.fork():
        try:
            act(target)
        finally:
            os._exit(1)
    _, status = os.wait()
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture(params=["old", "none"])
def target(request, tmp_path):
    if request.param == "old":
        put(tmp_path / "hat", "old")
    return tmp_path / "hat"


def test_new_folder_takes_its_place_and_leaves_nothing_beside(target):
    write(target)
    assert content(target) == whole("new")
    assert others(target) == []


def test_new_folder_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "plain").mkdir()
    write(tmp_path / "hat")
    assert (tmp_path / "hat").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_new_folder_makes_the_parents(tmp_path):
    write(tmp_path / "models" / "new" / "hat")
    assert content(tmp_path / "models" / "new" / "hat") == whole("new")


def test_new_folder_follows_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    put(tmp_path / "disk" / "hat", "old")
    (tmp_path / "hat").symlink_to(tmp_path / "disk" / "hat")
    write(tmp_path / "hat")
    assert (tmp_path / "hat").is_symlink()
    assert content(tmp_path / "disk" / "hat") == whole("new")


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_new_folder_is_as_before_after_an_exception(target, error):
    before = content(target)

    def fail():
        with new_folder(target) as folder:
            (folder / "a").write_text("new")
            raise error

    with pytest.raises(error):
        fail()
    assert content(target) == before
    assert others(target) == []


def test_new_folder_is_as_before_if_the_second_rename_fails(target, monkeypatch):
    before, rename = content(target), Path.rename

    def fail(path, to):
        if ".new-" in path.name:
            raise OSError("no")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="no"):
        write(target)
    assert content(target) == before
    assert others(target) == []


def test_new_folder_killed_half_way_leaves_the_old_result_or_none(target):
    before = content(target)
    killed(die_half_way, target)
    assert content(target) == before


def test_new_folder_killed_before_the_old_one_is_removed_leaves_the_new_one(tmp_path):
    target = tmp_path / "hat"
    put(target, "old")
    killed(die_before_the_old_one_is_removed, target)
    assert content(target) == whole("new")
    write(target, "newer")
    assert others(target) == []


def test_new_folder_killed_between_the_renames_keeps_the_old_one_beside_and_the_next_puts_it_back(tmp_path):
    target = tmp_path / "hat"
    put(target, "old")
    killed(die_between_the_renames, target)
    assert content(target) is None
    assert whole("old") in [content(tmp_path / name) for name in others(target)]
    with pytest.raises(RuntimeError), new_folder(target):
        raise RuntimeError
    assert content(target) == whole("old")
    assert others(target) == []


def test_new_folder_removes_what_killed_processes_left(target):
    for _ in range(2):
        killed(die_half_way, target)
    write(target)
    assert content(target) == whole("new")
    assert others(target) == []


def test_new_folder_leaves_alone_what_running_processes_of_any_machine_write(tmp_path):
    target = tmp_path / "hat"
    with new_folder(target) as mine:
        name = mine.name
    host = name.removeprefix(".hat.new-").removesuffix(f"-{os.getpid()}")
    running = {f".hat.new-{host}-{os.getppid()}", ".hat.new-elsewhere-1", f".other.new-{host}-99999999"}
    for folder in running:
        (tmp_path / folder).mkdir()
    write(target)
    assert set(others(target)) == running


def test_new_folder_leaves_alone_what_processes_of_other_users_write(tmp_path, monkeypatch):
    target = tmp_path / "hat"
    with new_folder(target) as mine:
        theirs = mine.with_name(mine.name.removesuffix(f"-{os.getpid()}") + "-99999999")
    theirs.mkdir()

    def refuse(number, question):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "kill", refuse)
    write(target)
    assert others(target) == [theirs.name]


def test_new_folder_in_the_place_of_a_file_is_an_error(tmp_path):
    (tmp_path / "hat").write_text("mine")
    with pytest.raises(NotADirectoryError, match="is a file, expected a folder"):
        write(tmp_path / "hat")
    assert (tmp_path / "hat").read_text() == "mine"


def die_writing_a_file(target):
    with new_file(target) as file:
        file.write_text("ne")
        die()


def test_new_file_takes_its_place_and_leaves_nothing_beside(tmp_path):
    for text in ("old", "new"):
        with new_file(tmp_path / "scores.json") as file:
            file.write_text(text)
        assert (tmp_path / "scores.json").read_text() == text
    assert others(tmp_path / "scores.json") == []


@pytest.mark.parametrize("before", ["old", None])
def test_new_file_killed_half_way_leaves_the_old_one_or_none(tmp_path, before):
    target = tmp_path / "scores.json"
    if before is not None:
        target.write_text(before)
    killed(die_writing_a_file, target)
    assert (target.read_text() if target.exists() else None) == before
    with pytest.raises(RuntimeError), new_file(target):
        raise RuntimeError
    assert others(target) == []


def test_new_file_in_the_place_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "scores").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder, expected a file"), new_file(tmp_path / "scores"):
        pass
