import { ConnectionError, type OllamaClient } from '@foreman/ollama-client'
import { ask, MAX_VERSION_BYTES, timeLimit } from './ask.ts'

/** Whether the target answers a simple request. */
export type TargetProbe = 'there' | 'gone' | 'refuses_credentials' | 'is_foreman'

/**
 * Asks for the version, the simplest thing to ask for. What answers is there: when that route is blocked, an answer to
 * one of the others counts as well. But a target that wants other credentials there wants them everywhere.
 */
export const probeTarget = async (client: OllamaClient, stopped: AbortSignal): Promise<TargetProbe> => {
  const askAt = (path: string) => probeAt(client, path, stopped)
  const version = await askAt('/api/version')
  if (version === 'there') return 'there'
  if (version === 'unauthorized') return 'refuses_credentials'
  if (version === 'loop') return 'is_foreman'
  if (version === 'unreachable') return 'gone'
  const probes = new Set([version, ...(await Promise.all(['/api/tags', '/api/ps'].map(askAt)))])
  if (probes.has('there')) return 'there'
  return probes.has('unauthorized') || probes.has('forbidden') ? 'refuses_credentials' : 'gone'
}

type PathProbe = 'there' | 'gone' | 'unreachable' | 'unauthorized' | 'forbidden' | 'loop'

/** The gateway's answer to a request that this deployment has sent itself. */
const LOOP_DETECTED = 508

const probeAt = async (client: OllamaClient, path: string, stopped: AbortSignal): Promise<PathProbe> => {
  const length = path === '/api/version' ? { maxBytes: MAX_VERSION_BYTES } : {}
  try {
    const { status } = await ask(client, { path, signal: timeLimit(stopped), ...length })
    if (status === 401) return 'unauthorized'
    if (status === 403) return 'forbidden'
    if (status === LOOP_DETECTED) return 'loop'
    return status < 300 ? 'there' : 'gone'
  } catch (error) {
    return error instanceof ConnectionError && !error.connected ? 'unreachable' : 'gone'
  }
}
