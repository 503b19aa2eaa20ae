import { type Sim, startSim } from '@foreman/ollama-sim'
import { describe, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { startWorkerProcess } from '../harness/processes.ts'
import { until } from '../harness/until.ts'
import { type Case, type CaseName, cases, ESSENTIAL, LIMIT_MS, type Occupant } from './cases.ts'
import type { Client, Connected } from './client.ts'
import { failureOf } from './expectations.ts'
import type { Mark } from './matrix.ts'
import { tap } from './tap.ts'

const simulate = async (client: Client, { target = {} }: Case) => {
  const sim = await startSim({ ...client.target, ...target })
  onTestFinished(() => sim.close())
  return sim
}

const connect = (client: Client, url: string, { limited }: Case) =>
  client.connect(url, ...(limited ? [LIMIT_MS] : [])) as Required<Connected>

const occupy = async (url: string, sim: Sim): Promise<Occupant> => {
  const leaving = new AbortController()
  const body = JSON.stringify({ model: 'beta', prompt: 'hi' })
  const answer = fetch(`${url}/api/generate`, { method: 'POST', body, signal: leaving.signal })
  const over = failureOf(answer.then(response => response.text()))
  await until(() => sim.resident().includes('beta'))
  const leave = () => leaving.abort()
  onTestFinished(async () => {
    leave()
    await over
  })
  return { leave }
}

const startWithWorkerProcess = async (target: string, variables: Case['variables'] = {}) => {
  const foreman = await startForeman({ target, variables, worker: false })
  const worker = startWorkerProcess({
    FOREMAN_OLLAMA_URL: target,
    FOREMAN_DB_PATH: foreman.dbPath,
    FOREMAN_MIN_FREE: '0B',
    ...variables,
  })
  await until(async () => (await foreman.store.target.read()).state === 'up')
  const kill = async () => {
    worker.kill('SIGKILL')
    await worker.ended
    foreman.startWorker()
  }
  return { url: foreman.url, kill }
}

const startFor = async ({ variables = {}, killsWorker }: Case, target: string) => {
  if (killsWorker) return startWithWorkerProcess(target, variables)
  const { url } = await startForeman({ target, variables })
  return { url, kill: () => Promise.reject(new Error('its worker is in this process')) }
}

export const throughForeman = async (client: Client, one: Case): Promise<void> => {
  const sim = await simulate(client, one)
  const foreman = await startFor(one, sim.url)
  const { url, heartbeats, sent } = await tap(foreman.url)
  await one.run(connect(client, url, one), {
    sim,
    heartbeats,
    occupy: () => occupy(foreman.url, sim),
    sent: text => until(() => sent(text)),
    kill: foreman.kill,
  })
}

export const withoutForeman = async (client: Client, one: Case): Promise<void> => {
  const sim = await simulate(client, one)
  const { url, sent } = await tap(sim.url)
  await one.run(connect(client, url, one), {
    sim,
    heartbeats: () => Infinity,
    occupy: () => occupy(sim.url, sim),
    sent: text => until(() => sent(text)),
    kill: () => sim.close(),
  })
}

/** What was thrown the last time, if something was thrown every time. */
const failureAfterRetries = async ({ retries = 0 }: Client, run: () => Promise<void>) => {
  let failure = await failureOf(run())
  for (let left = retries; failure !== undefined && left > 0; left--) failure = await failureOf(run())
  return failure
}

/**
 * Puts a client to every case, through foreman and, at the same time, without it.
 *
 * @param reasons headings of docs/clients.md that say why it cannot do what it cannot; it must then be no better
 *   without foreman
 */
export const tryEverything = (client: Client, reasons: Partial<Record<CaseName, string>> = {}): void =>
  tryCases(client, Object.keys(cases) as CaseName[], reasons)

/** Puts a client only to the cases that show what foreman changes: an answer, a wait, a late error, a lost worker. */
export const tryEssentials = (client: Client, reasons: Partial<Record<CaseName, string>> = {}): void =>
  tryCases(client, ESSENTIAL, reasons)

const tryCases = (
  client: Client,
  names: readonly CaseName[],
  reasons: Partial<Record<CaseName, string>>,
): void => {
  const able = client.connect('http://127.0.0.1:1')
  const its = names
    .map((name): { name: CaseName } & Case => ({ name, ...cases[name] }))
    .filter(({ needs, limited }) => needs in able && !(limited && client.isPatient))
  describe.each([client])('$name', () => {
    test.for(its)('$title', async (one, { task }) => {
      const record = (mark?: Mark) => {
        task.meta.cell = { client: client.name, case: one.name, ...(mark ? { mark } : {}) }
      }
      record()
      const [failure, failureWithout] = await Promise.all([
        failureAfterRetries(client, () => throughForeman(client, one)),
        failureAfterRetries(client, () => withoutForeman(client, one)),
      ])
      const reason = reasons[one.name]
      if (reason === undefined) {
        if (failure !== undefined) throw failure
        if (one.limited && !failureWithout) throw new Error('its limit is none')
        record(failureWithout === undefined ? 'ok' : 'better')
      } else {
        if (failure === undefined) throw new Error('it can: nothing needs explaining')
        if (failureWithout === undefined) throw new Error('it can without foreman')
        record(`[no](#${reason})`)
      }
    })
  })
}
