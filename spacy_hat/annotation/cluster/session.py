"""A session with Ray: one of this machine alone, or one that is there already."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ...machine.processor import n_cores
from .dataset import import_ray

LOCAL = "local"
OBJECT_STORE = 2**28
"""Bytes of the store of a session of this machine alone. Blocks of documents are small, and pass through it."""
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Actors would run after everything else on the machine.
    "RAY_worker_niceness": "0",
    # Where actors have all CPUs, each shard would begin a process to write it, which ends a second later.
    "RAY_idle_worker_killing_time_threshold_ms": "600000",
}


@dataclass(frozen=True)
class Cluster:
    """What Ray is asked for.

    address (str): Which: `local`, `auto`, or that of a cluster.
    n_actors (int | None): How many; None: one for each CPU of the cluster.
    gpus_per_actor (float): GPUs of each.
    object_store (int): Bytes of the object store of a local session; what does not fit is written to disk.
    """

    address: str = LOCAL
    n_actors: int | None = None
    gpus_per_actor: float = 0
    object_store: int = OBJECT_STORE

    def shares(self, ray: Any) -> tuple[int, int]:
        """RETURNS (tuple[int, int]): Actors, and the CPUs of each: those of a machine are shared out among its
        actors."""
        nodes = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
        n_cpus = max(1, sum(nodes))
        n_actors = self.n_actors or n_cpus
        return n_actors, max(1, min(n_cpus // n_actors, max(nodes, default=1)))


@contextmanager
def session(cluster: Cluster) -> Iterator[Any]:
    """Connect to Ray, or start it on this machine.

    cluster (Cluster): Which.
    YIELDS (module): Ray.
    RAISES (ValueError): If Ray is not installed, or not there.
    """
    is_local = cluster.address == LOCAL
    if is_local:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
    ray = import_ray()
    if ray.is_initialized():  # by a program that calls this one, and ends it
        yield ray
        return
    try:
        if is_local:
            options = {"include_dashboard": False, "object_store_memory": cluster.object_store}
            ray.init(address=LOCAL, num_cpus=n_cores(), logging_level=logging.ERROR, **options)
        else:
            ray.init(address=cluster.address, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"Ray does not answer at {cluster.address!r}. Got: {error}. Expected: `local`, `auto`, or the address of a "
            "cluster, such as ray://head:10001."
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()
