"""Profiles of `nlp.pipe`: what they count, that their stages add up, and that they leave everything as it was."""

import ast
from itertools import count
from pathlib import Path
from timeit import timeit

import pytest
import spacy

from spacy_hat.machine import clock, memory
from spacy_hat.machine.clock import stage
from spacy_hat.pipeline.heads import encoders_of
from spacy_hat.profiling import profile, speed
from spacy_hat.profiling.profile import STAGES, Profile, profile_pipe
from spacy_hat.profiling.speed import measure_speed

from ..support.pipelines import initialize, make_nlp, make_text

TEXTS = [make_text(number) for number in range(6)]


@pytest.fixture(scope="module")
def nlp(hat_folder):
    made = make_nlp(hat_folder, "textcat", "stock_textcat")
    initialize(made)
    return made


@pytest.fixture(scope="module")
def replaced(hat_folder):
    """A pipeline whose encoder lives inside the head."""
    made = make_nlp(hat_folder, "textcat")
    initialize(made)
    made.replace_listeners("transformer", "textcat", ["model.tok2vec"])
    made.remove_pipe("transformer")
    return made


def ticks():
    """A clock on which a second passes each time it is asked."""
    numbers = count()
    return lambda: float(next(numbers))


def test_profile_has_every_stage_and_they_add_up(nlp):
    profile = profile_pipe(nlp, TEXTS, clock=ticks())
    assert list(profile.seconds) == list(STAGES)
    assert all(seconds > 0 for seconds in profile.seconds.values())
    assert sum(profile.shares.values()) == pytest.approx(1.0)
    assert profile.share_outside_encoder == pytest.approx(1.0 - profile.shares["encoder"])


def test_profile_adds_up_to_the_time_that_passed(nlp):
    clock = ticks()
    profile = profile_pipe(nlp, TEXTS, clock=clock)
    # The first answer was 0, and asking now takes one more.
    assert profile.total == clock() - 1


def test_profile_finds_an_encoder_inside_a_head(replaced):
    assert [encoder.component for encoder in encoders_of(replaced)] == ["textcat"]
    profile = profile_pipe(replaced, TEXTS, clock=ticks())
    assert all(profile.seconds[stage] > 0 for stage in STAGES)


def test_profile_counts_what_the_documents_have(nlp):
    docs = list(nlp.pipe(TEXTS))
    profile = profile_pipe(nlp, TEXTS)
    data = [doc._.trf_data for doc in docs]
    assert profile.n_docs == len(TEXTS)
    assert profile.n_words == sum(map(len, docs))
    assert profile.n_segments == sum(len(d.wordpieces) for d in data)
    assert profile.n_pieces == sum(sum(d.wordpieces.lengths) for d in data)


def test_profile_says_what_padding_would_have_cost(nlp):
    segment_length = encoders_of(nlp)[0].shim.encoder.config.segment_length
    profile = profile_pipe(nlp, TEXTS)
    assert profile.n_padded == profile.n_segments * segment_length
    assert profile.n_pieces < profile.n_padded_longest <= profile.n_padded
    assert profile.avoided(profile.n_padded) == 1 - profile.n_pieces / profile.n_padded
    assert Profile().avoided(0) == 0.0


def test_profile_pads_to_the_longest_segment_of_each_batch(nlp):
    texts = [TEXTS[0], "hello."]
    apart = profile_pipe(nlp, texts, batch_size=1)
    together = profile_pipe(nlp, texts, batch_size=2)
    assert apart.n_padded_longest < together.n_padded_longest


def test_profile_leaves_predictions_as_they_are(nlp):
    expected = [doc.cats for doc in nlp.pipe(TEXTS)]
    seen = []
    profile_pipe(nlp, TEXTS, on_doc=lambda: seen.append(1))
    assert len(seen) == len(TEXTS)
    assert [doc.cats for doc in nlp.pipe(TEXTS)] == expected


def test_profile_lets_go_of_its_stopwatch_when_it_fails(nlp):
    with pytest.raises(ValueError, match="Expected a string"):
        profile_pipe(nlp, [None], clock=ticks())
    assert profile_pipe(nlp, TEXTS[:1]).n_docs == 1


def test_profile_takes_as_many_documents_at_once_as_told(nlp):
    alone, together = (profile_pipe(nlp, TEXTS, batch_size=size, clock=ticks()) for size in (1, len(TEXTS)))
    # The clock ticks with each stage that begins or ends: here, once for each batch.
    assert alone.seconds["encoder"] > together.seconds["encoder"]


def test_profile_counts_a_stock_head_as_a_head(hat_folder):
    made = make_nlp(hat_folder, "tagger")
    initialize(made)
    profile = profile_pipe(made, TEXTS, clock=ticks())
    assert profile.seconds["head"] > 0
    assert profile.seconds["listener"] == 0


def test_profile_marks_cost_next_to_nothing(nlp):
    """A mark that nobody times, as often as one document sets it, beside the time that the document takes."""
    n_marks = 1000

    def set_mark():
        with stage("nothing"):
            pass

    marks = min(timeit(set_mark, number=n_marks) for _ in range(5)) / n_marks
    document = min(timeit(lambda: nlp(TEXTS[0]), number=1) for _ in range(5))
    assert 8 * marks < 0.005 * document


REPLACING = {"setattr", "delattr", "patch", "mock", "replace_callbacks", "__setattr__"}


def test_profile_replaces_no_function():
    folder = Path(profile.__file__).parent
    for path in [*folder.glob("*.py"), Path(clock.__file__)]:
        tree = ast.parse(path.read_text(encoding="utf8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert names & REPLACING == set()
        targets = [target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets]
        # Of attributes, an object sets its own only.
        owners = {ast.unparse(target.value) for target in targets if isinstance(target, ast.Attribute)}
        assert owners <= {"self"}


def test_profile_wants_an_encoder():
    other = spacy.blank("en")
    other.add_pipe("sentencizer")
    with pytest.raises(ValueError, match=r"no HAT encoder.*sentencizer.*spacy benchmark speed"):
        profile_pipe(other, TEXTS)


def test_speed_is_that_of_the_pass_with_the_median_time(nlp, monkeypatch):
    passes = iter([Profile({"encoder": seconds}) for seconds in (0.0, 5.0, 1.0, 3.0)])  # the first is the warm-up
    monkeypatch.setattr(speed, "profile_pipe", lambda *_, **__: next(passes))
    found = measure_speed(nlp, TEXTS, passes=3)
    assert found.all_seconds == [5.0, 1.0, 3.0]
    assert found.profile.seconds == {"encoder": 3.0}


def test_speed_divides_what_was_read_by_the_time(nlp, monkeypatch):
    profile = Profile(
        {"encoder": 3.0, "head": 1.0},
        n_docs=2,
        n_words=40,
        n_pieces=60,
        n_segments=5,
        n_padded=100,
        n_padded_longest=80,
    )
    monkeypatch.setattr(speed, "profile_pipe", lambda *_, **__: profile)
    found = measure_speed(nlp, TEXTS, passes=1).to_dict()
    assert (found["docs_per_second"], found["words_per_second"], found["pieces_per_second"]) == (0.5, 10.0, 15.0)
    assert (found["padding_avoided"], found["padding_avoided_to_longest"]) == (0.4, 0.25)
    assert found["share_outside_encoder"] == 0.25
    if found["peak_mb"] is not None:
        # The peak is forgotten a moment before the first is read.
        assert found["peak_mb"] > 0.9 * found["loaded_mb"] > 0


def test_speed_has_no_peak_where_the_old_one_cannot_be_forgotten(nlp, monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "PROCESS", tmp_path / "absent")
    found = measure_speed(nlp, TEXTS, passes=1)
    assert (found.loaded_mb, found.peak_mb) == (None, None)


def test_speed_wants_documents(nlp):
    with pytest.raises(ValueError, match="no documents to measure"):
        measure_speed(nlp, [])
