import { drain, foreman, inOrderOfArrival } from './policies.ts'
import recorded from './recorded.json' with { type: 'json' }
import type { MakePolicy } from './simulate.ts'
import { agents, batch, bulk, independent, type MakeTrace, people, priorities, toolAgents } from './trace.ts'

/** A trace, and how it is told in a table. */
export interface Case {
  readonly name: string
  readonly make: MakeTrace
  /** How many models are in memory at a time. */
  readonly room: number
}

const one = (name: string, make: MakeTrace): Case => ({ name, make, room: 1 })

export const cases: readonly Case[] = [
  one('60 jobs at once, 3 models, a load takes 10 s', batch(60, 3, 10)),
  one('800 independent jobs, 4 models, 80 % busy, a load takes 40 s', independent(800, 4, 40, 0.8)),
  one('800 independent jobs, 8 models, 80 % busy, a load takes 10 s', independent(800, 8, 10, 0.8)),
  one('600 independent jobs, 4 models, 60 % busy, a load takes 2 s', independent(600, 4, 2, 0.6)),
  one('2 agents on 2 models, a load takes 10 s, 15 min', agents(2, 2, 10, 2, 3)),
  one('6 agents on 3 models, a load takes 10 s, 15 min', agents(6, 3, 10, 2, 3)),
  one('2 agents that call tools, 2 models, a load takes 10 s, 15 min', toolAgents(2, 2, 10, 5)),
  one('6 agents that call tools, 3 models, a load takes 10 s, 15 min', toolAgents(6, 3, 10, 20)),
  one('2 people with a chat application, 2 models, a load takes 5 s, 15 min', people(2, 2, 5, 20)),
  one('6 people with a chat application, 3 models, a load takes 10 s, 15 min', people(6, 3, 10, 30)),
  one('500 jobs of one caller beside 5 people, one model', bulk(10, true)),
  one('500 jobs of one caller beside 5 people, 3 models, a load takes 10 s', bulk(10, false)),
  one('three priorities, a load takes 5 s', priorities(5)),
  {
    name: '600 independent jobs, 4 models of which 2 fit into memory, 60 % busy, a load takes 10 s',
    make: independent(600, 4, 10, 0.6),
    room: 2,
  },
  one('recorded: 3 people, 2 agents and 60 jobs at once, 3 models, a load takes 5 s', () => ({
    ...recorded,
    agents: [],
  })),
]

const MINUTE_MS = 60_000
/** Shorter than the setting's default: the traces last 15 minutes. */
const maxWaitLowMs = 5 * MINUTE_MS

export const policies: readonly { readonly name: string; readonly make: MakePolicy }[] = [
  { name: 'order of arrival', make: inOrderOfArrival },
  { name: 'drain, no bound', make: drain(Infinity) },
  { name: 'drain, 60 s', make: drain(MINUTE_MS) },
  { name: 'foreman', make: foreman({ maxWaitLowMs }) },
  { name: 'foreman, FOREMAN_MAX_WAIT=30s', make: foreman({ maxWaitLowMs, maxWaitMs: MINUTE_MS / 2 }) },
]
