import { endStates } from '@foreman/jobs'
import { deepEqual } from 'node:assert/strict'
import type { Store } from '../../contract.ts'

/** Counts all that is not counted yet. */
export const countAll = async (store: Store, now: number): Promise<void> => {
  while (await store.history.count({ now, fits: 1, loadMsOf: () => 1_000 }));
}

/** Checks that what the store has counted is what happened: how often jobs changed, by the type of the change. */
export const checkTallies = async (store: Store, happened: ReadonlyMap<string, number>): Promise<void> => {
  const tallies = await store.history.tallies()
  const counted = (name: string, label?: readonly [name: string, value: string]): number =>
    tallies
      .filter(tally => tally.name === name)
      .filter(({ labels }) => !label || (JSON.parse(labels) as Record<string, string>)[label[0]] === label[1])
      .reduce((sum, { value }) => sum + value, 0)
  const times = (...types: string[]): number =>
    types.reduce((sum, type) => sum + (happened.get(type) ?? 0), 0)
  deepEqual(
    {
      submitted: counted('jobs_submitted'),
      started: counted('choices'),
      retried: counted('job_retries'),
      ...Object.fromEntries(endStates.map(state => [state, counted('jobs_finished', ['state', state])])),
    },
    {
      submitted: times('queued'),
      started: times('started'),
      retried: times('released'),
      ...Object.fromEntries(endStates.map(state => [state, times(state)])),
    },
  )
}
