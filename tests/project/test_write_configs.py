"""The shipped configs are what the template makes: change the template, and write them again."""

import pytest

from tools.write_configs import CONFIGS, ROOT, shipped_config


@pytest.mark.parametrize("name", CONFIGS)
def test_shipped_config_is_what_the_template_makes(name):
    shipped = (ROOT / "configs" / f"hat_{name}.cfg").read_text(encoding="utf8")
    assert shipped == shipped_config(name), "Run: python -m tools.write_configs"


def test_shipped_configs_are_all_made():
    assert {path.stem for path in (ROOT / "configs").glob("*.cfg")} == {f"hat_{name}" for name in CONFIGS}
