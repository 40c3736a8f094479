"""Writes the configs of this repository by the template of `spacy hat init-config`: `python -m tools.write_configs`.

Their paths are the project's, and their steps those that docs/compare.md was measured with. A test holds them to it.
"""

from pathlib import Path

from spacy_hat.machine.atomic_output import new_file
from spacy_hat.training.config import ASKING, training_config
from spacy_hat.training.steps import Steps

ROOT = Path(__file__).parent.parent
SPEECHES = ("corpus/speeches", Steps(max_steps=256, eval_frequency=128, warmup_steps=26))
REFERENCE = ("corpus/reference", Steps(max_steps=1350, eval_frequency=225, warmup_steps=135))
ASKED = Steps(max_steps=300, eval_frequency=150, warmup_steps=30)
# Name of the config, and of its folder of training -> tasks, corpus and steps.
CONFIGS = {
    "textcat": (["textcat"], *SPEECHES),
    "textcat_multilabel": (["textcat_multilabel"], *SPEECHES),
    "spancat": (["spancat_singlelabel"], *REFERENCE),
    "multitask": (["textcat", "spancat_singlelabel"], *REFERENCE),
    "qa": (["qa"], "corpus/questions", ASKED),
    "choice": (["choice"], "corpus/summaries", ASKED),
}
PATHS = ["The defaults are what `spacy project run prepare` and `spacy project run warm-start` make."]
ASKED_PATHS = [PATHS[0].replace("run prepare`", "run prepare-questions`")]


def shipped_config(name: str) -> str:
    """RETURNS (str): The text of configs/hat_<name>.cfg."""
    tasks, corpus, steps = CONFIGS[name]
    return training_config(
        tasks,
        hat="models/hat-minilm",
        train=f"{corpus}/train.spacy",
        dev=f"{corpus}/dev.spacy",
        steps=steps,
        file=f"configs/hat_{name}.cfg",
        output=f"training/{name.removeprefix('textcat_')}",
        about_paths=ASKED_PATHS if tasks[0] in ASKING else PATHS,
    )


if __name__ == "__main__":
    for name in CONFIGS:
        with new_file(ROOT / "configs" / f"hat_{name}.cfg") as file:
            file.write_text(shipped_config(name), encoding="utf8")
