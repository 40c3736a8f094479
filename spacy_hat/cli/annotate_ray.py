"""`--ray [ADDRESS]` of `annotate`: an option that can stand alone, and what does not go with it."""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

if TYPE_CHECKING:
    from ..annotation.run import Report

LOCAL = "local"
ADDRESS = re.compile(r"local|auto|(ray://)?[\w.\-\[\]]+:\d+")


class AnnotateCommand(TyperCommand):
    """Takes `--ray` without a value for `--ray local`: what follows is its value only if it looks like an address."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """RETURNS (list[str]): What is left, as click has it."""
        end = args.index("--") if "--" in args else len(args)
        for place in reversed([i for i, one in enumerate(args[:end]) if one == "--ray"]):
            if not (place + 1 < end and ADDRESS.fullmatch(args[place + 1])):
                args = [*args[: place + 1], LOCAL, *args[place + 1 :]]
        return super().parse_args(ctx, args)


def check_ray_options(ray: str | None, shard: str, gpu_id: int, gpus_per_actor: float) -> None:
    """Check that options go together. RAISES (ValueError): If they do not."""
    if ray is None:
        if gpus_per_actor:
            raise ValueError("--gpus-per-actor is an option of --ray. Give --ray as well, or --gpu-id without it.")
        return
    if shard != "1/1":
        raise ValueError("--ray and --shard do not go together: Ray shares out the work itself. Leave --shard out.")
    if gpu_id >= 0:
        raise ValueError("--ray and --gpu-id do not go together: Ray chooses the GPU. Give --gpus-per-actor 1.")
    if not ADDRESS.fullmatch(ray):
        raise ValueError(f"--ray is {ray!r}. Expected: local, auto, or an address such as ray://head:10001.")


def on_ray(address: str, n_actors: int | None, gpus_per_actor: float) -> "Callable[..., Report]":
    """RETURNS (Callable[..., Report]): What annotates on a cluster as `annotate` does here."""
    from ..annotation.cluster.run import annotate_on_ray
    from ..annotation.cluster.session import Cluster

    return partial(annotate_on_ray, cluster=Cluster(address, n_actors, gpus_per_actor))
