"""Deal documents out to train, dev and test, each label as evenly as can be, and what belongs together to one part."""

import random
from collections.abc import Mapping, Sequence

from .records import Record


def split(records: Sequence[Record], shares: Mapping[str, float], seed: int = 0) -> dict[str, list[Record]]:
    """Deal documents out.

    records (Sequence[Record]): The documents. Those of one group, and those with one text, come into one part.
    shares (Mapping[str, float]): Name -> share of the documents; what is left is `train`.
    seed (int): Of the dealing, and of the order in each part.
    RETURNS (dict[str, list[Record]]): Name -> documents in random order, `train` first.
    RAISES (ValueError): If a part would be without documents.
    """
    clusters = _clusters(records)
    generator = random.Random(seed)
    generator.shuffle(clusters)
    # Stable: shuffled among those with the same labels and size. Large ones first, while there is room for them.
    clusters.sort(key=lambda cluster: (_stratum(records[cluster[0]]), -len(cluster)))
    weights = {**shares, "train": 1 - sum(shares.values())}
    due = dict.fromkeys(weights, 0.0)
    dealt: dict[str, list[int]] = {"train": [], **{name: [] for name in shares}}
    for cluster in clusters:
        for name, share in weights.items():
            due[name] += share * len(cluster)
        # Rounded, so that what arithmetic adds to a tie decides nothing.
        name = max(weights, key=lambda name: round(due[name], 6))
        due[name] -= len(cluster)
        dealt[name] += cluster
    for name, indices in dealt.items():
        if not indices:
            raise ValueError(
                f"{_how_many(records, clusters)} leave none for {name}. Expected: at least one each. Lower the shares "
                f"({', '.join(f'{name} {share:g}' for name, share in shares.items())}), or split without them."
            )
    parts = {name: [records[i] for i in sorted(indices)] for name, indices in dealt.items()}
    for part in parts.values():
        generator.shuffle(part)
    return parts


def identity(record: Record) -> str:
    """RETURNS (str): What two documents share if one is the other's double: the text, however it is spaced."""
    return " ".join(record.text.split())


def _clusters(records: Sequence[Record]) -> list[list[int]]:
    """RETURNS (list[list[int]]): Indices of documents that have to stay together, by groups and equal texts."""
    leader = list(range(len(records)))

    def find(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    first: dict[tuple[str, str], int] = {}
    for i, record in enumerate(records):
        for key in (("text", identity(record)), ("group", record.group)):
            if key[1]:
                leader[find(i)] = find(first.setdefault(key, i))
    clusters: dict[int, list[int]] = {}
    for i in range(len(records)):
        clusters.setdefault(find(i), []).append(i)
    return list(clusters.values())


def _stratum(record: Record) -> list[str]:
    return sorted(record.labels) or sorted({label for _, _, label in record.spans})


def _how_many(records: Sequence[Record], clusters: Sequence[Sequence[int]]) -> str:
    apart = f", {len(clusters)} of them neither doubles nor of one group," if len(clusters) < len(records) else ""
    return f"{len(records)} documents{apart}"
