"""Has the plain pipelines of transformers refuse a HAT, or hand it to the class that cuts documents into segments.

Nothing is imported for that: where `transformers.pipelines` is not loaded, there is nothing to guard.
"""

import sys
from importlib import import_module
from typing import Any

from .files.pipeline_tasks import SEGMENTING, TEXT_TASKS, check_task

PREFIX = "hi_transformer"


def guard_pipelines() -> None:
    """Guard every task for texts, once. All other models are treated as ever."""
    module = sys.modules.get("transformers.pipelines")
    registry = getattr(module, "PIPELINE_REGISTRY", None)  # missing while the module is being loaded
    if registry is None:
        return
    for task in TEXT_TASKS:
        entry = registry.supported_tasks.get(task)
        if entry is not None and not getattr(entry["impl"], "guards_hats", False):
            entry["impl"] = _guarded(_loaded(entry["impl"]), task)


def is_hat(model: Any) -> bool:
    """RETURNS (bool): Whether a model is a HAT, with or without a head."""
    return getattr(model, "base_model_prefix", None) == PREFIX


def _loaded(plain: Any) -> Any:
    """transformers 5 names its classes, and loads them when they are wanted."""
    if not isinstance(plain, str):
        return plain
    module, _, name = plain.rpartition(".")
    return getattr(import_module(module), name)


def _guarded(plain: Any, task: str) -> Any:
    def make(cls: Any, *arguments: Any, **options: Any) -> Any:
        model = options.get("model", arguments[0] if arguments else None)
        if not is_hat(model):
            return object.__new__(cls)
        check_task(task, type(model).__name__)
        return SEGMENTING[task](*arguments, **options)

    return type(plain.__name__, (plain,), {"__new__": make, "__module__": plain.__module__, "guards_hats": True})
