import { Fits } from '@foreman/experience'
import { describe, expect, test } from 'vitest'
import { Residents } from './residents.ts'

const canonical = (name: string) => `registry.ollama.ai/library/${name}:latest`
/** The model is the part of the group before its options. */
const job = (groupKey: string, model = groupKey.split('|')[0]!) => ({ modelName: canonical(model), groupKey })

const setUp = () => {
  const fits = new Fits()
  const residents = new Residents(fits)
  /** Sends a job to a target that loads its model, or does not, or does not say. @returns whether a load was expected */
  const run = (groupKey: string, hasLoaded: boolean | undefined, model?: string): boolean => {
    const sent = residents.noteSent(job(groupKey, model))
    if (hasLoaded !== undefined) residents.noteLoad(job(groupKey, model), sent, hasLoaded)
    return sent.isLoad
  }
  const areHere = (...groups: string[]) => groups.map(group => residents.has(group))
  return { fits, residents, run, areHere }
}

describe('a group is in memory', () => {
  test('when its job was the last, or the target says so of its model, however it spells the name', () => {
    const { residents, run, areHere } = setUp()
    expect([run('a', true), run('a', false), run('b', true)]).toEqual([true, false, true])
    expect(areHere('a', 'b')).toEqual([false, true])
    residents.observe(['a:latest', canonical('b'), 'never-run'])
    expect(areHere('a', 'b', 'never-run')).toEqual([true, true, false])
    residents.observe([])
    expect(areHere('a', 'b')).toEqual([false, false])
  })

  test('also under another name of its weights', () => {
    const { residents, run, areHere } = setUp()
    run('w', true, 'one')
    run('w', false, 'two')
    residents.observe(['one'])
    expect(areHere('w')).toEqual([true])
  })

  test('not any more after a load, before the target was asked', () => {
    const { residents, run, areHere } = setUp()
    for (const group of ['a', 'b']) run(group, true)
    residents.observe(['a', 'b'])
    residents.noteSent(job('c'))
    expect(areHere('a', 'b', 'c')).toEqual([false, false, true])
    residents.observe(['b', 'c'])
    expect(areHere('a', 'b', 'c')).toEqual([false, true, true])
  })

  test('where the target does not say what is there, only if it was used last', () => {
    const { residents, run, areHere } = setUp()
    for (const group of ['a', 'b']) run(group, true)
    residents.observe(['a', 'b'])
    residents.observe(undefined)
    expect(areHere('a', 'b')).toEqual([false, true])
  })

  test('not with other options, for which its weights were loaded since', () => {
    const { residents, run, areHere } = setUp()
    run('a|num_ctx=1', true)
    run('a|num_ctx=2', true)
    residents.observe(['a'])
    expect(areHere('a|num_ctx=1', 'a|num_ctx=2')).toEqual([false, true])
  })
})

describe('a job whose answer does not say whether its model was loaded', () => {
  test('is believed to have been a load where one was expected', () => {
    const { run } = setUp()
    run('a', true)
    run('a|num_gpu=-1', false)
    run('a|num_ctx=1', true)
    expect([run('a', undefined), run('a|num_gpu=-1', false)]).toEqual([true, false])
  })

  test('teaches nothing of those that follow it', () => {
    const { fits, run, areHere } = setUp()
    run('a', true)
    expect([run('a|num_gpu=-1', undefined), run('a|num_batch=512', false)]).toEqual([true, true])
    expect(fits.toKept().pairs).toEqual([])
    expect(areHere('a', 'a|num_gpu=-1', 'a|num_batch=512')).toEqual([false, true, true])
  })

  test('can be followed by one that shows that it does not fit any more', () => {
    const { fits, run } = setUp()
    run('a', true)
    run('a|num_gpu=-1', false)
    run('b', undefined)
    expect([run('a', undefined), run('a|num_gpu=-1', true)]).toEqual([true, false])
    expect(fits.has('a', 'a|num_gpu=-1')).toBe(false)
  })
})

describe('what the target serves without a load', () => {
  test('is expected to fit the next time, in this direction alone', () => {
    const { fits, run } = setUp()
    run('a', true)
    expect([run('a|shift=true', false), run('a|shift=true', false)]).toEqual([true, false])
    expect([fits.has('a', 'a|shift=true'), fits.has('a|shift=true', 'a')]).toEqual([true, false])
    run('b', true)
    expect([run('a', true), run('a|shift=true', false)]).toEqual([true, false])
  })

  test('and then serves with a load does not fit any more', () => {
    const { fits, run, areHere } = setUp()
    run('a', true)
    run('a|shift=true', false)
    run('b', true)
    run('a', true)
    expect(run('a|shift=true', true)).toBe(false)
    expect(fits.has('a', 'a|shift=true')).toBe(false)
    expect(areHere('a', 'a|shift=true')).toEqual([false, true])
  })

  test('is kept in memory by what was loaded before it, as one model', () => {
    const { residents, run, areHere } = setUp()
    run('a', true)
    for (const group of ['a|num_gpu=-1', 'a|num_batch=512']) run(group, false)
    expect(residents.size).toBe(1)
    expect(areHere('a', 'a|num_gpu=-1', 'a|num_batch=512')).toEqual([true, true, true])
  })

  test('teaches nothing when nobody saw for which group the model was loaded', () => {
    const { fits, run, areHere } = setUp()
    run('a', false)
    run('a|shift=true', false)
    expect(fits.toKept().pairs).toEqual([])
    expect(areHere('a', 'a|shift=true')).toEqual([true, true])
  })

  test('teaches nothing when something else was loaded before the answer ended', () => {
    const { fits, residents, run } = setUp()
    run('a', true)
    const sent = residents.noteSent(job('a|shift=true'))
    run('a|num_ctx=1', true)
    residents.noteLoad(job('a|shift=true'), sent, false)
    expect(fits.toKept().pairs).toEqual([])
  })

  test('does not fit beside a load whose end nobody knows', () => {
    const { residents, run, areHere } = setUp()
    run('a', true)
    run('a|shift=true', false)
    residents.noteSent(job('a|num_ctx=1'))
    residents.observe(['a'])
    expect(areHere('a', 'a|shift=true', 'a|num_ctx=1')).toEqual([false, false, true])
  })
})
