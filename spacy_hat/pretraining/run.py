"""A whole pretraining: texts, segments, batches with something hidden, Trainer, and a HAT.

rows -> Docs -> packed corpus on the disk -> batches -> hidden batches -> model -> checkpoints -> OUT
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ..corpora.described import describe_files
from ..corpora.sources import find_sources
from ..modeling import load_tokenizer
from ..modeling.files.tokenizer import check_vocabulary
from ..modeling.pretraining import HATForPretraining
from .batches import Batches, grouped, hidden_batch, hold_out
from .corpus import PackedCorpus, pack_corpus
from .documents import read_documents
from .gauge import Gauge, LogWithGauge
from .hiding import HELD_OUT_EPOCH, Hider, held_out_objectives
from .places import CORPUS, begin, is_of, make_manifest, nothing_left, work_folder
from .result import save_result
from .settings import Settings
from .trainer import (
    PretrainingTrainer,
    check_installed,
    last_checkpoint,
    make_trainer,
    remove_cut_off,
    training_arguments,
)

Log = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """How a run went, in the main process.

    was_finished (bool): Whether all of it was there already.
    began_at (int): The step after which it went on.
    logs (list[dict[str, Any]]): What was logged, the part before it was stopped too.
    has_picture (bool): Whether the curves were drawn.
    """

    was_finished: bool = False
    began_at: int = 0
    logs: tuple[Log, ...] = ()
    has_picture: bool = True


def pretrain(
    hat: str,
    corpus: Path,
    output: Path,
    settings: Settings,
    *,
    log_every: int,
    save_every: int,
    force: bool = False,
    cpu: bool = False,
    on_stage: Callable[[str], Any] = lambda _: None,
    on_log: Callable[[Log], Any] = lambda _: None,
    **hub: Any,
) -> Report | None:
    """Go on training a HAT on texts without labels. A run that was stopped goes on where it was.

    hat (str): Folder or hub name of a HAT.
    corpus (Path): File or folder of documents, in any form that `spacy hat convert` reads.
    output (Path): Folder for the HAT that comes of it; what is done until then stands beside it, in `OUT.run`.
    settings (Settings): How.
    log_every (int): Steps between two logs.
    save_every (int): Steps between two checkpoints.
    force (bool): Whether to replace what there is, and to start over.
    cpu (bool): Whether to leave a GPU alone.
    on_stage (Callable[[str], Any]): Called in the main process with what is being done.
    on_log (Callable[[dict[str, Any]], Any]): Called there with each log.
    **hub: Options of huggingface_hub's hf_hub_download, such as revision.
    RETURNS (Report | None): How it went; None in other processes than the main one.
    RAISES (ValueError): If something does not fit; says what to change.
    """
    check_installed()
    sources = find_sources(corpus)
    if any(source.is_stdin for source in sources):
        raise ValueError("stdin cannot be read twice, as going on needs. Got: -. Expected: a file or a folder.")
    work = work_folder(output)
    tokenizer, model = _load(hat, settings, **hub)
    arguments = training_arguments(work, settings, log_every=log_every, save_every=save_every, cpu=cpu)
    is_main = arguments.process_index == 0
    manifest = make_manifest(model, describe_files(sources), settings.entries())
    about = {"hat": hat, "corpus": str(corpus.absolute())}
    if not force and is_of(output, manifest):
        if is_main and is_of(work, manifest):  # stopped just before it was removed
            shutil.rmtree(work)
        return Report(was_finished=True) if is_main else None
    with arguments.main_process_first(local=False):
        if is_main:
            begin(output, manifest, about, [hat, corpus], force=force)
            remove_cut_off(work)
            on_stage(f"Reading {corpus}")
            with nothing_left(work):
                docs = read_documents(sources, lang=settings.lang, text=settings.text)
                pack_corpus(docs, tokenizer, model.config, work / CORPUS, packing=settings.packing)
                hold_out(PackedCorpus.open(work / CORPUS), settings.held_out_pieces, settings.seed)
    if not (work / CORPUS).is_dir():
        raise ValueError(f"There is no {work / CORPUS}. Expected: what the main process writes there; see its message.")
    trainer = _make_trainer(
        PackedCorpus.open(work / CORPUS), model, tokenizer.mask_token_id, arguments, settings, on_log
    )
    checkpoint = last_checkpoint(work)
    on_stage("Training")
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    trainer.accelerator.wait_for_everyone()
    if not is_main:
        return None
    logs = trainer.state.log_history
    has_picture = save_result(output, model.cpu(), tokenizer, hat, manifest, about, logs, **hub)
    shutil.rmtree(work)
    began_at = 0 if checkpoint is None else int(checkpoint.name.rpartition("-")[2])
    return Report(began_at=began_at, logs=tuple(logs), has_picture=has_picture)


def _load(hat: str, settings: Settings, **hub: Any) -> tuple[Any, HATForPretraining]:
    """RETURNS (tuple[PreTrainedTokenizerBase, HATForPretraining]): What a run begins with."""
    tokenizer = load_tokenizer(hat, **hub)
    if tokenizer.mask_token_id is None:
        raise ValueError(
            f"The tokenizer of {hat} has no mask_token, which stands where something is hidden. Name one of its pieces "
            "in tokenizer_config.json, such as [MASK] or <mask>."
        )
    model = HATForPretraining.start(hat, settings.weights, settings.seed, **hub)
    check_vocabulary(tokenizer, model.config.vocab_size, source=hat)
    return tokenizer, model


def _make_trainer(
    packed: PackedCorpus,
    model: HATForPretraining,
    mask_id: int,
    arguments: Any,
    settings: Settings,
    on_log: Callable[[Log], Any],
) -> PretrainingTrainer:
    """RETURNS (PretrainingTrainer): Trains on all documents but those held out, and logs the gauge of these."""
    trained, held_out = hold_out(packed, settings.held_out_pieces, settings.seed)
    sizes = packed.window_pieces
    n_batches = settings.max_steps * settings.batches_per_step
    batches = Batches(trained, sizes[trained], settings.batch_pieces, n_batches, settings.seed)
    hide = Hider(settings.weights, mask_id, model.config.vocab_size, settings.seed)
    trainer = make_trainer(model, arguments, settings, batches, hidden_batch(packed, hide))
    objectives = held_out_objectives(settings.weights)
    hide_segments = replace(hide, objectives=objectives)
    groups = grouped(held_out, sizes[held_out], settings.batch_pieces)
    own = groups[arguments.process_index :: arguments.world_size]
    measured = [hide_segments(packed.take(windows), windows.tolist(), HELD_OUT_EPOCH) for windows in own]

    def add_up(numbers: torch.Tensor) -> torch.Tensor:
        return trainer.accelerator.reduce(numbers.to(arguments.device), reduction="sum").cpu()

    trainer.add_callback(LogWithGauge(Gauge(measured, objectives, add_up), on_log))
    return trainer
