"""ComfyUI's errors in words for a person. Pure; no answer is trusted."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.engines.comfyui.workflow import Graph

MAX_REASON_CHARS = 500

OUT_OF_MEMORY = (
    "ComfyUI ran out of GPU memory. Try a smaller size, or ask the bot's admin for a smaller model."
)


def refusal(answer: Mapping[str, Any], graph: Graph) -> str:
    """Why ComfyUI does not take a graph. The reason may stand in `node_errors` only."""
    reasons = [*dict.fromkeys(_node_reasons(answer.get("node_errors"), graph))]
    if reasons:
        return _short("ComfyUI refused the workflow. " + " ".join(reasons))
    error = answer.get("error")
    if not isinstance(error, Mapping):
        return _short(f"ComfyUI refused the workflow: {error or 'it did not say why.'}")
    info = error.get("extra_info")
    if error.get("type") == "missing_node_type" and isinstance(info, Mapping):
        missing = info.get("class_type") or info.get("node_title")
        return _short(
            f"ComfyUI has no node “{missing}”. The admin can install it there, or take another "
            "workflow."
        )
    said = ": ".join(str(error[key]) for key in ("message", "details") if error.get(key))
    return _short(f"ComfyUI refused the workflow: {said or 'it did not say why.'}")


def failure(message: Mapping[str, Any], graph: Graph) -> str:
    """Why a node failed, out of the data of `execution_error`."""
    kind, said = str(message.get("exception_type", "")), str(message.get("exception_message", ""))
    if "OutOfMemory" in kind or "out of memory" in said.lower():
        return OUT_OF_MEMORY
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    what = lines[0] if lines else kind.rpartition(".")[2] or "it did not say why."
    node = _node_name(str(message.get("node_id", "")), graph, str(message.get("node_type", "")))
    return _short(f"ComfyUI failed in {node}: {what}")


def _node_reasons(node_errors: object, graph: Graph) -> Iterator[str]:
    if not isinstance(node_errors, Mapping):
        return
    for node_id, said in node_errors.items():
        errors = said.get("errors") if isinstance(said, Mapping) else None
        kind = str(said.get("class_type", "")) if isinstance(said, Mapping) else ""
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, Mapping):
                yield _reason(error, _node_name(str(node_id), graph, kind))


def _reason(error: Mapping[str, Any], node: str) -> str:
    info = error.get("extra_info")
    info = info if isinstance(info, Mapping) else {}
    name, value = info.get("input_name", error.get("details", "")), info.get("received_value")
    match error.get("type"):
        case "value_not_in_list":
            return f"It has no “{value}” to choose as {name} in {node}."
        case "required_input_missing":
            return f"{name} is missing in {node}."
        case "value_smaller_than_min" | "value_bigger_than_max":
            config = info.get("input_config")
            bounds = config[1] if isinstance(config, list) and len(config) > 1 else {}
            low, high = bounds.get("min", "…"), bounds.get("max", "…")
            return f"{name} is {value} in {node}, but must be from {low} to {high}."
    said = ": ".join(str(error[key]) for key in ("message", "details") if error.get(key))
    return f"{said or 'An error without words'} in {node}."


def _node_name(node_id: str, graph: Graph, kind: str) -> str:
    node = graph.get(node_id, {})
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    kind = kind or str(node.get("class_type", ""))
    return f"“{title}” ({kind}, node {node_id})" if title else f"{kind} (node {node_id})"


def _short(text: str) -> str:
    return text if len(text) <= MAX_REASON_CHARS else text[: MAX_REASON_CHARS - 1] + "…"
