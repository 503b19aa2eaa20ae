import { setTimeout as delay } from 'node:timers/promises'
import { randomOf } from './schedule/random.ts'
import { type Agent, type Arrival, firstAt, pauseBefore, type Trace } from './schedule/trace.ts'

const MS = 1_000

/** One request of a trace. */
export type Asking = Pick<Arrival, 'caller' | 'model' | 'workS' | 'kind'>

/**
 * Sends what a trace says in real time: the requests of agents when they have their answers, the others at their times.
 *
 * @param faster how many times as fast as the trace says
 * @param ask sends a request, and ends with its answer
 */
export const play = async (
  { agents, jobs }: Trace,
  faster: number,
  ask: (asking: Asking) => Promise<void>,
): Promise<void> => {
  const begin = performance.now()
  const live = async (agent: Agent, seed: number) => {
    const { caller, model, steps, untilS } = agent
    const random = randomOf(seed)
    const end = begin + (untilS / faster) * MS
    await delay((firstAt(agent, random) / faster) * MS)
    for (let step = 0; performance.now() < end; step = (step + 1) % steps.length) {
      const { kind = '', workS = 0 } = steps[step] ?? {}
      await ask({ caller, model, kind, workS: workS * (0.5 + random()) })
      const next = (step + 1) % steps.length
      await delay((pauseBefore(agent, next, random) / faster) * MS)
    }
  }
  const send = async (arrival: Arrival) => {
    await delay((arrival.at / faster) * MS)
    await ask(arrival)
  }
  await Promise.all([...agents.map((agent, at) => live(agent, at + 1)), ...jobs.map(send)])
}
