"""Paths in a config: none of them becomes a variable, another path, or settings."""

import pytest
from spacy.util import load_config_from_str

from spacy_hat.training.paths import check_corpus, one_line, quoted


@pytest.mark.parametrize(
    "path", ["a b.spacy", 'quo"ted', "$HOME", "$", "ünïcode/ß", "back'tick`", "#hash", "a\nb", None]
)
def test_quoted_path_is_read_back_from_a_config(path):
    assert load_config_from_str(f"[paths]\ntrain = {quoted(path)}")["paths"]["train"] == path


def test_quoted_path_with_a_variable_is_an_error():
    with pytest.raises(ValueError, match=r"cannot stand in a config.*Rename"):
        quoted("corpus/${paths.dev}.spacy")


@pytest.mark.parametrize("path", ["my.cfg\n[training]\nmax_steps = 1", "a\rb", "a\u2028b", "a\x85b", "a\x1b[2Jb"])
def test_path_in_a_comment_ends_with_its_line(path):
    with pytest.raises(ValueError, match="would write settings into the config"):
        one_line(path)


def test_corpus_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"There is no corpus at .*absent\.spacy"):
        check_corpus(tmp_path / "absent.spacy")
