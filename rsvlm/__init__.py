"""Vision-language remote sensing: from unlabelled overhead imagery to trusted answers."""

__version__ = "0.1.0.dev0"
