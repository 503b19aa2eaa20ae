import { expect, test } from 'vitest'
import { startJobs } from '../harness/jobs.ts'

const ROLES = { FOREMAN_TOKENS: 'ann:a,bob:b', FOREMAN_OPERATOR_TOKEN: 'o', FOREMAN_VIEWER_TOKEN: 'v' }
const as = (token: string) => ({ authorization: `Bearer ${token}` })

test.each<[access: string, statuses: number[]]>([
  ['token', [401, 403, 200, 200]],
  ['open', [200, 200, 200, 200]],
  // The target has no such path.
  ['off', [401, 404, 403, 404]],
])('with FOREMAN_METRICS=%s, nobody, a caller, a viewer and an operator get %j', async (access, statuses) => {
  const { ask } = await startJobs({ worker: false, variables: { ...ROLES, FOREMAN_METRICS: access } })
  const answered = []
  for (const headers of [{}, as('a'), as('v'), as('o')])
    answered.push((await ask('GET', '/metrics', undefined, headers)).status)
  expect(answered).toEqual(statuses)
})

test('where there are no tokens, everybody may read the metrics, and only read them', async () => {
  const { ask } = await startJobs({ worker: false })
  const { status, headers, text } = await ask('GET', '/metrics')
  expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(text).toMatch(/^foreman_health_reason\{reason="worker_away"\} 1$/m)
  expect(text).toMatch(/^foreman_health_reason\{reason="no_room"\} 0$/m)
  expect(text).toMatch(/^foreman_accepting 1$/m)
  expect(text).toMatch(/^foreman_gateway_callers_waiting 0$/m)
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  expect((await ask('POST', '/metrics')).status).toBe(405)
})
