"""LangChain's package for Ollama."""

from langchain_ollama import ChatOllama


class Connected:
    def __init__(self, url, limit):
        self.url = url

    async def whole(self, model):
        return (await ChatOllama(model=model, base_url=self.url).ainvoke("hi")).text

    async def pieces(self, model):
        async for chunk in ChatOllama(model=model, base_url=self.url).astream("hi"):
            yield chunk.text
