import type { GatewayFacts } from '../facts.ts'
import { ask, causeOf, objectIn } from './ask.ts'

/** Who answers at the address of the gateway, and what it says of its health. */
export const lookAtGateway = async (url: string): Promise<Omit<GatewayFacts, 'isRefused'>> => {
  try {
    const answer = await ask(`${url}/healthz`)
    const health = objectIn(answer)
    if (typeof health?.['degraded'] !== 'boolean')
      return { url, state: 'other', problem: `/healthz is answered with ${answer.status}`, reasons: [] }
    const { reasons = [] } = health as { readonly reasons?: readonly string[] }
    return { url, state: 'foreman', reasons, aheadMs: answer.aheadMs }
  } catch (error) {
    return { url, state: 'unreachable', problem: causeOf(error), reasons: [] }
  }
}
