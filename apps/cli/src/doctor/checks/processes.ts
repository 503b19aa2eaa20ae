import { isAlive, type ProcessRow } from '@foreman/store'
import type { Facts } from '../facts.ts'
import { type Check, fail, ok, skipped, warn } from '../finding.ts'

/** Reasons of /healthz that other checks are about. */
const SAID_ELSEWHERE = new Set([
  'worker_away',
  'target_away',
  'target_is_foreman',
  'no_room',
  'file_locks_do_not_work',
])

const activeWorker = ({ store }: Facts): ProcessRow | undefined =>
  store?.content?.processes.find(({ kind, active }) => kind === 'worker' && active)

const lives = (worker: ProcessRow | undefined, now: number): boolean =>
  worker?.heartbeatAt != null && isAlive({ heartbeatAt: worker.heartbeatAt }, now)

export const processChecks: readonly Check[] = [
  {
    name: 'gateway',
    look: ({ gateway: { url, state, problem, isRefused } }) => {
      if (state === 'unreachable')
        return fail(
          `nothing answers at ${url} (${problem})`,
          "start it with 'foreman start' or 'foreman gateway', or say with --url where it is",
        )
      if (state === 'other')
        return fail(
          `another program answers at ${url} (${problem})`,
          'stop that, or give the gateway another address (FOREMAN_ADDR)',
        )
      return isRefused
        ? warn(
            `${url} refuses to show how it is`,
            'give the token of an operator or a viewer (FOREMAN_OPERATOR_TOKEN, --token-file)',
          )
        : ok(url)
    },
  },
  {
    name: 'worker',
    look: facts => {
      const { store, gateway, now } = facts
      const start = "start it with 'foreman start' or 'foreman worker', and read its log"
      if (!store?.content)
        return gateway.reasons.includes('worker_away')
          ? fail('no worker is there: jobs wait', start)
          : skipped('the queue cannot be read')
      const worker = activeWorker(facts)
      if (lives(worker, now)) return ok('is at work')
      if (store.isWorkerLocked !== true) return fail('no worker is there: jobs wait', start)
      const pid = worker?.pid ?? undefined
      return fail(
        `the worker hangs: ${pid === undefined ? 'a process' : `process ${pid}`} has its lock, and gives no sign of life`,
        `${pid === undefined ? 'kill it' : `kill -9 ${pid}`}, and start a worker`,
      )
    },
  },
  {
    name: 'locks',
    look: facts => {
      const remedy = 'move the queue to a local disk or a named volume of Docker (FOREMAN_DB_PATH)'
      if (facts.gateway.reasons.includes('file_locks_do_not_work'))
        return fail('the gateway has found out that locks of files do not work', remedy)
      if (!lives(activeWorker(facts), facts.now)) return skipped('no worker holds one')
      return facts.store?.isWorkerLocked === false
        ? fail('the lock of a worker that lives can be taken', remedy)
        : ok('the worker holds its lock')
    },
  },
  {
    name: 'versions',
    look: ({ store, system, version }) => {
      const said = [
        ...(store?.content?.processes.flatMap(({ figures }) => figures?.version ?? []) ?? []),
        ...(system?.processes.flatMap(process => process.version ?? []) ?? []),
      ]
      if (said.length === 0) return skipped('nobody says')
      const all = [...new Set([...said, version])].toSorted()
      return all.length === 1
        ? ok(version)
        : warn(
            `gateway, worker and command have different versions: ${all.join(', ')}`,
            'stop all of them, and start them from one version',
          )
    },
  },
  {
    name: 'shared settings',
    look: ({ system }) => {
      if (!system) return skipped('only operators and viewers see them')
      const differing = new Set(system.processes.flatMap(({ differing_settings = [] }) => differing_settings))
      return differing.size === 0
        ? ok('gateway and worker have the same')
        : fail(
            `gateway and worker have different values of ${[...differing].join(', ')}`,
            'give both the same, such as in one .env, and start both again',
          )
    },
  },
  {
    name: 'health',
    look: ({ gateway: { state, reasons } }) => {
      if (state !== 'foreman') return skipped('there is no gateway')
      const left = reasons.filter(reason => !SAID_ELSEWHERE.has(reason))
      return left.length === 0
        ? ok('nothing else is wrong')
        : fail(left.join(', '), 'docs/operations.md says of each reason what to do (Health)')
    },
  },
]
