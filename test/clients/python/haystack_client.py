"""Haystack's package for Ollama."""

import asyncio

from haystack.dataclasses import ChatMessage
from haystack_integrations.components.generators.ollama import OllamaChatGenerator

MESSAGES = [ChatMessage.from_user("hi")]


class Connected:
    def __init__(self, url, limit):
        self.url = url

    async def whole(self, model):
        answer = await OllamaChatGenerator(model=model, url=self.url).run_async(MESSAGES)
        return answer["replies"][0].text

    async def pieces(self, model):
        chunks = asyncio.Queue()

        async def hear(chunk):
            await chunks.put(chunk.content)

        generator = OllamaChatGenerator(model=model, url=self.url, streaming_callback=hear)
        running = asyncio.create_task(generator.run_async(MESSAGES))
        running.add_done_callback(lambda _: chunks.put_nowait(None))
        while (piece := await chunks.get()) is not None:
            yield piece
        await running
