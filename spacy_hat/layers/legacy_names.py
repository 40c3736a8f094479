"""Names that spacy-transformers imports from modules where transformers 5 no longer has them; none is replaced.

spacy-transformers 1.4.0 asks for transformers below 4.53.3. It runs with 5, once `transformers.tokenization_utils` has
`BatchEncoding` again, which there is a name of `transformers` alone. `layers/__init__.py` imports this module, so it
comes before the only import of spacy_transformers in this package.
"""

import transformers
from transformers import tokenization_utils

if not hasattr(tokenization_utils, "BatchEncoding"):
    tokenization_utils.BatchEncoding = transformers.BatchEncoding
