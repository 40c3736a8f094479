"""The piece that opens each segment: where packing and warm starts agree on one rule."""

from typing import Any


def classifier_piece(tokenizer: Any, whose: str, remedy: str) -> int:
    """Choose the piece that opens segments: the tokenizer's cls_token, otherwise its bos_token.

    tokenizer (PreTrainedTokenizerBase): The tokenizer.
    whose (str): What the error calls the tokenizer, such as `The tokenizer of models/x`.
    remedy (str): What the error tells the reader to do.
    RETURNS (int): The number of the piece.
    RAISES (ValueError): If the tokenizer has neither.
    """
    for piece_id in (tokenizer.cls_token_id, tokenizer.bos_token_id):
        if piece_id is not None:
            return piece_id
    raise ValueError(
        f"{whose} has neither a cls_token nor a bos_token, and one of them must open each segment. {remedy}"
    )
