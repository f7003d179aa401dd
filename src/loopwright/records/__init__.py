"""The nouns of the project: frozen records with digests that point back at what they were made from."""
