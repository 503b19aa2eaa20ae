import type { ForemanClient } from '@foreman/foreman-client'
import type { QueueSystem } from '@foreman/jobs'
import manifest from '../../../package.json' with { type: 'json' }
import type { Session } from '../../command-line/session.ts'
import { type TargetFlags, targetOf } from '../../connection/target.ts'
import { queueLocation } from '../../file/queue-location.ts'
import type { Facts } from '../facts.ts'
import { lookAtGateway } from './gateway.ts'
import { generateOnce } from './generate.ts'
import { lostReceivers } from './receivers.ts'
import { lookAtSettings } from './settings.ts'
import { lookAtStore } from './store.ts'
import { lookAtTarget } from './target.ts'
import { lookThrough } from './through.ts'

export interface Wanted extends TargetFlags {
  readonly deep?: boolean | undefined
  readonly through?: string | undefined
  readonly generate?: string | undefined
  readonly 'db-path'?: string | undefined
}

/** Finds out all that the checks look at. What cannot be found out is left out. */
export const gather = async (wanted: Wanted, { client, environment, signal }: Session): Promise<Facts> => {
  // The foreman of another machine has its queue and its settings there.
  const isHere = wanted.url === undefined && !environment['FOREMAN_URL']
  const { url, token } = targetOf(wanted, environment)
  const gateway = await lookAtGateway(url)
  const isThere = gateway.state === 'foreman'
  const system = isThere ? await systemOf(client, signal) : undefined
  const here = isHere ? lookAtSettings(environment) : undefined
  // `foreman start` finds a target that no setting names.
  const targetUrl = here?.targetUrl ?? (here && system?.target.url)
  const { deep, generate, through } = wanted
  return {
    now: Date.now(),
    node: process.versions.node,
    version: manifest.version,
    gateway: { ...gateway, isRefused: isThere && system === undefined },
    system,
    settings: here?.facts,
    store: isHere ? await lookAtStore(locationOf(wanted, environment), deep === true) : undefined,
    target: targetUrl === undefined ? undefined : await lookAtTarget(targetUrl, here?.targetToken),
    lostReceivers: isThere ? await lostReceivers(client, signal) : undefined,
    generated:
      generate === undefined || !isThere ? undefined : await generateOnce(url, generate, { token, signal }),
    through: through === undefined ? undefined : await lookThrough(through.replace(/\/+$/, ''), { token }),
  }
}

const systemOf = async (client: ForemanClient, signal: AbortSignal): Promise<QueueSystem | undefined> => {
  try {
    return await client.queue.system({ signal })
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

/** Settings that cannot be used are said by a check, and not by ending. */
const locationOf = (wanted: Wanted, environment: Session['environment']): string => {
  try {
    return queueLocation(wanted['db-path'], environment)
  } catch {
    return environment['FOREMAN_DB_PATH'] || 'foreman.db'
  }
}
