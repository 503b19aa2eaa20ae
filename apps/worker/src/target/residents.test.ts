import { expect, test } from 'vitest'
import { Residents } from './residents.ts'

const canonical = (name: string) => `registry.ollama.ai/library/${name}:latest`
const job = (model: string, groupKey = model) => ({ modelName: canonical(model), groupKey })

/** These jobs have run, one after the other. */
const afterRuns = (...models: string[]) => {
  const residents = new Residents()
  let last: string | undefined
  const loads = models.map(model => {
    const isLoad = residents.noteRun(job(model), last)
    last = model
    return isLoad
  })
  return { residents, loads }
}

test('a group is in memory when the target says so of its model, however it spells the name', () => {
  const { residents } = afterRuns('a', 'b')
  expect(residents.groups).toEqual(new Set())
  residents.observe(['a:latest', canonical('b'), 'never-run'])
  expect(residents.groups).toEqual(new Set(['a', 'b']))
})

test('a job needs no load where its group is in memory, or ran last', () => {
  expect(afterRuns('a', 'a', 'b', 'a').loads).toEqual([true, false, true, true])
  const { residents } = afterRuns('a', 'b')
  residents.observe(['a', 'b'])
  expect(residents.noteRun(job('a'), 'b')).toBe(false)
  expect(residents.noteRun(job('c'), 'a')).toBe(true)
})

test('after a load nothing is known of the others before the target is asked', () => {
  const { residents } = afterRuns('a', 'b')
  residents.observe(['a', 'b'])
  residents.noteRun(job('c'), 'b')
  expect(residents.groups).toEqual(new Set())
  residents.observe(['b', 'c'])
  expect(residents.groups).toEqual(new Set(['b', 'c']))
  residents.observe(undefined)
  expect(residents.groups).toEqual(new Set())
})

test('of a model, the group that ran last is in memory', () => {
  const residents = new Residents()
  residents.noteRun(job('a', 'a, 4096'), undefined)
  residents.noteRun(job('a', 'a, 8192'), 'a, 4096')
  residents.observe(['a'])
  expect(residents.groups).toEqual(new Set(['a, 8192']))
})
