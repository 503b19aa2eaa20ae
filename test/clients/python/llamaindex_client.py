"""LlamaIndex's package for Ollama."""

from llama_index.core.llms import ChatMessage
from llama_index.llms.ollama import Ollama

MESSAGES = [ChatMessage(role="user", content="hi")]


class Connected:
    def __init__(self, url, limit):
        self.url = url

    async def whole(self, model):
        return (await Ollama(model=model, base_url=self.url).achat(MESSAGES)).message.content

    async def pieces(self, model):
        async for part in await Ollama(model=model, base_url=self.url).astream_chat(MESSAGES):
            yield part.delta or ""
