"""Pydantic AI, which asks Ollama through OpenAI's client."""

from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.ollama import OllamaProvider


class Connected:
    def __init__(self, url, limit):
        # The client would try twice more, and come to the same end later.
        client = AsyncOpenAI(base_url=f"{url}/v1", api_key="ollama", max_retries=0)
        self.provider = OllamaProvider(openai_client=client)

    def agent(self, model):
        return Agent(OpenAIChatModel(model, provider=self.provider))

    async def whole(self, model):
        return (await self.agent(model).run("hi")).output

    async def pieces(self, model):
        async with self.agent(model).run_stream("hi") as answer:
            async for piece in answer.stream_text(delta=True, debounce_by=None):
                yield piece
