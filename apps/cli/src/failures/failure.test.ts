import { ForemanError } from '@foreman/foreman-client'
import { ConnectionError, StreamError } from '@foreman/ollama-client'
import { SettingError } from '@foreman/process'
import { expect, test } from 'vitest'
import { failureOf } from './failure.ts'
import { Stopped } from './stop.ts'
import { UsageError } from './usage-error.ts'

const asked = { url: 'http://foreman', tokenFrom: undefined }
const connection = (connected: boolean) =>
  new ConnectionError('off', { connected, anyByte: false, cause: { code: 'ECONNREFUSED' } })

test.each<[string, unknown, number, RegExp]>([
  ['a wrong flag', new UsageError('--url is no URL'), 2, /^--url is no URL$/],
  ['a wrong setting', new SettingError('.env, line 1: no'), 2, /^\.env/],
  [
    'nobody there',
    connection(false),
    3,
    /^http:\/\/foreman cannot be reached \(ECONNREFUSED\): start foreman/,
  ],
  ['a lost connection', connection(true), 3, /broke off/],
  [
    'a page in place of JSON',
    new StreamError('the answer is not JSON'),
    3,
    /does not answer as foreman does/,
  ],
  ['no token', new ForemanError(401), 4, /^foreman wants a token: give one with --token-file/],
  [
    'a caller who is no operator',
    new ForemanError(403, { detail: 'only operators may' }),
    4,
    /^only operators may: give/,
  ],
  ['a job that never was', new ForemanError(404, { code: 'job_not_found', detail: 'no job' }), 5, /^no job$/],
  ['another server', new ForemanError(404), 5, /no such route/],
  ['a job that is gone', new ForemanError(410, { code: 'job_expired', detail: 'expired' }), 5, /^expired$/],
  ['a filter that is not valid', new ForemanError(422, { detail: '/since: no' }), 2, /^\/since/],
  ['a closed queue', new ForemanError(503, { detail: 'closed' }), 1, /^closed$/],
  ['the end of --timeout', new Stopped(6, 'over'), 6, /^over$/],
  ['Ctrl-C', new Stopped(130), 130, /^$/],
  ['what nobody has foreseen', new TypeError('x is undefined'), 1, /x is undefined\n +at /],
])('%s', (_, error, exitCode, message) => {
  expect(failureOf(error, asked)).toMatchObject({
    exitCode,
    message: expect.stringMatching(message) as string,
  })
})

test('a refused token is named by where it is from', () => {
  const { message } = failureOf(new ForemanError(401), { ...asked, tokenFrom: 'FOREMAN_TOKEN' })
  expect(message).toMatch(/^foreman does not know the token of FOREMAN_TOKEN:/)
})
