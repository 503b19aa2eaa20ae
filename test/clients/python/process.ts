import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import readline from 'node:readline'
import { PassThrough } from 'node:stream'
import type { Client, Connected, Question, ToolCall } from '../client.ts'

/** What serve.py says. */
interface Said {
  readonly id: number
  readonly piece?: string
  readonly value?: unknown
  readonly error?: string
  readonly status?: number | null
}

export interface PythonClient extends Client {
  stop(): Promise<void>
}

/**
 * A client that lives in a Python process of its own.
 *
 * @param module beside serve.py
 */
export const pythonClient = (name: string, interpreter: string, module: string): PythonClient => {
  const child = spawn(interpreter, ['-B', path.join(import.meta.dirname, 'serve.py'), module], {
    // Neither proxies nor keys of whoever runs this, and nothing that asks the network for more than the test does.
    env: {
      PATH: process.env['PATH'] ?? '',
      HAYSTACK_TELEMETRY_ENABLED: 'False',
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const answers = new Map<number, PassThrough>()
  let last = 0
  readline.createInterface(child.stdout).on('line', line => {
    const said = JSON.parse(line) as Said
    const answer = answers.get(said.id)
    answer?.write(said)
    if (said.piece === undefined) answer?.end()
  })

  const order = async function* (what: object, signal?: AbortSignal): AsyncGenerator<Said> {
    const id = ++last
    const answer = new PassThrough({ objectMode: true })
    answers.set(id, answer)
    const tell = (line: object) => child.stdin.write(`${JSON.stringify({ id, ...line })}\n`)
    tell(what)
    signal?.addEventListener('abort', () => tell({ leave: true }), { once: true })
    for await (const said of answer as AsyncIterable<Said>) {
      if (said.error !== undefined) throw Object.assign(new Error(said.error), { status: said.status })
      yield said
    }
    answers.delete(id)
  }

  const connect = (url: string, limitMs: number | null = null): Required<Connected> => {
    const one = async (what: string, question: object, signal?: AbortSignal) => {
      const [said] = await Array.fromAsync(order({ do: what, url, limitMs, question }, signal))
      return said?.value
    }
    return {
      list: async () => (await one('list', {})) as string[],
      whole: async ({ model, signal }: Question) => (await one('whole', { model }, signal)) as string,
      async *pieces({ model, signal }) {
        for await (const { piece } of order({ do: 'pieces', url, limitMs, question: { model } }, signal)) {
          if (piece !== undefined) yield piece
        }
      },
      callTools: async ({ model, streamed }) => (await one('callTools', { model, streamed })) as ToolCall[],
    }
  }

  return {
    name,
    connect,
    async stop() {
      child.stdin.end()
      child.kill()
      await ended
    },
  }
}
