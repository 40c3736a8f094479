"""A share of the attack in every run of the tests; `python -m tests.attack --n 2000` makes all of it."""

import pytest

from .bench import Bench
from .case import Case, Sandbox
from .kinds import KINDS
from .referee import judge
from .run import attempts

pytestmark = pytest.mark.attack
# Those that run commands, which take a second and more, are one each.
N = 100


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("sound"))


@pytest.mark.parametrize("kind", KINDS)
def test_attack_ends_well(bench, tmp_path, kind):
    bad = []
    for attempt in attempts(N):
        if attempt.kind == kind:
            what, verdict = attempt.run(bench, tmp_path)
            if not verdict.is_good:
                bad.append(f"{attempt}: {verdict.outcome}: {verdict.why}: {what}")
    assert bad == []


def test_attack_makes_every_kind_and_as_many_as_are_asked_for():
    made = list(attempts(2000))
    assert len(made) >= 2000
    assert {attempt.kind for attempt in made} == KINDS.keys()


def fail(error):
    raise error


CRIMES = {
    "files outside": lambda box: (box.root / "evil").write_text("x"),
    "code run": lambda box: input(),
    "network": lambda box: __import__("socket").create_connection(("127.0.0.1", 9)),
    "traceback": lambda box: {}["x"],
    "lost files": lambda box: (box.precious / "thesis.txt").unlink(),
    "wrong in silence": lambda box: None,
}


@pytest.mark.parametrize("outcome", CRIMES)
def test_referee_sees(tmp_path, outcome):
    box = Sandbox(tmp_path / "box")
    assert judge(Case("a crime", lambda: CRIMES[outcome](box), "it is one"), box).outcome == outcome


def test_referee_sees_what_is_written_outside_of_the_sandbox(tmp_path):
    box = Sandbox(tmp_path / "box")
    assert judge(Case("a crime", lambda: (tmp_path / "evil").write_text("x")), box).outcome == "files outside"


def test_referee_takes_an_error_of_this_package_and_no_other(tmp_path):
    from spacy_hat.modeling.files.disk import read_config

    box = Sandbox(tmp_path / "box")
    assert judge(Case("no checkpoint", lambda: read_config(box.work)), box).outcome == "refused"
    assert judge(Case("not ours", lambda: fail(ValueError("Got x, expected y"))), box).outcome == "traceback"
