"""A process forked from one that has predicted on several threads: it has none of these threads, and must not wait."""

import multiprocessing

import pytest
import torch

from ..support.pipelines import initialize, make_nlp, make_text, save_hat

pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork processes"
)
LONGEST_WAIT = 120


@pytest.fixture
def two_threads():
    n_threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(n_threads)


@pytest.mark.parametrize("has_handler", [False, True], ids=["as it is", "with an error handler"])
def test_nlp_predicts_in_a_forked_process_after_it_has_in_its_parent(tmp_path, two_threads, has_handler):
    nlp = make_nlp(save_hat(tmp_path), "textcat")
    initialize(nlp)
    texts = [make_text(number) for number in range(3)] * 20
    list(nlp.pipe(texts))
    if has_handler:
        nlp.set_error_handler(lambda *_: None)
    child = multiprocessing.get_context("fork").Process(target=lambda: list(nlp.pipe(texts)))
    child.start()
    child.join(LONGEST_WAIT)
    ended = child.exitcode
    child.kill()
    assert ended == 0, "The forked process still waits."
    assert torch.get_num_threads() == 2
