import { generateText, jsonSchema, type LanguageModel, streamText, tool, type ToolSet } from 'ai'
import { createOllama as createAiSdkOllama } from 'ai-sdk-ollama'
import { createOllama as createProviderV2 } from 'ollama-ai-provider-v2'
import { type Client, PROMPT, weather } from '../client.ts'
import { impatientFetch } from '../impatience.ts'

const tools: ToolSet = {
  [weather.name]: tool({
    description: weather.description,
    inputSchema: jsonSchema<{ city: string }>(weather.parameters),
  }),
}

const throughAi = (
  name: string,
  provider: (url: string, fetch: typeof globalThis.fetch) => (model: string) => LanguageModel,
): Client => ({
  name,
  connect(url, limitMs) {
    const models = provider(url, impatientFetch(limitMs))
    const ask = (model: string, signal?: AbortSignal) => ({
      model: models(model),
      prompt: PROMPT,
      // It would try twice more, and come to the same end later.
      maxRetries: 0,
      ...(signal ? { abortSignal: signal } : {}),
    })
    return {
      async whole({ model, signal }) {
        return (await generateText(ask(model, signal))).text
      },
      async *pieces({ model, signal }) {
        for await (const part of streamText({ ...ask(model, signal), onError: () => undefined }).stream) {
          if (part.type === 'text-delta') yield part.text
          if (part.type === 'error') throw part.error
        }
      },
      async callTools({ model, streamed }) {
        const request = { ...ask(model), tools }
        const calls = streamed ? await streamText(request).toolCalls : (await generateText(request)).toolCalls
        return calls.map(({ toolName, input }) => ({ name: toolName, arguments: input as unknown }))
      },
    }
  },
})

export const viaProviderV2 = throughAi('ai, ollama-ai-provider-v2', (url, fetch) =>
  createProviderV2({ baseURL: `${url}/api`, fetch }),
)

export const viaAiSdkOllama = throughAi('ai, ai-sdk-ollama', (baseURL, fetch) =>
  createAiSdkOllama({ baseURL, fetch }),
)
