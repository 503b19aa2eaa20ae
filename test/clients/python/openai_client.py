"""The official OpenAI client."""

import json

import openai

from ollama_client import MESSAGES, WEATHER


class Connected:
    def __init__(self, url, limit):
        # Of itself it waits ten minutes for the next byte.
        more = {} if limit is None else {"timeout": openai.Timeout(None, read=limit)}
        # It would try twice more, and come to the same end later.
        self.client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="ollama", max_retries=0, **more)

    async def list(self):
        return [model.id async for model in self.client.models.list()]

    async def whole(self, model):
        answer = await self.client.chat.completions.create(model=model, messages=MESSAGES)
        return answer.choices[0].message.content

    async def pieces(self, model):
        asked = {"model": model, "messages": MESSAGES, "stream": True}
        async for chunk in await self.client.chat.completions.create(**asked):
            for choice in chunk.choices:
                yield choice.delta.content or ""

    async def callTools(self, model, streamed):
        asked = {"model": model, "messages": MESSAGES, "tools": [WEATHER]}
        if streamed:
            chunks = await self.client.chat.completions.create(**asked, stream=True)
            found = [call async for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
        else:
            answer = await self.client.chat.completions.create(**asked)
            found = answer.choices[0].message.tool_calls
        return [
            {"name": call.function.name, "arguments": json.loads(call.function.arguments)} for call in found
        ]
