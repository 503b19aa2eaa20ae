import type { GeneratedFacts } from '../facts.ts'
import { ask, causeOf, objectIn } from './ask.ts'

/** Has a model generate one token, through the queue as everybody. */
export const generateOnce = async (
  url: string,
  model: string,
  { token, signal }: { readonly token: string | undefined; readonly signal: AbortSignal },
): Promise<GeneratedFacts> => {
  const from = performance.now()
  try {
    const body = JSON.stringify({ model, prompt: 'Hi', stream: false, options: { num_predict: 1 } })
    const answer = await ask(`${url}/api/generate`, { method: 'POST', body, token, signal })
    const said = objectIn(answer)
    const tookMs = performance.now() - from
    return answer.status === 200 && said?.['done'] === true
      ? { model, tookMs }
      : { model, tookMs: undefined, problem: `status ${answer.status}` }
  } catch (error) {
    signal.throwIfAborted()
    return { model, tookMs: undefined, problem: causeOf(error) }
  }
}
