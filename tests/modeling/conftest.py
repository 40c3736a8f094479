"""Fixtures that several files share: a tiny random model, and encoders to start from."""

from typing import Any

import pytest
import torch

from spacy_hat.modeling import HATModel

from ..support.sources import FAMILIES, RENAMED, Source
from ..support.tiny import TRAILING_PADDED, make_batch, tiny_model, tiny_settings


@pytest.fixture
def settings() -> dict[str, Any]:
    return tiny_settings()


@pytest.fixture
def model(settings) -> HATModel:
    return tiny_model(HATModel, settings, seed=3)


@pytest.fixture
def batch(settings) -> dict[str, torch.Tensor]:
    return make_batch(TRAILING_PADDED, settings)


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> dict[str, Source]:
    return {family: Source(family, tmp_path_factory.mktemp(family)) for family in FAMILIES | RENAMED}


@pytest.fixture(params=FAMILIES)
def source(request, sources) -> Source:
    return sources[request.param]


@pytest.fixture(params=["bert", "roberta"])
def main_source(request, sources) -> Source:
    return sources[request.param]


@pytest.fixture(params=[*FAMILIES, *RENAMED])
def any_source(request, sources) -> Source:
    return sources[request.param]
