"""CTranslate2 in a process of its own.

Whatever torch computed in the same process after it took a third longer, for good: CTranslate2 brings another OpenMP.
"""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = list[list[int]]


def serve(connection: Connection, folder: Path, precision: str, threads: int) -> None:
    """Encode what comes, until nothing more can come.

    connection (Connection): Gives rows of ids, takes (n_rows, width, hidden_size).
    folder (Path): Of the converted weights.
    precision (str): Of the products.
    threads (int): How many it may use.
    """
    import ctranslate2

    encoder = ctranslate2.Encoder(
        str(folder), device="cpu", compute_type=precision, inter_threads=1, intra_threads=threads
    )
    while True:
        try:
            rows: Rows = connection.recv()
        except EOFError:
            return
        connection.send(np.array(encoder.forward_batch(rows).last_hidden_state))


def encoder_process(folder: Path, precision: str, threads: int) -> Callable[[Rows], NDArray[np.float32]]:
    """RETURNS (Callable[[Rows], NDArray]): Encodes rows of ids in another process, which ends with this one."""
    context = multiprocessing.get_context("spawn")
    own, its = context.Pipe()
    context.Process(target=serve, args=(its, folder, precision, threads), daemon=True).start()
    its.close()

    def encode(rows: Rows) -> NDArray[np.float32]:
        own.send(rows)
        found: NDArray[np.float32] = own.recv()
        return found

    return encode
