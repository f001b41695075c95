"""The engines: whether each answers, which kind it is, which models it has, and how busy it is."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.doctor.check import Check, Installation
from bot.doctor.findings import Finding, Level
from bot.doctor.threads import in_thread
from bot.engines.comfyui import ComfyUIEngine
from bot.engines.configuration import InvalidConfiguration, read_configuration
from bot.engines.connections import ConnectedEngine, ConnectedEngines, open_engines
from bot.engines.openai import OpenAIEngine
from bot.engines.probe import ProbedEngine
from bot.i18n.texts import Text, Value
from diffusion.protocol.client import InferenceClient, InferenceRefused, InferenceUnavailable
from diffusion.protocol.engine import Engine

ENGINE_TIMEOUT_S = 5.0
"""Seconds that an engine has to list its models, and as many to say how busy it is."""

MAX_NAMED = 8
"""Models that one finding names."""

KINDS = {InferenceClient: "Darkroom", OpenAIEngine: "OpenAI's API", ComfyUIEngine: "ComfyUI"}


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """One engine. `error` is why it does not answer or refuses, None if it listed its models.

    `name` may be its address; `title` is the name that members may know. `load` is how many
    requests wait and run, None where the server does not tell.
    """

    name: str
    title: str | None
    kind: str | None
    models: tuple[str, ...] = ()
    load: tuple[int, int] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class EnginesFacts:
    """All engines; none if Darkroom starts its own, with the path of its model if that is missing.

    `misconfigured` says what is wrong with the settings of engines.
    """

    engines: tuple[EngineFacts, ...] = ()
    missing_model: str | None = None
    misconfigured: str | None = None


class EnginesCheck(Check[EnginesFacts]):
    """Whether there is something that draws."""

    name = "engines"
    for_servers = True

    async def gather(self, installation: Installation) -> EnginesFacts:
        if installation.engines is not None:
            return await _ask_all(installation.engines)
        try:
            configuration = read_configuration(installation.settings)
            if configuration.engines:
                async with open_engines(configuration) as connected:
                    return await _ask_all(connected)
        except InvalidConfiguration as error:
            return EnginesFacts(misconfigured=str(error))
        model = installation.settings.model
        is_missing = model is not None and await in_thread(lambda: _is_missing_path(model))
        return EnginesFacts(missing_model=model if is_missing else None)

    def judge(self, facts: EnginesFacts) -> Iterable[Finding]:
        if facts.misconfigured is not None:
            yield self._finding(Level.PROBLEM, "misconfigured", facts.misconfigured)
        elif facts.missing_model is not None:
            yield self._finding(Level.PROBLEM, "no-model-file", facts.missing_model)
        elif not facts.engines:
            yield Finding(self.name, Level.OK, Text("doctor-engines.own"))
        some_answer = any(engine.error is None for engine in facts.engines)
        for number, engine in enumerate(facts.engines, 1):
            yield self._of_engine(engine, number, some_answer)

    def _of_engine(self, engine: EngineFacts, number: int, some_answer: bool) -> Finding:
        values: dict[str, Value] = {"engine": engine.title or str(number)}
        detail = "" if engine.name == engine.title else engine.name
        if engine.error is not None:
            level = Level.WARNING if some_answer else Level.PROBLEM
            return self._finding(level, "away", f"{engine.name}: {engine.error}", values)
        if not engine.models:
            return self._finding(Level.PROBLEM, "no-models", detail, values)
        values |= {
            "kind": engine.kind or "?",
            "models": ", ".join(engine.models[:MAX_NAMED]),
            "more": max(0, len(engine.models) - MAX_NAMED),
        }
        text = Text("doctor-engines.there", values)
        if engine.load is not None:
            waiting, running = engine.load
            text = Text("doctor-engines.busy", {**values, "waiting": waiting, "running": running})
        return Finding(self.name, Level.OK, text, None, detail)

    def _finding(
        self,
        level: Level,
        key: str,
        detail: str,
        values: dict[str, Value] | None = None,
    ) -> Finding:
        text = Text(f"doctor-engines.{key}", values or {})
        return Finding(self.name, level, text, Text(f"doctor-engines.{key}-remedy"), detail)


def _is_missing_path(model: str) -> bool:
    # What looks like `owner/name` is on the hub.
    is_path = model.startswith((".", "/")) or model.endswith(".safetensors")
    return is_path and not Path(model).exists()


async def _ask_all(connected: ConnectedEngines) -> EnginesFacts:
    return EnginesFacts(tuple(await asyncio.gather(*map(_ask, connected.engines))))


async def _ask(connected: ConnectedEngine) -> EngineFacts:
    name, title, engine = connected.name, connected.title, connected.engine
    try:
        async with asyncio.timeout(ENGINE_TIMEOUT_S):
            models = await engine.models()
    except TimeoutError:
        return EngineFacts(name, title, None, error=f"no answer within {ENGINE_TIMEOUT_S:.0f} s")
    except (InferenceUnavailable, InferenceRefused) as error:
        return EngineFacts(name, title, None, error=str(error))
    client: Engine | None = engine.found if isinstance(engine, ProbedEngine) else engine
    kind = next((called for one, called in KINDS.items() if isinstance(client, one)), None)
    load = None
    if isinstance(client, InferenceClient):
        try:
            async with asyncio.timeout(ENGINE_TIMEOUT_S):
                load = await client.load()
        except (TimeoutError, InferenceUnavailable, InferenceRefused):
            load = None  # an older version does not tell, and drawing does not need it
    return EngineFacts(name, title, kind, tuple(model.id for model in models), load)
