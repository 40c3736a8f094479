"""An attack with made-up inputs: what a stranger's file, a mistyped option or a damaged disk could do.

`python -m tests.attack --n 2000` makes attempts of every kind from a seed and judges them by one referee.
"""
