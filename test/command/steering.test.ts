import type { QueueState } from '@foreman/jobs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { endless, hello } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'
import { type Installation, OPERATOR, startInstallation } from './installation.ts'

let foreman: Installation

beforeAll(async () => {
  // A window that is never open while this runs: the hour after the next one.
  const hour = (new Date().getUTCHours() + 2) % 24
  foreman = await startInstallation({
    FOREMAN_WINDOWS: `low ${String(hour).padStart(2, '0')}:00-${String(hour).padStart(2, '0')}:01`,
    FOREMAN_TIMEZONE: 'UTC',
  })
}, 60_000)

afterAll(() => foreman.stop())

// One that fails leaves nothing to the next.
afterEach(async () => {
  const headers = { authorization: `Bearer ${OPERATOR}` }
  const { holds } = (await (await fetch(`${foreman.url}/queue/holds`, { headers })).json()) as QueueState
  for (const { id } of holds) await fetch(`${foreman.url}/queue/holds/${id}`, { method: 'DELETE', headers })
})

const state = async () =>
  JSON.parse((await foreman.run(['status', '--json'])).stdout) as { state: string; accepting: boolean }

test('pause lets nothing start until resume, and says until when and why', async () => {
  const paused = await foreman.run(['pause', '--for', '2h', '--now', '--unload', '--reason', 'a game'])
  expect(paused).toMatchObject({ code: 0, stderr: '' })
  expect(paused.stdout).toMatch(/^paused\npause for another [\dh min]+ by operator \(a game\)\n$/)
  const id = await foreman.submit(hello)
  expect((await foreman.run(['jobs', 'why', id])).stdout).toContain('paused')
  expect((await foreman.run(['resume'])).stdout).toBe('running\n')
  expect((await foreman.run(['jobs', 'watch', id])).code).toBe(0)
})

test('a hold is ended by its id, or by what is held', async () => {
  const held = await foreman.run(['hold', 'caller:ann', '--until', '2099-01-01T00:00:00Z', '--json'])
  const { holds } = JSON.parse(held.stdout) as { holds: { id: string; kind: string; until: string }[] }
  expect(holds).toMatchObject([{ kind: 'caller', subject: 'ann', until: '2099-01-01T00:00:00.000Z' }])
  expect((await foreman.run(['release', holds[0]!.id])).stdout).toBe('running\n')
  await foreman.run(['hold', 'plain'])
  expect((await foreman.run(['holds', 'ls'])).stdout).toMatch(/^hold_\w+ {2}model {2}plain:latest/)
  expect((await foreman.run(['release', 'plain:latest'])).stdout).toBe('running\n')
})

test('windows have exceptions', async () => {
  const low = await foreman.submit({ ...hello, priority: 'low' })
  expect((await foreman.run(['windows', 'ls'])).stdout).toMatch(/^low .*\(UTC\)\nlow {2}closed {2}until /)
  await foreman.run(['windows', 'set', 'low', 'open', '--for', '1h', '--reason', 'sun'])
  expect((await foreman.run(['windows', 'ls'])).stdout).toMatch(
    /\nlow {2}open {2}until .*an exception: sun\n$/,
  )
  expect((await foreman.run(['jobs', 'watch', low])).code).toBe(0)
  expect((await foreman.run(['windows', 'rm', 'low'])).stdout).toBe('running\n')
  expect(await foreman.run(['windows', 'rm', 'low'])).toMatchObject({ code: 5, stdout: '' })
  expect((await foreman.run(['release', 'low', '--for', '1h'])).stdout).toContain('open_priority low')
  await foreman.run(['windows', 'rm', 'low'])
  await foreman.run(['windows', 'set', 'plain', 'closed'])
  expect((await foreman.run(['windows', 'ls'])).stdout).toMatch(/\nplain:latest {2}closed .*an exception\n$/)
})

test('the turn of a model can be ended, and the queue closed and opened', async () => {
  expect((await foreman.run(['turn', 'end', '--reason', 'impatience'])).stdout).toBe('running\n')
  expect((await foreman.run(['close'])).stdout).toBe('closed, accepts no jobs\nclose by operator\n')
  expect(await state()).toMatchObject({ state: 'closed', accepting: false })
  expect((await foreman.run(['open'])).stdout).toBe('running\n')
})

describe('drain', () => {
  test('waits until nothing is left, and leaves the queue closed', async () => {
    const id = await foreman.submit(endless)
    const draining = foreman.run(['drain'])
    await until(async () => (await state()).state === 'closed')
    await foreman.run(['jobs', 'cancel', id])
    expect(await draining).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('0 running, 0 waiting') as string,
    })
    expect(await state()).toMatchObject({ state: 'closed' })
    await foreman.run(['open'])
  })

  test('gives up after --timeout', async () => {
    const id = await foreman.submit(endless)
    expect((await foreman.run(['drain', '--timeout', '1s'])).code).toBe(6)
    await foreman.run(['jobs', 'cancel', id])
    await foreman.run(['open'])
  })
})
