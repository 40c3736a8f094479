"""Continued pretraining of a HAT on texts without labels, by transformers' Trainer."""
