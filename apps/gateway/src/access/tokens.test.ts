import express from 'express'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { errorHandler } from '../http/error-handler.ts'
import { serve } from '../testing/serve.ts'
import { type Caller, callersOf } from './callers.ts'
import { callerOf, requireToken } from './tokens.ts'

/** Starts a server that requires a token and answers with the name of the caller, and sends it a request. */
const askAs = async (
  callers: readonly Caller[],
  headers: Record<string, string>,
  door?: string,
): Promise<Response> => {
  const app = express()
  app.use(requireToken({ callers, door }))
  app.use((_request, response) => void response.end(callerOf(response)))
  app.use(errorHandler({ logger: pino({ level: 'silent' }) }))
  return fetch(`${await serve(app)}/api/tags`, { headers })
}

const ask = (token: string | undefined, headers: Record<string, string>) =>
  askAs(callersOf(token, []), headers)

const TOKEN = 's3cret token'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test('without a configured token, everybody may call', async () => {
  expect((await ask(undefined, {})).status).toBe(200)
  expect((await ask(undefined, { Authorization: 'Bearer what' })).status).toBe(200)
})

describe('with a configured token', () => {
  test.each<[what: string, headers: Record<string, string>]>([
    ['as a bearer token', { Authorization: `Bearer ${TOKEN}` }],
    ['as a bearer token, with the word in any case', { authorization: `bEARER ${TOKEN}` }],
    ['as a bearer token after several spaces', { Authorization: `Bearer   ${TOKEN}` }],
    ['as a password', { Authorization: basic(`any:${TOKEN}`) }],
    ['as a user without a password', { Authorization: basic(`${TOKEN}:`) }],
    ['as an API key', { 'X-Api-Key': TOKEN }],
    [
      'as an API key, next to credentials of another kind',
      { 'x-api-key': TOKEN, Authorization: 'Basic dTpw' },
    ],
  ])('a caller that sends it %s may call', async (_what, headers) => {
    const response = await ask(TOKEN, headers)
    expect([response.status, await response.text()]).toEqual([200, 'default'])
  })

  test.each<[what: string, headers: Record<string, string>]>([
    ['nothing', {}],
    ['another token', { Authorization: 'Bearer other' }],
    ['part of it', { Authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['more than it', { Authorization: `Bearer ${TOKEN}x` }],
    ['it in another case', { Authorization: `Bearer ${TOKEN.toUpperCase()}` }],
    ['an empty bearer token', { Authorization: 'Bearer ' }],
    ['it without the word Bearer', { Authorization: TOKEN }],
    ['it after another word', { Authorization: `Basic ${TOKEN}` }],
    ['another password', { Authorization: basic('any:other') }],
    ['it as a user, with a password', { Authorization: basic(`${TOKEN}:x`) }],
    ['it in Basic without a colon', { Authorization: basic(TOKEN) }],
    ['what is no base64', { Authorization: `Basic any:${TOKEN}` }],
    ['another key', { 'X-Api-Key': 'other' }],
    ['an empty key', { 'X-Api-Key': '' }],
    ['the key twice', { 'X-Api-Key': `${TOKEN}, ${TOKEN}` }],
    ['a token of other characters', { Authorization: 'Bearer caf\u00e9' }],
  ])('a caller that sends %s may not', async (_what, headers) => {
    const response = await ask(TOKEN, headers)
    expect([response.status, await response.json()]).toEqual([401, { error: 'unauthorized' }])
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer')
  })
})

describe('with several callers', () => {
  const callers = callersOf(TOKEN, [
    { name: 'ann', token: 'a' },
    { name: 'bob', token: 'b' },
  ])

  test.each([
    [{ Authorization: `Bearer ${TOKEN}` }, 'default'],
    [{ Authorization: 'Bearer a' }, 'ann'],
    [{ Authorization: basic('bob:a') }, 'ann'],
    [{ 'X-Api-Key': 'b' }, 'bob'],
  ])('%j names the caller %s', async (headers, name) => {
    expect(await (await askAs(callers, headers as Record<string, string>)).text()).toBe(name)
  })

  test('an unknown token, or none, names nobody', async () => {
    expect((await askAs(callers, { Authorization: 'Bearer c' })).status).toBe(401)
    expect((await askAs(callers, { Authorization: basic('ann:c') })).status).toBe(401)
    expect((await askAs(callers, {})).status).toBe(401)
  })
})

describe('at the door of bob', () => {
  const callers = callersOf(TOKEN, [
    { name: 'ann', token: 'a' },
    { name: 'bob', token: 'b' },
  ])
  const PAGE = { Origin: 'http://localhost:3000' }

  test.each<[what: string, headers: Record<string, string>, name: string]>([
    ['no credentials', {}, 'bob'],
    ['an empty bearer token', { Authorization: 'Bearer ' }, 'bob'],
    ['an empty user and password', { Authorization: basic(':') }, 'bob'],
    ['an empty key', { 'X-Api-Key': '' }, 'bob'],
    ['the origin of a desktop application', { Origin: 'app://obsidian.md' }, 'bob'],
    ['his own token', { Authorization: 'Bearer b' }, 'bob'],
    ['the token of ann', { Authorization: 'Bearer a' }, 'ann'],
    ['the password of ann', { Authorization: basic('bob:a') }, 'ann'],
    ['the token of a page', { 'X-Api-Key': 'a', ...PAGE }, 'ann'],
  ])('a request with %s has the right caller', async (_what, headers, name) => {
    expect(await (await askAs(callers, headers, 'bob')).text()).toBe(name)
  })

  test.each<[what: string, headers: Record<string, string>]>([
    ['an unknown token', { Authorization: 'Bearer c' }],
    ['an unknown key', { 'X-Api-Key': 'ollama' }],
    ['credentials that cannot be read', { Authorization: 'Basic !' }],
    ['the origin of a page', PAGE],
    ['an empty token and the origin of a page', { Authorization: 'Bearer ', ...PAGE }],
    ['an image of a page', { 'Sec-Fetch-Site': 'cross-site' }],
  ])('a request with %s is refused', async (_what, headers) => {
    const response = await askAs(callers, headers, 'bob')
    expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer'])
  })
})
