"""What `import spacy_hat` offers, and that nothing of it is loaded before it is asked for."""

import subprocess
import sys

import pytest

import spacy_hat

LAZY = ["Explanation", "annotate_batches", "annotate_dataset", "explain", "explain_labels", "fit", "render"]


@pytest.mark.parametrize("name", LAZY)
def test_public_name_is_loaded_when_asked_for(name):
    assert getattr(spacy_hat, name).__name__ == name
    assert name in dir(spacy_hat)
    assert name in spacy_hat.__all__


def test_public_names_are_all_there_are():
    assert set(spacy_hat.__all__) == {*LAZY, "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'explane'"):
        spacy_hat.explane  # noqa: B018


def test_public_names_cost_nothing_until_then():
    code = "import sys, spacy_hat; dir(spacy_hat); print(sum(name.startswith('spacy') for name in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "1"
