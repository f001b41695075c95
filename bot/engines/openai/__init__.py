"""Servers with OpenAI's Images API: OpenAI itself, vLLM-Omni, SGLang and many others."""

from bot.engines.openai.engine import OpenAIEngine

__all__ = ["OpenAIEngine"]
