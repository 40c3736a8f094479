"""What a config, a command and the code may choose among. Each choice is spelled here, once; imports nothing else."""

from typing import Literal

Packing = Literal["sentences", "greedy", "fixed"]
Overflow = Literal["window", "truncate", "error"]
Output = Literal["pieces", "segments"]
Precision = Literal["float32", "bfloat16", "auto"]
