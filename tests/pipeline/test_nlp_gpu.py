"""From a CPU to a GPU, a few steps there, and back. In a process of its own: which device spaCy uses is global."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import spacy

from ..support.pipelines import has_gpu, initialize, make_nlp, make_text, predictions, train

TEXTS = [make_text(number) for number in range(50, 54)] + ["", " ", "hello"]
COMPONENTS = ["textcat", "textcat_multilabel", "spancat", "spancat_singlelabel", "tagger", "ner", "stock_spancat"]
ON_GPU = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import spacy
import spacy_hat.architectures
from tests.support.pipelines import encoder_of, make_examples, train

def cats(docs):
    # Without spans there are no scores either.
    scores = [doc.spans["spancat"].attrs.get("scores") for doc in docs]
    return [[doc.cats, [] if of_doc is None else of_doc.tolist()] for doc, of_doc in zip(docs, scores)]

device, source, target, texts = sys.argv[1:4] + [json.loads(sys.argv[4])]
if device == "cuda":
    spacy.require_gpu()
nlp = spacy.load(source)
assert {parameter.device.type for parameter in encoder_of(nlp).parameters()} == {device}
found = {"loaded": cats(list(nlp.pipe(texts)))}
with ThreadPoolExecutor(1) as pool:  # thinc's current device is that of a thread
    found["thread"] = pool.submit(lambda: cats(list(nlp.pipe(texts)))).result()
nlp.resume_training()
found["losses"] = train(nlp, make_examples(nlp), 2)
found["trained"] = cats(list(nlp.pipe(texts)))
nlp.to_disk(target)
print(json.dumps(found))
"""


def cats(docs):
    """RETURNS (list): What the script above prints of predictions."""
    return [[doc["cats"], doc["scores"]["spancat"].tolist()] for doc in predictions(docs)]


def assert_close(found, expected):
    for (one, scores), (other, other_scores) in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-3)
        assert scores == [pytest.approx(row, abs=1e-3) for row in other_scores]


@pytest.fixture(scope="module")
def saved(hat_folder, tmp_path_factory):
    nlp = make_nlp(hat_folder, *COMPONENTS, packing="sentences")
    train(nlp, initialize(nlp), 20)
    path = tmp_path_factory.mktemp("saved")
    nlp.to_disk(path)
    return path


def run_on(device, saved, folder):
    command = [sys.executable, "-c", ON_GPU, device, str(saved), str(folder), json.dumps(TEXTS)]
    root = Path(__file__).parents[2]
    result = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.gpu
@has_gpu
def test_nlp_goes_to_a_gpu_is_trained_there_and_comes_back(saved, tmp_path):
    found = run_on("cuda", saved, tmp_path / "gpu")
    on_cpu = cats(spacy.load(saved).pipe(TEXTS))
    assert_close(found["loaded"], on_cpu)
    assert_close(found["thread"], on_cpu)
    trained_on_cpu = run_on("cpu", saved, tmp_path / "cpu")["losses"]
    for losses, others in zip(found["losses"], trained_on_cpu, strict=True):
        for name in ("textcat", "textcat_multilabel", "spancat", "spancat_singlelabel"):
            assert losses[name] == pytest.approx(others[name], rel=0.02, abs=1e-3), name
    assert_close(cats(spacy.load(tmp_path / "gpu").pipe(TEXTS)), found["trained"])
