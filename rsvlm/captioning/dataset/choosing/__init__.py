"""Choosing pairs: how well images and captions agree by an encoder, and the best of them as a dataset of their own."""
