import type { QueueSystem } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { startJobs } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'

const SECRETS = {
  FOREMAN_OPERATOR_TOKEN: 'operator-secret',
  FOREMAN_TOKENS: 'ann:ann-secret',
  FOREMAN_OLLAMA_TOKEN: 'target-secret',
  FOREMAN_WEBHOOK_SECRET: 'webhook-secret',
}

const start = async (variables: Record<string, string> = {}) => {
  const all = await startJobs({ variables })
  const headers =
    'FOREMAN_OPERATOR_TOKEN' in variables ? { authorization: `Bearer ${SECRETS.FOREMAN_OPERATOR_TOKEN}` } : {}
  const read = async () => {
    const { json, text } = await all.ask('GET', '/queue/system', undefined, headers)
    return { system: json as unknown as QueueSystem, text }
  }
  return { ...all, read }
}

test('an operator sees the processes, the file and the target', async () => {
  const { read, foreman, sim } = await start()
  await until(async () => (await read()).system.processes.length === 2)
  const { system } = await read()
  const said = {
    version: expect.any(String) as string,
    started_at: expect.any(String) as string,
    seen_at: expect.any(String) as string,
    resident_bytes: expect.any(Number) as number,
    cpu_seconds: expect.any(Number) as number,
    event_loop_p99_ms: expect.any(Number) as number,
    same_settings: true,
    id: expect.any(String) as string,
  }
  expect(system.processes).toEqual(
    expect.arrayContaining([
      { ...said, kind: 'gateway' },
      { ...said, kind: 'worker', is_active: true, standby: false },
    ]),
  )
  expect(system.storage).toMatchObject({ schema: expect.stringMatching(/^\d+$/) as string })
  expect(system.target).toEqual({
    name: 'default',
    url: sim.url,
    ollama_version: expect.any(String) as string,
  })
  expect(system).not.toHaveProperty('windows')
  expect(system.settings).toEqual(
    expect.arrayContaining([
      { name: 'FOREMAN_DB_PATH', value: foreman.dbPath, is_set: true },
      { name: 'FOREMAN_HEARTBEAT', value: '10s', is_set: false },
      { name: 'FOREMAN_MAX_DB_SIZE', is_set: false },
    ]),
  )
})

test('no secret is shown, but whether there is one', async () => {
  const { read } = await start(SECRETS)
  const { system, text } = await read()
  for (const [name, secret] of Object.entries(SECRETS)) {
    expect(text).not.toContain(secret.split(':').at(-1))
    expect(system.settings).toContainEqual({ name, is_set: true, is_secret: true })
  }
  expect(system.settings).toContainEqual({ name: 'FOREMAN_VIEWER_TOKEN', is_set: false, is_secret: true })
})

test('a process with other values of what all must share is shown, and which settings these are', async () => {
  const { read, foreman } = await start()
  foreman.startWorker({ FOREMAN_JOB_TTL: '3h', FOREMAN_WEBHOOK_SECRET: 'other' })
  const differing = async () =>
    (await read()).system.processes.find(({ same_settings: isSame }) => isSame === false)
  await until(async () => (await differing()) !== undefined)
  expect(await differing()).toMatchObject({
    kind: 'worker',
    standby: true,
    differing_settings: ['FOREMAN_JOB_TTL', 'FOREMAN_WEBHOOK_SECRET'],
  })
  const { settings } = (await read()).system
  expect(settings.filter(({ differs }) => differs).map(({ name }) => name)).toEqual([
    'FOREMAN_WEBHOOK_SECRET',
    'FOREMAN_JOB_TTL',
  ])
})

test('the windows are shown with their rule, whether they are open, and until when', async () => {
  const rule = 'low 00:00-24:00, high sat 10:00-11:00, model:alpha:latest mon tue wed thu fri'
  const { read } = await start({ FOREMAN_WINDOWS: rule, FOREMAN_TIMEZONE: 'Europe/Berlin' })
  await until(async () => (await read()).system.windows !== undefined)
  const { windows } = (await read()).system
  expect(windows).toMatchObject({ rule, timezone: 'Europe/Berlin' })
  expect(windows!.open.map(({ kind, subject }) => [kind, subject])).toEqual([
    ['priority', 'low'],
    ['priority', 'high'],
    ['model', 'alpha:latest'],
  ])
  const [always, seldom] = windows!.open
  expect(always).toEqual({ kind: 'priority', subject: 'low', is_open: true })
  expect(Date.parse(seldom!.changes_at!)).toBeGreaterThan(Date.now())
})
