import { describe, expect, test } from 'vitest'
import { readChange, readHead } from './log-rows.ts'

const row = (value: unknown) => ({ id: 7, bytes: Buffer.from(JSON.stringify(value)) })

describe('readHead', () => {
  test('returns a head as it was written', () => {
    const head = { status: 200, headers: [['A', 'b'] as const] }
    expect(readHead(row(head))).toEqual(head)
  })

  test.each([
    [null],
    [{}],
    [{ status: '200', headers: [] }],
    [{ status: 200 }],
    [{ status: 200, headers: [['A']] }],
    [{ status: 200, headers: [['A', 1]] }],
  ])('refuses %j, and names the row', value => {
    expect(() => readHead(row(value))).toThrow('row 7 of job_log is not a response head')
  })
})

describe('readChange', () => {
  test.each([
    [{ type: 'queued', at: 1 }],
    [{ type: 'started', attempt: 1, reason: 'a reason of newer code', at: 1 }],
    [{ type: 'released', attempt: 1, code: 'stall', at: 1 }],
    [{ type: 'released', attempt: 1, code: 'stall', availableAt: 2, at: 1 }],
    [{ type: 'failed', attempt: 1, code: 'stall', at: 1 }],
    [{ type: 'succeeded', attempt: 1, at: 1 }],
  ])('returns %j as it was written', change => {
    expect(readChange(row(change))).toEqual(change)
  })

  test.each([
    [null],
    ['queued'],
    [{ type: 'queued' }],
    [{ type: 'unheard_of', at: 1 }],
    [{ type: 'toString', at: 1 }],
    [{ type: 'started', attempt: 1, at: 1 }],
    [{ type: 'progress', attempt: 1, tokens: '5', at: 1 }],
    [{ type: 'released', attempt: 1, code: 'stall', availableAt: 'soon', at: 1 }],
  ])('refuses %j, and names the row', value => {
    expect(() => readChange(row(value))).toThrow('row 7 of job_log is not a change of a job')
  })
})

test('bytes that are not JSON are refused, and the row is named', () => {
  expect(() => readHead({ id: 7, bytes: Buffer.from('{') })).toThrow('row 7 of job_log is not JSON')
})
