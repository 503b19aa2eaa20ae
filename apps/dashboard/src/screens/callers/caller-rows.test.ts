import type { CallerSnapshot } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { callerRows } from './caller-rows.ts'

const caller = (name: string, share: number): CallerSnapshot => ({
  caller: name,
  queued: 1,
  running: 0,
  hour: { jobs: 1, tokens: 1, target_ms: 1, share },
})

const hold = (subject: string) => ({
  id: `hold_${subject}`,
  kind: 'caller' as const,
  subject,
  since: '2026-01-01T00:00:00Z',
})

test('who used most comes first, and who is held is there', () => {
  const rows = callerRows({
    callers: [caller('ann', 0.1), caller('bob', 0.6), caller('cid', 0.1)],
    holds: [hold('cid'), hold('zoe'), { ...hold('ann'), kind: 'model' }],
  })
  expect(rows.map(row => [row.caller, row.hold?.subject])).toEqual([
    ['bob', undefined],
    ['ann', undefined],
    ['cid', 'cid'],
    ['zoe', 'zoe'],
  ])
})
