"""What a pretraining leaves: a HAT for `--paths.hat`, where it came from, and how it went."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..machine.atomic_output import new_folder
from ..machine.kinds import CURVES, LOG, PRETRAINING
from ..machine.manifests import write_manifest
from ..modeling.files.card import read_source_card
from ..modeling.pretraining import HATForPretraining
from ..modeling.start.cards import pretrained_card
from .curves import draw_curves


def save_result(
    output: Path,
    model: HATForPretraining,
    tokenizer: Any,
    hat: str,
    manifest: dict[str, Any],
    about: dict[str, str],
    logs: Sequence[dict[str, Any]],
    **hub: Any,
) -> bool:
    """Write the folder, whole or not at all.

    output (Path): The folder.
    model (HATForPretraining): What was trained.
    tokenizer (PreTrainedTokenizerBase): Its tokenizer.
    hat (str): What it began with.
    manifest (dict[str, Any]): What determines it.
    about (dict[str, str]): Names.
    logs (Sequence[dict[str, Any]]): What was logged.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (bool): Whether there is a picture of the curves: matplotlib may be missing.
    """
    measured = [log for log in logs if "gauge" in log]
    figures = {"first": measured[0], "last": measured[-1]}
    with new_folder(output) as folder:
        model.trained().save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        card = pretrained_card(model.hi_transformer, read_source_card(hat, **hub), manifest, figures)
        (folder / "README.md").write_text(card, encoding="utf8")
        write_manifest(folder / PRETRAINING, {"about": about, **manifest, "figures": figures})
        lines = [json.dumps(log) for log in logs]
        (folder / LOG).write_text("\n".join(lines) + "\n", encoding="utf8")
        return draw_curves(logs, folder / CURVES)
