"""Annotations by Ray: what nlp.pipe says, once for each row, on one node and on two, whatever is killed."""

import os
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pytest
import spacy
from pyarrow import parquet
from spacy.cli import _util

from spacy_hat import annotate_dataset
from spacy_hat.annotation.cluster.session import SETTINGS
from spacy_hat.annotation.cluster.tables import documents_of
from spacy_hat.annotation.cluster.work import Work
from spacy_hat.machine.kinds import RAY

from ..support.annotations import read, rows, run, save_lines, save_model, save_poisonous, shards
from ..support.project import CODE_BLOCK, ROOT

pytestmark = pytest.mark.slow
ray = pytest.importorskip("ray", reason="needs ray")
pytest.importorskip("ray.data", reason="needs ray[data]")

N_DOCS = 12
POISON = {3: None, 5: "raise hello world.", 7: "kill hello world."}


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one CPU each."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        nodes = {"num_cpus": 1, "object_store_memory": 2**27, "include_dashboard": False}
        found = Cluster(initialize_head=True, head_node_args=nodes)
        found.add_node(num_cpus=1, object_store_memory=2**27)
        found.connect()
        yield found
        ray.shutdown()
        found.shutdown()


@pytest.fixture(scope="module")
def model(hat_folder, tmp_path_factory):
    return save_model(hat_folder, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def poisonous(hat_folder, tmp_path_factory):
    return save_poisonous(hat_folder, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def expected(model):
    docs = rows(N_DOCS)
    return dict(zip([row["id"] for row in docs], spacy.load(model).pipe([row["text"] for row in docs]), strict=True))


def check_equal(found, expected):
    assert sorted(row["id"] for row in found) == sorted(expected)
    for row in found:
        doc = expected[row["id"]]
        assert row["error"] is None
        assert dict(row["cats"]) == pytest.approx(doc.cats, abs=1e-5)
        gold = doc.spans["spancat"]
        assert [(span["start"], span["end"], span["label"]) for span in row["spans"]] == [
            (span.start_char, span.end_char, span.label_) for span in gold
        ]
        assert [span["score"] for span in row["spans"]] == pytest.approx(list(gold.attrs["scores"]), abs=1e-5)


def poisoned():
    docs = rows(N_DOCS)
    for place, text in POISON.items():
        docs[place]["text"] = text
    return docs


def test_annotate_dataset_says_what_the_pipeline_says(cluster, model, expected):
    table = pa.Table.from_pylist(rows(N_DOCS))
    found = annotate_dataset(ray.data.from_arrow([table.slice(0, 7), table.slice(7)]), model, n_actors=2).take_all()
    check_equal(found, expected)
    assert sorted(row["year"] for row in found) == [row["year"] for row in rows(N_DOCS)]
    assert set(found[0]) == {"id", "cats", "spans", "error", "year"}


def test_annotate_dataset_gives_each_failed_document_its_reason(cluster, poisonous):
    model, code = poisonous
    ds = ray.data.from_arrow(pa.Table.from_pylist(poisoned()))
    found = {row["id"]: row["error"] for row in annotate_dataset(ds, model, code=code).take_all()}
    assert {name for name, error in found.items() if error} == {f"d{place}" for place in POISON}
    assert "has no text under 'text'" in found["d3"]
    assert "RuntimeError: poisoned" in found["d5"]
    assert "was killed" in found["d7"]


def test_annotate_dataset_says_which_column_is_missing(cluster, model):
    ds = ray.data.from_arrow(pa.table({"body": ["hello world."], "id": ["a"]}))
    with pytest.raises(Exception, match=r"has no column 'text'\. Got: body, id"):
        annotate_dataset(ds, model).take_all()


def test_annotate_dataset_with_gpus_has_a_plan(cluster, model):
    ds = ray.data.from_arrow(pa.table({"text": ["hello world."], "id": ["a"]}))
    assert "AnnotatingActor" in repr(annotate_dataset(ds, model, gpus_per_actor=0.5))


# Stands for a GPU: says which one is asked for, of those that the process may see.
STAND_IN = """
import os
from pathlib import Path
from spacy.cli import _util

def require_gpu(gpu_id):
    Path(__file__).with_name(f"gpu-{os.getpid()}").write_text(f"{gpu_id} of {os.environ['CUDA_VISIBLE_DEVICES']}")

_util.require_gpu = require_gpu
"""


def test_annotate_ray_gives_actors_the_gpu_of_their_node(cluster, model, expected, tmp_path, monkeypatch):
    # The command runs in this process, which gets its own back.
    monkeypatch.setattr(_util, "require_gpu", _util.require_gpu)
    node = cluster.add_node(num_cpus=1, num_gpus=1, object_store_memory=2**27)
    (tmp_path / "stand_in.py").write_text(STAND_IN, encoding="utf8")
    source = save_lines(tmp_path / "docs.jsonl", rows(N_DOCS))
    options = ("--code", tmp_path / "stand_in.py", "--n-process", 2, "--gpus-per-actor", 0.5)
    try:
        status, output = run(model, source, tmp_path / "out", "--ray", *options)
    finally:
        cluster.remove_node(node)
    assert status == 0, output
    check_equal(read(tmp_path / "out"), expected)
    assert {path.read_text() for path in tmp_path.glob("gpu-*")} == {"0 of 0"}


def test_actor_tells_ray_the_memory_of_the_process_that_has_its_pipeline(cluster, model, monkeypatch):
    from spacy_hat.annotation.cluster.actor import MEMORY, AnnotatingActor

    told = []
    monkeypatch.setattr("ray.util.metrics.Gauge.set", lambda gauge, value: told.append((gauge.info["name"], value)))
    actor = AnnotatingActor(Work(str(model), text="text"))
    actor(pa.Table.from_pylist(rows(2)))
    actor.child.close()
    assert [name for name, _ in told] == [MEMORY, MEMORY]
    assert min(value for _, value in told) > 100 * 2**20  # PyTorch and spaCy, at least


def test_annotate_dataset_of_the_page_runs_and_goes_on(cluster, model, expected, tmp_path):
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf8")
    (code,) = (block for _, language, block in CODE_BLOCK.findall(page) if "annotate_dataset(" in block)
    code = code.replace("/shared", str(tmp_path)).replace("training/textcat/model-best", str(model)).replace("=8", "=2")
    (tmp_path / "corpus").mkdir()
    parquet.write_table(pa.Table.from_pylist(rows(N_DOCS)), tmp_path / "corpus" / "documents.parquet")
    with ray.data.DataContext.current(ray.data.DataContext.get_current().copy()):
        exec(code, {})
    check_equal(parquet.read_table(tmp_path / "annotated").to_pylist(), expected)


def test_annotate_dataset_wants_ids_that_a_checkpoint_finds_again():
    table = pa.table({"text": ["hello world."], "id": [1]})
    assert [one.id for one in documents_of(table, Work("model", text="text"))] == ["1"]
    with pytest.raises(ValueError, match="looks for ids as they are written"):
        documents_of(table, Work("model", text="text", text_ids=True))


def test_annotate_ray_says_what_the_pipeline_says(cluster, model, expected, tmp_path):
    source = save_lines(tmp_path / "docs.jsonl", rows(N_DOCS))
    status, output = run(model, source, tmp_path / "out", "--ray", "--budget", 500, "--shard-size", 5)
    assert status == 0, output
    check_equal(read(tmp_path / "out"), expected)
    assert "Saved 12 documents" in output
    kernel = run(model, source, tmp_path / "kernel")
    assert kernel[0] == 0
    assert list(read(tmp_path / "out")[0]) == list(read(tmp_path / "kernel")[0])


def test_annotate_ray_goes_on_without_what_fails(cluster, poisonous, tmp_path):
    model, code = poisonous
    source = save_lines(tmp_path / "docs.jsonl", poisoned())
    command = (model, source, tmp_path / "out", "--code", code, "--ray", "--budget", 500)
    status, output = run(*command)
    assert (status, "3 documents failed" in output) == (1, True), output
    found = read(tmp_path / "out")
    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in rows(N_DOCS))
    assert {row["id"] for row in found if row["error"]} == {f"d{place}" for place in POISON}
    status, output = run(*command)
    assert (status, "Saved 0 documents" in output, "3 documents failed" in output) == (1, True, True)


def test_annotate_ray_reads_again_what_somebody_removed(cluster, model, tmp_path):
    source = save_lines(tmp_path / "docs.jsonl", rows(N_DOCS))
    command = (model, source, tmp_path / "out", "--ray", "--budget", 500, "--shard-size", 4)
    run(*command)
    shards(tmp_path / "out")[0].unlink()
    status, output = run(*command)
    assert status == 0, output
    assert sorted(row["id"] for row in read(tmp_path / "out")) == sorted(row["id"] for row in rows(N_DOCS))


def test_annotate_ray_survives_a_node(cluster, model, tmp_path):
    from threading import Timer

    node = cluster.add_node(num_cpus=1, object_store_memory=2**27)
    source = save_lines(tmp_path / "docs.jsonl", rows(300))
    loss = Timer(10, cluster.remove_node, (node,), {"allow_graceful": False})
    loss.start()
    status, output = run(model, source, tmp_path / "out", "--ray", "--n-process", 3, "--budget", 1000)
    loss.join()
    assert status == 0, output
    assert sorted(row["id"] for row in read(tmp_path / "out")) == sorted(row["id"] for row in rows(300))


def test_annotate_ray_goes_on_where_it_was_killed(poisonous, tmp_path):
    model, code = poisonous
    source = save_lines(tmp_path / "docs.jsonl", rows(400))
    sizes = ("--budget", 1000, "--shard-size", 10, "--n-process", 1)
    command = ("-m", "spacy", "hat", "annotate", model, source, tmp_path / "out", "--code", code, "--ray", *sizes)
    process = subprocess.Popen(
        [sys.executable, *map(str, command)], cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True
    )
    begun = time.monotonic()
    while process.poll() is None and not _committed(tmp_path / "out") and time.monotonic() - begun < 300:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert _committed(tmp_path / "out")
    finished = subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert "were there already" in finished.stdout + finished.stderr
    found = {row["id"]: row["cats"] for row in read(tmp_path / "out")}
    assert len(read(tmp_path / "out")) == len(found)
    docs = spacy.load(model).pipe([row["text"] for row in rows(400)])
    for row, doc in zip(rows(400), docs, strict=True):
        assert found[row["id"]] == pytest.approx(doc.cats, abs=1e-5)


def _committed(folder):
    return [path for path in (folder / RAY).glob("run-*/ids/*.parquet") if ".pending" not in path.name]
