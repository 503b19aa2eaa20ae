import { openReader } from '@foreman/store'
import { parentPort, workerData } from 'node:worker_threads'
import { questionsOf } from './questions.ts'
import type { Asked, Answered } from './reader.ts'
import { yieldToRequests } from './yield-to-requests.ts'

// The whole of a thread of the gateway: it opens the queue for reading, and answers one question after the other.
yieldToRequests()
const store = await openReader((workerData as { readonly location: string }).location)
const questions = questionsOf(store, () => store.now())
const port = parentPort!

const answer = async ({ id, question, argument }: Asked): Promise<Answered> => {
  try {
    const ask = questions[question] as (argument: unknown) => Promise<unknown>
    return { id, value: await ask(argument) }
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) }
  }
}

port.on('message', (asked: Asked | 'close') => {
  if (asked === 'close') {
    port.close()
    void store.close()
  } else void answer(asked).then(answered => port.postMessage(answered))
})
