import express from 'express'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { errorHandler } from '../http/error-handler.ts'
import { serve } from '../testing/serve.ts'
import { identitiesOf, type Tokens } from './identities.ts'
import { type Who, whoOf } from './roles.ts'
import { requireToken } from './tokens.ts'

const NO_TOKENS: Tokens = { token: undefined, tokens: [], operatorToken: undefined, viewerToken: undefined }

/** Starts a server that requires a token and answers with whoever has sent a request, and sends it one. */
const askAs = async (
  tokens: Partial<Tokens>,
  headers: Record<string, string>,
  door?: string,
): Promise<Response> => {
  const app = express()
  app.use(requireToken({ identities: identitiesOf({ ...NO_TOKENS, ...tokens }), door }))
  app.use((_request, response) => void response.json(whoOf(response)))
  app.use(errorHandler({ logger: pino({ level: 'silent' }) }))
  return fetch(`${await serve(app)}/api/tags`, { headers })
}

const ask = (token: string | undefined, headers: Record<string, string>) => askAs({ token }, headers)

const whoAsks = async (...asked: Parameters<typeof askAs>): Promise<Who> =>
  (await (await askAs(...asked)).json()) as Who

const callerOf = async (...asked: Parameters<typeof askAs>): Promise<string> =>
  (await whoAsks(...asked)).caller

const TOKEN = 's3cret token'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test('without a configured token, everybody may call, and is the operator', async () => {
  for (const headers of [{}, { Authorization: 'Bearer what' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
    expect(await whoAsks({}, headers)).toEqual({ caller: 'default', role: 'operator' })
  }
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
    expect([response.status, await response.json()]).toEqual([200, { caller: 'default', role: 'operator' }])
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
  const callers = {
    token: TOKEN,
    tokens: [
      { name: 'ann', token: 'a' },
      { name: 'bob', token: 'b' },
    ],
  }

  test.each([
    [{ Authorization: `Bearer ${TOKEN}` }, 'default'],
    [{ Authorization: 'Bearer a' }, 'ann'],
    [{ Authorization: basic('bob:a') }, 'ann'],
    [{ 'X-Api-Key': 'b' }, 'bob'],
  ])('%j names the caller %s', async (headers, name) => {
    expect(await callerOf(callers, headers as Record<string, string>)).toBe(name)
  })

  test('an unknown token, or none, names nobody', async () => {
    expect((await askAs(callers, { Authorization: 'Bearer c' })).status).toBe(401)
    expect((await askAs(callers, { Authorization: basic('ann:c') })).status).toBe(401)
    expect((await askAs(callers, {})).status).toBe(401)
  })
})

describe('at the door of bob', () => {
  const callers = {
    token: TOKEN,
    tokens: [
      { name: 'ann', token: 'a' },
      { name: 'bob', token: 'b' },
    ],
  }
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
    expect(await whoAsks(callers, headers, 'bob')).toEqual({ caller: name, role: 'caller' })
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

describe('a role', () => {
  const roles = {
    operatorToken: 'o',
    viewerToken: 'v',
    tokens: [{ name: 'ann', token: 'a', priority: 'low' as const }],
  }

  test.each<[what: string, headers: Record<string, string>, who: Who]>([
    ['operator, by a bearer token', { Authorization: 'Bearer o' }, { caller: 'operator', role: 'operator' }],
    ['operator, by a password', { Authorization: basic('any:o') }, { caller: 'operator', role: 'operator' }],
    ['operator, by an API key', { 'X-Api-Key': 'o' }, { caller: 'operator', role: 'operator' }],
    ['viewer, by a bearer token', { Authorization: 'Bearer v' }, { caller: 'viewer', role: 'viewer' }],
    ['viewer, by a user name', { Authorization: basic('v:') }, { caller: 'viewer', role: 'viewer' }],
    ['viewer, by an API key', { 'X-Api-Key': 'v' }, { caller: 'viewer', role: 'viewer' }],
    [
      'caller, with the priority of its token',
      { Authorization: 'Bearer a' },
      { caller: 'ann', role: 'caller', priority: 'low' },
    ],
  ])('is that of the %s', async (_what, headers, who) => {
    expect(await whoAsks(roles, headers)).toEqual(who)
    expect(await whoAsks(roles, headers, 'ann')).toEqual(who)
  })

  test('needs a token, also where callers have none', async () => {
    const { operatorToken, viewerToken } = roles
    expect((await askAs({ operatorToken }, {})).status).toBe(401)
    expect((await askAs({ operatorToken, viewerToken }, { Authorization: 'Bearer x' })).status).toBe(401)
  })

  test('does not come with a door, not even to a caller who is alone', async () => {
    const alone = { tokens: [{ name: 'ann', token: 'a' }] }
    expect(await whoAsks(alone, {}, 'ann')).toEqual({ caller: 'ann', role: 'caller' })
    expect(await whoAsks(alone, { Authorization: 'Bearer a' }, 'ann')).toEqual({
      caller: 'ann',
      role: 'operator',
    })
  })
})
