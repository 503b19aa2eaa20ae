import { ConnectionError, type OllamaClient } from '@foreman/ollama-client'
import { ask, MAX_VERSION_BYTES, timeLimit } from './ask.ts'

/** Whether the target answers a simple request. */
export type TargetProbe = 'there' | 'gone' | 'refuses_credentials' | 'is_foreman'

/** What came of asking at one path. `unreachable`: there was no connection, so no other path would answer. */
type PathProbe = 'there' | 'gone' | 'unreachable' | 'unauthorized' | 'forbidden' | 'loop'

/** The gateway's answer to a request that this deployment has sent itself. */
const LOOP_DETECTED = 508

/** What came of a question, in a few words that name the path. */
interface Probed<Probe> {
  readonly probe: Probe
  readonly reason: string
}

/**
 * Asks for the version, the simplest thing to ask for. What answers is there: when that route is blocked, an answer to
 * one of the others counts as well. But a target that wants other credentials there wants them everywhere.
 */
export const probeTarget = async (
  client: OllamaClient,
  stopped: AbortSignal,
): Promise<Probed<TargetProbe>> => {
  const { probe, reason } = await probeAt(client, '/api/version', stopped)
  if (probe === 'there') return { probe, reason }
  if (probe === 'unauthorized') return { probe: 'refuses_credentials', reason }
  if (probe === 'loop') return { probe: 'is_foreman', reason }
  if (probe === 'unreachable') return { probe: 'gone', reason }
  const others = await Promise.all(['/api/tags', '/api/ps'].map(path => probeAt(client, path, stopped)))
  const there = others.find(other => other.probe === 'there')
  if (there) return { probe: 'there', reason: there.reason }
  const wantsOthers = [{ probe }, ...others].some(each => /unauthorized|forbidden/.test(each.probe))
  return { probe: wantsOthers ? 'refuses_credentials' : 'gone', reason }
}

const probeAt = async (
  client: OllamaClient,
  path: string,
  stopped: AbortSignal,
): Promise<Probed<PathProbe>> => {
  const length = path === '/api/version' ? { maxBytes: MAX_VERSION_BYTES } : {}
  try {
    const { status } = await ask(client, { path, signal: timeLimit(stopped), ...length })
    return { probe: probeOf(status), reason: `it answers ${path} with ${status}` }
  } catch (error) {
    const { message } = error as Error
    const isUnreachable = error instanceof ConnectionError && !error.connected
    return {
      probe: isUnreachable ? 'unreachable' : 'gone',
      reason: message.includes(path) ? message : `it does not answer ${path}: ${message}`,
    }
  }
}

const probeOf = (status: number): PathProbe => {
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  if (status === LOOP_DETECTED) return 'loop'
  return status < 300 ? 'there' : 'gone'
}
