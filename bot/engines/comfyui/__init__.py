"""ComfyUI as an engine: a workflow for each model, run through ComfyUI's own queue."""

from bot.engines.comfyui.engine import ComfyUIEngine as ComfyUIEngine
from bot.engines.comfyui.workflow import InvalidWorkflow as InvalidWorkflow
