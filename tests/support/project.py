"""The project around the package: its folder, and the code blocks of its pages."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What stands in a comment before a block, its language, its code.
CODE_BLOCK = re.compile(r"((?:<!-- [^\n]* -->\n)?)```(\w+)\n(.*?)```", flags=re.DOTALL)
README = (ROOT / "README.md").read_text(encoding="utf8")
README_BLOCKS = CODE_BLOCK.findall(README)
