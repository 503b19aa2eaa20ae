import { routes } from '@foreman/ollama-client'
import express from 'express'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { errorHandler } from '../http/error-handler.ts'
import { serve } from '../testing/serve.ts'
import { type Role, setWho } from './roles.ts'
import { type Management, targetRules } from './target-rules.ts'

interface Asked {
  readonly role: Role
  readonly management?: Management
  readonly headers?: Record<string, string>
}

/** A function that sends requests to the rules. What they let through is answered with 200. */
const asker = async ({ role, management = 'on', headers = {} }: Asked) => {
  const app = express()
  app.use((_request, response, next) => {
    setWho(response, { role, caller: 'ann' })
    next()
  })
  app.use(targetRules({ management }))
  app.use((_request, response) => void response.end())
  app.use(errorHandler({ logger: pino({ level: 'silent' }) }))
  const url = await serve(app)
  return async (method: string, path: string) => {
    const answer = await fetch(url + path, { method, headers })
    return { status: answer.status, text: await answer.text() }
  }
}

const KINDS = ['metadata', 'embedding', 'generating', 'management', 'account', 'other', 'unknown'] as const
type Kind = (typeof KINDS)[number]

/** Every route of Ollama with each of its methods, and some that Ollama does not have, or not with this method. */
const asked: readonly { kind: Kind; method: string; path: string }[] = [
  ...routes.flatMap(({ kind, path, methods }) =>
    methods.map(method => ({
      kind,
      method,
      path: path.length > 1 && path.endsWith('/') ? `${path}x` : path,
    })),
  ),
  { kind: 'unknown', method: 'POST', path: '/api/of-tomorrow' },
  { kind: 'unknown', method: 'GET', path: '/api/of-tomorrow' },
  { kind: 'unknown', method: 'DELETE', path: '/api/tags' },
  { kind: 'unknown', method: 'GET', path: '/api/chat' },
]

const HARMLESS: readonly Kind[] = ['metadata', 'embedding', 'generating']

test.each<[role: Role, management: Management, open: readonly Kind[]]>([
  ['caller', 'on', KINDS],
  ['caller', 'operator', HARMLESS],
  ['caller', 'off', HARMLESS],
  ['viewer', 'on', ['metadata']],
  ['viewer', 'operator', ['metadata']],
  ['viewer', 'off', ['metadata']],
  ['operator', 'on', KINDS],
  ['operator', 'operator', KINDS],
  ['operator', 'off', HARMLESS],
])('a %s may use, with FOREMAN_MANAGEMENT=%s: %j', async (role, management, open) => {
  const ask = await asker({ role, management })
  for (const { kind, method, path } of asked) {
    const { status } = await ask(method, path)
    expect([method, path, status]).toEqual([method, path, open.includes(kind) ? 200 : 403])
  }
})

test('what only looks like a pre-flight request does no harm', async () => {
  const ask = await asker({ role: 'viewer', management: 'off' })
  expect((await ask('OPTIONS', '/api/tags')).status).toBe(200)
})

describe('where operators manage models', () => {
  const management = 'operator'

  test('others are told which setting would help, in the form of the route', async () => {
    const ask = await asker({ role: 'caller', management })
    const native = JSON.parse((await ask('POST', '/api/pull')).text) as { error: string }
    expect(native.error).toContain('FOREMAN_OPERATOR_TOKEN')
    const openai = JSON.parse((await ask('POST', '/v1/of-tomorrow')).text) as { error: { type: string } }
    expect(openai.error.type).toBe('permission_error')
  })

  test('no page of another origin does, but it may do what it could do before', async () => {
    const headers = { Origin: 'http://localhost:3000' }
    const ask = await asker({ role: 'operator', management, headers })
    expect((await ask('DELETE', '/api/delete')).status).toBe(403)
    expect((await ask('POST', '/api/chat')).status).toBe(200)
    const everywhere = await asker({ role: 'operator', headers })
    expect((await everywhere('DELETE', '/api/delete')).status).toBe(200)
  })
})
