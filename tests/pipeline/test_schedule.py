"""The rate that follows max_steps in `spacy train`, and needs no such number elsewhere."""

from itertools import islice

import pytest
from thinc.api import Config, warmup_linear

from spacy_hat.pipeline.schedule import follow_training, warmup_linear_v1

VARIABLE = "${training.max_steps}"


def test_schedule_with_a_number_is_thincs():
    assert list(islice(warmup_linear_v1(0.5, 3, 10), 14)) == list(islice(warmup_linear(0.5, 3, 10), 14))


@pytest.mark.parametrize("no_end", [VARIABLE, None, 0, -1])
def test_schedule_without_an_end_stays_at_its_highest(no_end):
    assert list(islice(warmup_linear_v1(0.5, 2, no_end), 5)) == [0.0, 0.25, 0.5, 0.5, 0.5]


def test_schedule_refuses_other_text():
    with pytest.raises(ValueError, match=r"Got: total_steps = 'all'\. Expected: a number of steps, or \$\{training"):
        warmup_linear_v1(0.5, 2, "all")


@pytest.mark.parametrize(
    ("schedule", "total_steps", "expected"),
    [
        ("warmup_linear.v1", VARIABLE, "spacy-hat.warmup_linear.v1"),
        ("warmup_linear.v1", 100, "warmup_linear.v1"),
        ("cyclic_triangular.v1", VARIABLE, "cyclic_triangular.v1"),
    ],
)
def test_schedule_of_an_old_config_follows_training(schedule, total_steps, expected):
    rate = {"@schedules": schedule, "total_steps": total_steps}
    config = Config({"training": {"optimizer": {"@optimizers": "Adam.v1", "learn_rate": rate}}})
    follow_training(config)
    assert config["training"]["optimizer"]["learn_rate"] == {"@schedules": expected, "total_steps": total_steps}
