"""Processes that were forked from one in which torch had several threads: there, these threads are gone.

`nlp.pipe(n_process=2)` forks on Linux. OpenMP, on which torch runs on a CPU, still counts on the threads of the parent
and waits for them forever. With one thread it waits for none.
"""

import os

import torch

_known = {os.getpid()}


def use_one_thread_if_forked() -> None:
    """Let torch have one thread in a process that was forked after this module was imported. Said once in each, so that
    whoever knows better can set another number afterwards."""
    if os.getpid() not in _known:
        _known.add(os.getpid())
        torch.set_num_threads(1)
