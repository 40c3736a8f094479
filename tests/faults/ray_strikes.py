"""How a run on Ray is struck: an actor, a node or the command is killed at a random moment, and the rest lives on."""

import os
import subprocess
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

from spacy_hat.annotation.cluster.session import SETTINGS

from .bench import Bench
from .strikes import Played, descendants, interrupted, kill_command

NODE = {"num_cpus": 1, "object_store_memory": 2**27}
ACTOR = "ray::MapWorker"


@cache
def head() -> Any:
    """RETURNS (Cluster): A cluster with one node, for all runs of this process."""
    os.environ.update(SETTINGS)
    from ray.cluster_utils import Cluster

    return Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})


def struck(bench: Bench, output: Path, chance: Random, *, what: str) -> Played:
    """Play a run on two nodes of one CPU each.

    bench (Bench): What it reads.
    output (Path): Where to.
    chance (Random): Draws the moment.
    what (str): What is killed: `actor`, `node` or `command`.
    RETURNS (Played): What was done.
    """
    cluster = head()
    nodes = [cluster.add_node(**NODE)]

    def kill_node(process: "subprocess.Popen[bytes]", chance: Random) -> bool:
        cluster.remove_node(nodes.pop(), allow_graceful=False)
        return True

    strikes = {"actor": kill_actor, "node": kill_node, "command": kill_command}
    try:
        options = ("--ray", cluster.address)
        return interrupted(bench, output, chance, strike=strikes[what], options=options)
    finally:
        for node in nodes:
            cluster.remove_node(node, allow_graceful=False)


def kill_actor(process: "subprocess.Popen[bytes]", chance: Random) -> bool:
    """Kill one of the actors, or the process in which it has its pipeline."""
    actors = [pid for pid in descendants(os.getpid()) if _name(pid).startswith(ACTOR)]
    if not actors:
        return False
    actor = chance.choice(actors)
    with suppress(ProcessLookupError):
        os.kill(chance.choice([actor, *descendants(actor)]), 9)
        return True
    return False


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf8", errors="replace")
    return ""


ray_actor = partial(struck, what="actor")
ray_node = partial(struck, what="node")
ray_command = partial(struck, what="command")
