"""LiteLLM, at Ollama's own API."""

import litellm

from ollama_client import MESSAGES

# Else it prints where to get help.
litellm.suppress_debug_info = True


class Connected:
    def __init__(self, url, limit):
        self.url = url

    def asked(self, model):
        # It would try twice more, and come to the same end later.
        return {
            "model": f"ollama_chat/{model}",
            "api_base": self.url,
            "messages": MESSAGES,
            "num_retries": 0,
            "max_retries": 0,
        }

    async def whole(self, model):
        return (await litellm.acompletion(**self.asked(model))).choices[0].message.content

    async def pieces(self, model):
        async for chunk in await litellm.acompletion(**self.asked(model), stream=True):
            yield chunk.choices[0].delta.content or ""
