"""The stack of blocks as a string: `S|SD|D` is a segment-wise block, one of both kinds, a cross-segment one.

`-` stands for a block with neither. Files hold the published form instead, a dict of dicts:
`{"0": {"sentence_encoder": true, "document_encoder": false}, …}`.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from ..choices import PUBLISHED_LAYOUTS
from .config_entries import MOST_BLOCKS, shown


class Block(NamedTuple):
    """What one block of the stack does; segment-wise attention comes first where it does both."""

    segment_wise: bool
    cross_segment: bool


_BLOCKS = {"S": Block(True, False), "D": Block(False, True), "SD": Block(True, True), "-": Block(False, False)}
_NAMES = {block: name for name, block in _BLOCKS.items()}


def parse_layout(layout: str) -> tuple[Block, ...]:
    """Read a layout string, or the name of a published layout.

    layout (str): For example `S|S|SD`, or `I3`.
    RETURNS (tuple[Block, ...]): One entry per block, the lowest first.
    RAISES (ValueError): If it is not a string, or a block is not one of S, D, SD and -.
    """
    if not isinstance(layout, str):
        raise ValueError(
            f"HAT layout is {shown(layout)}, expected a string of blocks such as 'S|SD|S|SD'. Put it in quotes."
        )
    names = [name.strip() for name in PUBLISHED_LAYOUTS.get(layout, layout).split("|")]
    if len(names) > MOST_BLOCKS:
        raise ValueError(f"HAT layout has {len(names):,} blocks, expected at most {MOST_BLOCKS:,}. Shorten it.")
    unknown = sorted({name for name in names if name not in _BLOCKS})
    if unknown:
        raise ValueError(
            f"HAT layout {shown(layout)} holds {shown(unknown)}. A layout is a list of blocks S (segment-wise), "
            f"D (cross-segment), SD (both) or - (neither), joined by |, such as 'S|SD|S|SD', or one of "
            f"{', '.join(PUBLISHED_LAYOUTS)}."
        )
    return tuple(_BLOCKS[name] for name in names)


def layout_for_depth(depth: int) -> str:
    """RETURNS (str): Segment-wise blocks, every second of them, the last included, cross-segment as well."""
    if depth == 1:
        return "SD"
    return "|".join([*["S"] * (depth % 2), *["S", "SD"] * (depth // 2)])


def format_layout(blocks: tuple[Block, ...]) -> str:
    """RETURNS (str): The layout string of these blocks."""
    return "|".join(_NAMES[block] for block in blocks)


def layout_from_published(encoder_layout: Mapping[str, Mapping[str, bool]]) -> str:
    """Turn the `encoder_layout` of a config.json into a layout string.

    encoder_layout (Mapping): Block number (as a string) -> which of `sentence_encoder` and `document_encoder` it has.
    RETURNS (str): The layout string.
    RAISES (ValueError): If it has another form, or the numbers are not 0, 1, …, n - 1.
    """
    parts = ("sentence_encoder", "document_encoder")
    has_form = isinstance(encoder_layout, Mapping) and len(encoder_layout) > 0
    has_form = has_form and all(
        isinstance(block, Mapping) and block.keys() <= {*parts} and all(isinstance(has, bool) for has in block.values())
        for block in encoder_layout.values()
    )
    if not has_form or not all(re.fullmatch("0|[1-9][0-9]{0,8}", str(number)) for number in encoder_layout):
        raise ValueError(
            f"encoder_layout is {shown(encoder_layout)}, expected a dict of blocks such as "
            '{"0": {"sentence_encoder": true, "document_encoder": false}, …}, true and false without quotes. Correct '
            "config.json, or put `layout` there instead, a string such as 'S|SD'."
        )
    by_number = {int(number): block for number, block in encoder_layout.items()}
    if sorted(by_number) != list(range(len(encoder_layout))):
        raise ValueError(
            f"encoder_layout numbers its blocks {shown(sorted(by_number))}, expected 0 to {len(encoder_layout) - 1} "
            "without a gap. Correct config.json."
        )
    blocks = (by_number[number] for number in range(len(by_number)))
    return format_layout(tuple(Block(*(block.get(part, False) for part in parts)) for block in blocks))


def layout_to_published(layout: str) -> dict[str, dict[str, bool]]:
    """RETURNS (dict): The `encoder_layout` that a config.json holds for this layout string."""
    return {
        str(number): {"sentence_encoder": block.segment_wise, "document_encoder": block.cross_segment}
        for number, block in enumerate(parse_layout(layout))
    }
