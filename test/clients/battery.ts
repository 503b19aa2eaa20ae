import { startSim } from '@foreman/ollama-sim'
import { describe, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { type Case, type CaseName, cases, LIMIT_MS } from './cases.ts'
import type { Client, Connected } from './client.ts'
import { failureOf } from './expectations.ts'
import type { Mark } from './matrix.ts'
import { tap } from './tap.ts'

const simulate = async ({ target = {} }: Case) => {
  const sim = await startSim(target)
  onTestFinished(() => sim.close())
  return sim
}

const connect = (client: Client, url: string, { limited }: Case) =>
  client.connect(url, ...(limited ? [LIMIT_MS] : [])) as Required<Connected>

export const throughForeman = async (client: Client, one: Case): Promise<void> => {
  const sim = await simulate(one)
  const foreman = await startForeman({ target: sim.url, variables: one.variables ?? {} })
  const { url, heartbeats } = await tap(foreman.url)
  await one.run(connect(client, url, one), { sim, heartbeats })
}

export const withoutForeman = async (client: Client, one: Case): Promise<void> => {
  const sim = await simulate(one)
  await one.run(connect(client, sim.url, one), { sim, heartbeats: () => Infinity })
}

/**
 * Puts a client to every case, through foreman and, at the same time, without it.
 *
 * @param reasons headings of docs/clients.md that say why it cannot do what it cannot; it must then be no better
 *   without foreman
 */
export const tryEverything = (client: Client, reasons: Partial<Record<CaseName, string>> = {}): void => {
  const able = client.connect('http://127.0.0.1:1')
  const its = (Object.entries(cases) as [CaseName, Case][])
    .map(([name, one]) => ({ name, ...one }))
    .filter(({ needs, limited }) => needs in able && !(limited && client.isPatient))
  describe.each([client])('$name', () => {
    test.for(its)('$title', async (one, { task }) => {
      const record = (mark?: Mark) => {
        task.meta.cell = { client: client.name, case: one.name, ...(mark ? { mark } : {}) }
      }
      record()
      const [failure, failureWithout] = await Promise.all([
        failureOf(throughForeman(client, one)),
        failureOf(withoutForeman(client, one)),
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
