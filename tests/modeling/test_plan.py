"""Index plans: every row in exactly one bucket, none lost, little padding."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_hat.modeling.plan import AttentionPlan, plan_attention, plan_micro_batches, runs_within

CPU = torch.device("cpu")
lengths_of_groups = st.lists(st.integers(1, 40), min_size=1, max_size=60).map(
    lambda sizes: np.array(sizes, dtype=np.int64)
)


def bucket_rows(plan: AttentionPlan, n_rows: int) -> list[np.ndarray]:
    """Packed rows of each bucket, (n_groups, width), where the plan says nothing of them as well."""
    return [
        np.arange(n_rows).reshape(bucket.n_groups, bucket.width) if bucket.rows is None else bucket.rows.numpy()
        for bucket in plan.buckets
    ]


def attended(plan: AttentionPlan, n_rows: int) -> np.ndarray:
    """Which row may attend to which, (n_rows, n_rows)."""
    result = np.zeros((n_rows, n_rows), dtype=bool)
    for bucket, rows in zip(plan.buckets, bucket_rows(plan, n_rows), strict=True):
        keys = np.ones(rows.shape, dtype=bool) if bucket.keys is None else bucket.keys.numpy()[:, 0, 0]
        for group, is_key in zip(rows, keys, strict=True):
            result[np.ix_(group, group[is_key])] = True
    return result


@given(lengths_of_groups)
def test_unbucket_brings_every_row_home(lengths):
    n_rows = int(lengths.sum())
    plan = plan_attention(lengths, CPU)
    flat = np.concatenate([rows.ravel() for rows in bucket_rows(plan, n_rows)])
    home = flat if plan.unbucket is None else flat[plan.unbucket.numpy()]
    np.testing.assert_array_equal(home, np.arange(n_rows))


@given(lengths_of_groups)
def test_rows_attend_to_their_own_group_only(lengths):
    n_rows = int(lengths.sum())
    groups = np.repeat(np.arange(len(lengths)), lengths)
    np.testing.assert_array_equal(attended(plan_attention(lengths, CPU), n_rows), groups[:, None] == groups[None, :])


@given(lengths_of_groups, st.integers(0, 2**32 - 1))
def test_rows_attend_to_the_keys_of_their_group_or_to_all_where_there_are_none(lengths, seed):
    n_rows = int(lengths.sum())
    groups = np.repeat(np.arange(len(lengths)), lengths)
    is_key = np.random.default_rng(seed).random(n_rows) < 0.5
    has_key = np.array([is_key[groups == group].any() for group in range(len(lengths))])
    counts = np.where(has_key[groups], is_key, True)
    expected = (groups[:, None] == groups[None, :]) & counts[None, :]
    plan = plan_attention(lengths, CPU, is_key)
    np.testing.assert_array_equal(attended(plan, n_rows), expected)
    assert plan.query_gate is not None
    np.testing.assert_array_equal(plan.query_gate.numpy()[:, 0] == 1, has_key[groups])


@given(lengths_of_groups)
def test_buckets_hold_groups_of_similar_length(lengths):
    plan = plan_attention(lengths, CPU)
    n_slots = sum(bucket.n_groups * bucket.width for bucket in plan.buckets)
    assert sum(bucket.n_groups for bucket in plan.buckets) == len(lengths)
    assert n_slots <= max(lengths.sum() / 0.875, lengths.sum() + 4 * len(lengths))


@given(lengths_of_groups, st.integers(1, 200))
def test_micro_batches_cover_all_rows_in_order_within_the_bound(lengths, max_pieces):
    portions = plan_micro_batches(lengths, CPU, max_pieces)
    covered = np.concatenate([np.arange(part.rows.start, part.rows.stop) for part in portions])
    np.testing.assert_array_equal(covered, np.arange(lengths.sum()))
    assert all(part.rows.stop - part.rows.start <= max(max_pieces, lengths.max()) for part in portions)


@pytest.mark.parametrize("length", [1, 7])
def test_groups_of_one_length_need_no_gather(length):
    plan = plan_attention(np.full(5, length), CPU)
    assert plan.unbucket is None
    assert [(bucket.n_groups, bucket.width, bucket.rows, bucket.keys) for bucket in plan.buckets] == [
        (5, length, None, None)
    ]


@given(st.lists(st.integers(1, 20), max_size=40), st.one_of(st.none(), st.integers(1, 60)))
def test_runs_within_are_the_fewest_that_the_limit_allows(lengths, limit):
    runs = list(runs_within(np.array(lengths, dtype=np.int64), limit))
    assert [n for start, stop in runs for n in range(start, stop)] == list(range(len(lengths)))
    filled, total = int(bool(lengths)), 0
    for length in lengths:
        total += length
        if limit is not None and total > limit and total > length:
            filled, total = filled + 1, length
    assert len(runs) == filled
    for start, stop in runs:
        assert limit is None or stop - start == 1 or sum(lengths[start:stop]) <= limit


def test_runs_within_are_about_as_long():
    totals = [stop - start for start, stop in runs_within(np.ones(2100, dtype=np.int64), 1000)]
    assert totals == [700, 700, 700]
