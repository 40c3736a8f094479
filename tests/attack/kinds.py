"""The kinds of attempts, and how many of one there are for each of another. Those that take a second are few."""

from . import checkpoints, documents, kills, outputs, padded, pipelines, settings
from .case import Builder

KINDS: dict[str, tuple[Builder, int]] = {
    "pipeline bytes": (pipelines.pipeline_bytes, 30),
    "pipeline folders": (pipelines.pipeline_folder, 2),
    "pipelines in commands": (pipelines.pipeline_command, 2),
    "checkpoints": (checkpoints.checkpoint, 20),
    "tokenizers": (checkpoints.tokenizer, 8),
    "names": (checkpoints.name, 3),
    "warm-start": (checkpoints.source, 4),
    "import": (checkpoints.head, 2),
    "documents": (documents.converted, 6),
    "tables": (documents.table, 2),
    "texts": (documents.read, 4),
    "folders of texts": (documents.folder, 1),
    "documents in commands": (documents.other_command, 2),
    "occupied places": (outputs.occupied, 2),
    "linked places": (outputs.linked, 2),
    "odd names": (outputs.odd_name, 1),
    "earlier results": (outputs.again, 1),
    "streams": (outputs.stream, 1),
    "options": (settings.options, 2),
    "init-config": (settings.init_config, 1),
    "configs": (settings.debug, 1),
    "damaged configs": (settings.damaged_config, 1),
    "padded batches": (padded.hostile, 10),
    "sound batches": (padded.sound, 2),
    "empty batches": (padded.empty, 1),
    "kills": (kills.killed, 1),
}
