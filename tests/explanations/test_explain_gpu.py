"""Explanations and vectors on a GPU are those of the CPU. In a process of its own: the device of spaCy is global."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ..support.explained import TEXT, make_random
from ..support.pipelines import has_gpu, initialize, make_nlp

ON_DEVICE = """
import json, sys
import spacy
import spacy_hat, spacy_hat.pipeline.vectors

device, source, text = sys.argv[1:4]
if device == "cuda":
    spacy.require_gpu()
nlp = spacy.load(source)
doc = nlp(text)
span = next(sentence for sentence in doc.sents if sentence.text == "costs follow.")
found = {}
for method in ("occlusion", "gradient"):
    for component, asked in (("textcat", None), ("spancat", span)):
        explained = spacy_hat.explain_labels(nlp, doc, component=component, span=asked, method=method)
        found[f"{component} {method}"] = [one.scores.tolist() for one in explained]
found["vector"] = nlp.get_pipe("hat_vectors")(doc).vector.tolist()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def saved(hat_folder, tmp_path_factory):
    nlp = make_nlp(hat_folder, "textcat", "spancat")
    import spacy_hat.pipeline.vectors  # noqa: F401

    nlp.add_pipe("hat_vectors")
    initialize(nlp)
    path = tmp_path_factory.mktemp("saved")
    make_random(nlp, "textcat", "spancat").to_disk(path)
    return path


def run_on(device, saved):
    command = [sys.executable, "-c", ON_DEVICE, device, str(saved), TEXT]
    result = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_explain_in_a_process_of_its_own_on_the_cpu(saved):
    assert all(np.any(values) for values in run_on("cpu", saved).values())


@pytest.mark.gpu
@has_gpu
def test_explain_on_a_gpu_is_as_on_the_cpu(saved):
    found, expected = run_on("cuda", saved), run_on("cpu", saved)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-3, err_msg=name)
