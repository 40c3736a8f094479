"""The page to read: a whole document, its sentences shaded by what they did for a label."""

from .render import render

__all__ = ["render"]
