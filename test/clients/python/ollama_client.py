"""The official ollama client."""

import httpx
import ollama

MESSAGES = [{"role": "user", "content": "hi"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def calls_in(message):
    return [
        {"name": call.function.name, "arguments": dict(call.function.arguments)}
        for call in message.tool_calls or []
    ]


class Connected:
    def __init__(self, url, limit):
        # Of itself it waits for ever; a limit is set by those who do not.
        more = {} if limit is None else {"timeout": httpx.Timeout(None, read=limit)}
        self.client = ollama.AsyncClient(host=url, **more)

    async def list(self):
        return [model.model for model in (await self.client.list()).models]

    async def whole(self, model):
        return (await self.client.chat(model=model, messages=MESSAGES)).message.content

    async def pieces(self, model):
        async for part in await self.client.chat(model=model, messages=MESSAGES, stream=True):
            yield part.message.content

    async def callTools(self, model, streamed):
        asked = {"model": model, "messages": MESSAGES, "tools": [WEATHER]}
        if not streamed:
            return calls_in((await self.client.chat(**asked)).message)
        calls = []
        async for part in await self.client.chat(**asked, stream=True):
            calls += calls_in(part.message)
        return calls
