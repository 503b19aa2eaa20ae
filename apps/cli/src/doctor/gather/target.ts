import type { TargetFacts } from '../facts.ts'
import { ask, causeOf, objectIn } from './ask.ts'

/** Who answers at the address of the target. */
export const lookAtTarget = async (url: string, token: string | undefined): Promise<TargetFacts> => {
  try {
    const answer = await ask(`${url}/api/version`, { token })
    const { status, aheadMs } = answer
    const problem = `status ${status} for /api/version`
    if (status === 401 || status === 403) return { url, state: 'refused', problem, aheadMs }
    const version = objectIn(answer)?.['version']
    if (status !== 200 || typeof version !== 'string') return { url, state: 'other', problem, aheadMs }
    const models = objectIn(await ask(`${url}/api/tags`, { token }))?.['models']
    return {
      url,
      state: 'ollama',
      version,
      aheadMs,
      ...(Array.isArray(models) && { models: models.length }),
    }
  } catch (error) {
    return { url, state: 'unreachable', problem: causeOf(error) }
  }
}
