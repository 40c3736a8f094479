"""Profiles of `nlp.pipe`: what they count, that their stages add up, and that they leave everything as it was."""

from itertools import count

import pytest
import spacy
import spacy.language

from spacy_hat.modeling import HATModel
from spacy_hat.packing import Packer, packer, pieces
from spacy_hat.pipeline.heads import encoders_of
from spacy_hat.profiling import speed
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


@pytest.mark.parametrize("fails", [False, True])
def test_profile_puts_everything_back(nlp, fails):
    nodes = [node for _, component in nlp.pipeline if hasattr(component, "model") for node in component.model.walk()]

    def replaceable():
        shared = (spacy.language._pipe, packer.tokenize, pieces.align, Packer.__call__, HATModel.forward_packed)
        return [*shared, *(node._func for node in nodes)]

    before = replaceable()
    if fails:
        with pytest.raises(ValueError, match="Expected a string"):
            profile_pipe(nlp, [None])
    else:
        profile_pipe(nlp, TEXTS[:1])
    assert replaceable() == before


def test_profile_wants_an_encoder():
    other = spacy.blank("en")
    other.add_pipe("sentencizer")
    with pytest.raises(ValueError, match=r"no HAT encoder.*sentencizer.*spacy benchmark speed"):
        profile_pipe(other, TEXTS)


def test_speed_is_that_of_the_pass_with_the_median_time(nlp):
    found = measure_speed(nlp, TEXTS, passes=3)
    assert len(found.all_seconds) == 3
    assert found.profile.total == sorted(found.all_seconds)[1]
    assert found.profile.n_docs == len(TEXTS)


def test_speed_agrees_with_itself(nlp):
    found = measure_speed(nlp, TEXTS, passes=1, batch_size=2).to_dict()
    for name in ("docs", "words", "pieces"):
        assert found[f"{name}_per_second"] == pytest.approx(found[name] / found["seconds"])
    assert 0 < found["padding_avoided_to_longest"] <= found["padding_avoided"] < 1
    assert 0 < found["share_outside_encoder"] < 1
    if found["peak_mb"] is not None:
        # The peak is forgotten a moment after the first is read.
        assert found["peak_mb"] > 0.9 * found["loaded_mb"] > 0


def test_speed_has_no_peak_where_the_old_one_cannot_be_forgotten(nlp, monkeypatch):
    def refuse():
        raise PermissionError("read-only")

    monkeypatch.setattr(speed, "reset_peak", refuse)
    assert measure_speed(nlp, TEXTS, passes=1).peak_mb is None


def test_speed_wants_documents(nlp):
    with pytest.raises(ValueError, match="no documents to measure"):
        measure_speed(nlp, [])
