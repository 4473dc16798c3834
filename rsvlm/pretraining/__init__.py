"""Continual pretraining with LoRA: pairs and an encoder become an adapter."""
