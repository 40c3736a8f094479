"""A learning rate that follows the length of training, in `spacy train` and outside of it.

thinc's `warmup_linear.v1` wants a number of steps. `total_steps = ${training.max_steps}` is one in `spacy train`, which
fills in the variables of a config, so that --training.max_steps moves both. Everything else that makes an optimizer
(nlp.initialize, create_optimizer, resume_training and update, and so `spacy debug data` and `debug model`) hands on
the variable itself. There the end of training is not known, and a rate that went to zero at a made-up one would stop
learning in silence.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from thinc.api import Config, constant, warmup_linear

THINCS = "warmup_linear.v1"
OURS = "spacy-hat.warmup_linear.v1"


def warmup_linear_v1(initial_rate: float, warmup_steps: int, total_steps: int | str | None = None) -> Iterable[float]:
    """Raise the rate from zero, then lower it to zero at the end of training, or keep it where there is no known end.

    initial_rate (float): The highest rate, after the warm-up.
    warmup_steps (int): Steps until then.
    total_steps (int | str | None): The last step, as a rule `${training.max_steps}`. The rate stays at its highest if
        this is 0 (training that ends by epochs), null, or a variable of the config that nobody has filled in, as in
        `nlp.initialize()` and `nlp.resume_training()`.
    RETURNS (Iterable[float]): The rate of each step, without end.
    RAISES (ValueError): If total_steps is any other text.
    """
    if isinstance(total_steps, str) and not is_variable(total_steps):
        raise ValueError(
            f"{OURS} cannot tell when training ends. Got: total_steps = {total_steps!r}. Expected: a number of steps, "
            "or ${training.max_steps}. Correct it in [training.optimizer]."
        )
    if isinstance(total_steps, int) and total_steps > 0:
        return warmup_linear(initial_rate, warmup_steps, total_steps)
    rising = [step / max(1, warmup_steps) * initial_rate for step in range(warmup_steps)]
    return chain(rising, constant(initial_rate))


def is_variable(value: Any) -> bool:
    """RETURNS (bool): Whether a setting is a variable that is not filled in, such as `${training.max_steps}`."""
    return isinstance(value, str) and value.startswith("${") and value.endswith("}")


def follow_training(config: Config) -> None:
    """Have the schedules of a config's optimizer work outside of `spacy train` too. Their rates stay the same in it.

    config (Config): Of a pipeline; thinc's schedules with variables in them become this module's, in place.
    """
    for setting in config.get("training", {}).get("optimizer", {}).values():
        if (
            isinstance(setting, dict)
            and setting.get("@schedules") == THINCS
            and is_variable(setting.get("total_steps"))
        ):
            setting["@schedules"] = OURS
