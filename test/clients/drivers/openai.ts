import OpenAI from 'openai'
import { type Client, PROMPT, type ToolCall, weather } from '../client.ts'
import { impatientFetch } from '../impatience.ts'

const messages = [{ role: 'user' as const, content: PROMPT }]
const tools = [{ type: 'function' as const, function: weather }]
const responseTools = [{ type: 'function' as const, ...weather, strict: null }]

const connect = (url: string, limitMs?: number, timeoutMs = limitMs) =>
  new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: 'ollama',
    // It would try twice more, and come to the same end later.
    maxRetries: 0,
    fetch: impatientFetch(limitMs),
    // Else ten minutes.
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  })

const called = (name: string, args: string): ToolCall => ({ name, arguments: JSON.parse(args) as unknown })

const list = async (client: OpenAI) => (await Array.fromAsync(client.models.list())).map(({ id }) => id)

const chat = (name: string, timeoutMs?: number): Client => ({
  name,
  connect(url, limitMs) {
    const client = connect(url, limitMs, timeoutMs)
    return {
      list: () => list(client),
      async whole({ model, signal }) {
        const { choices } = await client.chat.completions.create({ model, messages }, { signal })
        return choices[0]!.message.content!
      },
      async *pieces({ model, signal }) {
        const body = { model, messages, stream: true as const }
        const stream = await client.chat.completions.create(body, { signal })
        for await (const { choices } of stream) yield choices[0]?.delta.content ?? ''
      },
      async callTools({ model, streamed }) {
        const answer = streamed
          ? await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion()
          : await client.chat.completions.create({ model, messages, tools })
        return answer.choices[0]!.message.tool_calls!.map(call =>
          call.type === 'function' ? called(call.function.name, call.function.arguments) : called('', '{}'),
        )
      },
    }
  },
})

export const openaiChat = chat('openai, chat')
/** Its own limit raised, those of `fetch` not. */
export const openaiChatOfPatience = chat('openai, chat, of patience', 3_600_000)

export const openaiCompletions: Client = {
  name: 'openai, completions',
  connect(url, limitMs) {
    const client = connect(url, limitMs)
    return {
      async whole({ model, signal }) {
        return (await client.completions.create({ model, prompt: PROMPT }, { signal })).choices[0]!.text
      },
      async *pieces({ model, signal }) {
        const body = { model, prompt: PROMPT, stream: true as const }
        const stream = await client.completions.create(body, { signal })
        for await (const { choices } of stream) yield choices[0]?.text ?? ''
      },
    }
  },
}

export const openaiResponses: Client = {
  name: 'openai, responses',
  connect(url, limitMs) {
    const client = connect(url, limitMs)
    const calls = (answer: OpenAI.Responses.Response) =>
      answer.output.flatMap(item => (item.type === 'function_call' ? called(item.name, item.arguments) : []))
    return {
      async whole({ model, signal }) {
        return (await client.responses.create({ model, input: PROMPT }, { signal })).output_text
      },
      async *pieces({ model, signal }) {
        const body = { model, input: PROMPT, stream: true as const }
        const stream = await client.responses.create(body, { signal })
        for await (const event of stream) if (event.type === 'response.output_text.delta') yield event.delta
      },
      async callTools({ model, streamed }) {
        const body = { model, input: PROMPT, tools: responseTools }
        if (!streamed) return calls(await client.responses.create(body))
        return calls(await client.responses.stream(body).finalResponse())
      },
    }
  },
}
