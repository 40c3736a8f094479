"""The actor of Ray Data: it keeps a process with a loaded pipeline, and hands it tables.

A document that kills the process costs that process. The actor itself, which Ray would restart without knowing why,
holds neither PyTorch nor spaCy, and does not grow with a long document.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from ray.util.metrics import Gauge

from ..child import Child, ChildDiedError
from .work import Work

RAY_WORKER = "default_worker.py"
MEMORY = "spacy_hat_pipeline_bytes"
"""A figure of Ray's own, which it gives to its dashboard and to Prometheus, with the node and the actor."""


class AnnotatingActor:
    """What `map_batches` makes one of in each of its workers.

    work (Work): What is to be done. The pipeline is loaded from its folder or package, once.
    RAISES (RuntimeError): If the pipeline cannot be loaded.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        _forget_main()
        self.child = Child(partial(_make, work), work.model, work.n_threads, forks=not work.on_gpu)
        self.child.start()
        self.memory = Gauge(MEMORY, "Memory of the process that has an actor's pipeline, which Ray does not count.")
        self._tell_memory()

    def __call__(self, table: Any) -> Any:
        """Annotate the rows of a table.

        table (pyarrow.Table): The rows.
        RETURNS (pyarrow.Table): A row for each, in their order. One that kills its process, with others and then
            alone, has an error.
        """
        import pyarrow as pa

        try:
            return self.child.ask((table, False))
        except ChildDiedError:
            return pa.concat_tables([self._alone(table.slice(i, 1)) for i in range(table.num_rows)])
        finally:
            self._tell_memory()

    def _tell_memory(self) -> None:
        n_bytes = self.child.memory()
        if n_bytes is not None:
            self.memory.set(n_bytes)

    def _alone(self, row: Any) -> Any:
        try:
            return self.child.ask_again((row, False))
        except ChildDiedError:
            return self.child.ask((row, True))


def _forget_main() -> None:
    """Spare processes the import of the program that began this one, if that is a worker of Ray: they begin with it
    otherwise, and would hold all of Ray."""
    main = vars(sys.modules["__main__"])
    if Path(main.get("__file__") or "").name == RAY_WORKER:
        del main["__file__"]


def _make(work: Work) -> Any:
    from .tables import TableAnnotator

    return TableAnnotator(work)
