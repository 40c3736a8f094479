"""Batches of odd documents, for what turns packed rows into what listeners read."""

import spacy

WIDTH = 6
NLP = spacy.blank("en")
NLP.add_pipe("sentencizer")
TEXTS = {
    "plain": ["the court held that. appeals dismissed and costs follow."],
    "space tokens": ["the  court \n\n held. ", "  hello"],
    "empty first": ["", "hello world."],
    "empty in the middle": ["the court.", "", " ", "hello world. costs follow."],
    "empty last": ["hello.", ""],
    "spaces first": [" \n", "hello unknownword."],
    "emoji": ["\U0001f469\u200d\U0001f469\u200d\U0001f467 hello.", "\U0001f3f3\ufe0f\u200d\U0001f308"],
    "long": ["the appeal was dismissed and costs follow. " * 6, "hello."],
}
