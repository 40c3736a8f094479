"""transformers' Trainer, with batches that are fixed beforehand: many devices, going on, mixed precision."""

import json
import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from ..modeling.pretraining import HATForPretraining
from .batches import Batches
from .rates import make_optimizer
from .settings import Settings

HOURS_TO_WAIT = 24
"""How long processes wait for the one that packs the corpus."""
KEPT_CHECKPOINTS = 2
"""The last one may be cut off, where a process was killed while it wrote."""
PARTS_OF_CHECKPOINT = ("model.safetensors", "optimizer.pt", "scheduler.pt")
PRECISIONS: dict[str, str] = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}
"""Trainer's names for them."""


def check_installed() -> None:
    """RAISES (ValueError): If what Trainer needs is not installed."""
    if find_spec("accelerate") is None:
        raise ValueError(
            "transformers' Trainer needs accelerate, which is not installed. Install it: python -m pip install "
            "'spacy-hat[pretrain]'"
        )


def training_arguments(work: Path, settings: Settings, *, log_every: int, save_every: int, cpu: bool) -> Any:
    """Make Trainer's arguments. In a process of torchrun or accelerate, this also finds the others.

    work (Path): Folder for checkpoints.
    settings (Settings): Settings.
    log_every (int): Steps between two logs.
    save_every (int): Steps between two checkpoints.
    cpu (bool): Whether to leave a GPU alone.
    RETURNS (TrainingArguments): The arguments.
    RAISES (ValueError): If the processes cannot share the batches of a step.
    """
    name = PRECISIONS[settings.precision]
    os.environ["ACCELERATE_MIXED_PRECISION"] = name  # Trainer believes it, and leaves it there for the next one
    arguments = TrainingArguments(
        output_dir=str(work),
        max_steps=settings.max_steps,
        per_device_train_batch_size=1,
        seed=settings.seed,
        use_cpu=cpu or not torch.accelerator.is_available(),
        ddp_timeout=HOURS_TO_WAIT * 3600,
        logging_strategy="steps",
        logging_steps=log_every,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=save_every,
        save_total_limit=KEPT_CHECKPOINTS,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        report_to=[],
        disable_tqdm=True,
        log_level="error",
        bf16=name == "bf16",
        fp16=name == "fp16",
    )
    arguments._n_gpu = min(arguments.n_gpu, 1)  # otherwise one process would give a batch to all GPUs, uncut
    n_processes = arguments.world_size
    if settings.batches_per_step % n_processes:
        raise ValueError(
            f"--batches-per-step is {settings.batches_per_step}, and there are {n_processes} processes. Expected: a "
            "multiple of their number, as each of them reads whole batches."
        )
    arguments.gradient_accumulation_steps = settings.batches_per_step // n_processes
    return arguments


class PretrainingTrainer(Trainer):
    """A Trainer whose batches come in their order: they are shuffled already."""

    def get_train_dataloader(self) -> DataLoader:
        loader: DataLoader = DataLoader(
            self.train_dataset,
            batch_size=1,
            collate_fn=self.data_collator,
        )
        return self.accelerator.prepare(loader)


def make_trainer(
    model: HATForPretraining, arguments: Any, settings: Settings, batches: Batches, collate: Callable
) -> PretrainingTrainer:
    """RETURNS (PretrainingTrainer): The Trainer, which prints nothing."""
    trainer = PretrainingTrainer(
        model=model,
        args=arguments,
        train_dataset=batches,
        data_collator=collate,
        optimizers=make_optimizer(model, settings),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def last_checkpoint(work: Path) -> Path | None:
    """RETURNS (Path | None): The last checkpoint that is whole; None if there is none."""
    found = sorted(work.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    return next((path for path in found if _is_whole(path)), None)


def remove_cut_off(work: Path) -> None:
    """Remove checkpoints that are not whole, so that Trainer does not count them."""
    for path in work.glob("checkpoint-*"):
        if not _is_whole(path):
            shutil.rmtree(path)


def _is_whole(checkpoint: Path) -> bool:
    """Whether Trainer has written all of it: the state comes last."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf8"))
    except (OSError, ValueError):
        return False
    return all((checkpoint / name).is_file() for name in PARTS_OF_CHECKPOINT)
