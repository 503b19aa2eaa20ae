import { afterAll } from 'vitest'
import { tryEssentials } from './battery.ts'
import { pythonEnvironment } from './python/environment.ts'
import { pythonClient } from './python/process.ts'

const { interpreter } = await pythonEnvironment()

const frameworks = [
  ['LiteLLM', 'litellm'],
  ['LangChain, Python', 'langchain'],
  ['LlamaIndex, Python', 'llamaindex'],
  ['Pydantic AI', 'pydantic_ai'],
  ['Haystack', 'haystack'],
] as const

if (interpreter !== undefined) {
  for (const [name, module] of frameworks) {
    const client = pythonClient(name, interpreter, `${module}_client`)
    afterAll(() => client.stop())
    tryEssentials(client)
  }
}
