import { genkit as createGenkit } from 'genkit'
import { ollama } from 'genkitx-ollama'
import { type Client, PROMPT } from '../client.ts'
import { failureOf } from '../expectations.ts'

export const genkit: Client = {
  name: 'genkit',
  // It takes whatever one read of the socket gives for one JSON value: no two pieces may arrive together.
  target: { tokensPerSecond: 10 },
  retries: 2,
  connect(serverAddress) {
    const ai = createGenkit({ plugins: [ollama({ serverAddress })] })
    const ask = (model: string) => ({ model: `ollama/${model}`, prompt: PROMPT, config: {} })
    return {
      async whole({ model }) {
        return (await ai.generate(ask(model))).text
      },
      async *pieces({ model }) {
        const { stream, response } = ai.generateStream(ask(model))
        const over = failureOf(response)
        for await (const { text } of stream) yield text
        const failure = await over
        if (failure) throw failure
      },
    }
  },
}
