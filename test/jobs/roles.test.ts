import type { Delivery, Job } from '@foreman/foreman-client'
import { type RouteKind, routes } from '@foreman/ollama-client'
import { describe, expect, test } from 'vitest'
import { hello, type JobsUnderTest, startJobs } from '../harness/jobs.ts'
import { startReceiver, webhookVariables } from '../harness/receiver.ts'
import { until } from '../harness/until.ts'

const ROLES = { FOREMAN_TOKENS: 'ann:a,bob:b', FOREMAN_OPERATOR_TOKEN: 'o', FOREMAN_VIEWER_TOKEN: 'v' }

const TOKENS = { ann: 'a', bob: 'b', viewer: 'v', operator: 'o' } as const
type Name = keyof typeof TOKENS

const as = (name: Name | 'nobody'): Record<string, string> =>
  name === 'nobody' ? {} : { authorization: `Bearer ${TOKENS[name]}` }

/** Stands in the prompt, the metadata, the path of the webhook, and in what its receiver answers. */
const SECRET = 'confidential'

/** A foreman with several callers, and a word for an ended job that has a webhook. */
const start = async (variables: Record<string, string> = {}, roles: Record<string, string> = ROLES) => {
  const reply = { status: 400, headers: {}, body: SECRET }
  const receiver = await startReceiver(() => reply)
  const jobs = await startJobs({ variables: { ...roles, ...webhookVariables, ...variables } })
  const endedJob = async (owner: Name) => {
    const submission = {
      request: { model: 'plain', prompt: SECRET },
      metadata: { of: SECRET },
      webhook: { url: `${receiver.url}/${SECRET}` },
    }
    const { id } = await jobs.submit(submission, as(owner))
    const job = `/jobs/${id}`
    const wait = { ...as(owner), prefer: 'wait=30' }
    const { json } = await jobs.ask('GET', job, undefined, wait)
    const { response } = (json as unknown as Job).result as { response: string }
    const deliveries = async () =>
      (await jobs.ask('GET', `${job}/deliveries`, undefined, as(owner))).json['deliveries'] as Delivery[]
    await until(async () => (await deliveries())[0]?.attempts.length === 1)
    return { id, delivery: (await deliveries())[0]!.id, response }
  }
  return { ...jobs, endedJob, statusOf: statusesOf(jobs) }
}

/** Its answer does not end. */
const ENDLESS = 'GET /queue/events'

const statusOfHead = async (url: string, headers: Record<string, string>): Promise<number> => {
  const cut = new AbortController()
  const { status } = await fetch(url, { headers, signal: cut.signal })
  cut.abort()
  return status
}

const statusesOf =
  ({ ask, foreman }: JobsUnderTest) =>
  async (route: string, who: Name | 'nobody', body?: unknown): Promise<number> => {
    const [method = '', path = ''] = route.split(' ')
    const headers = { ...as(who), 'content-type': 'application/json' }
    if (route === ENDLESS) return statusOfHead(`${foreman.url}${path}`, headers)
    return (await ask(method, path, body, headers)).status
  }

describe('who may what on the routes of foreman', () => {
  /** The statuses for a job of ann: of ann, of bob, of a viewer, of an operator, and of an operator with FOREMAN_REVEAL=off. */
  const TABLE: readonly (readonly [route: string, ...statuses: number[]])[] = [
    ['GET /jobs', 200, 200, 200, 200, 200],
    ['POST /jobs', 202, 202, 403, 202, 202],
    ['POST /jobs/batch', 202, 202, 403, 202, 202],
    ['GET /jobs/{id}', 200, 404, 200, 200, 200],
    ['HEAD /jobs/{id}', 200, 404, 200, 200, 200],
    ['GET /jobs/{id}/events', 200, 404, 200, 200, 200],
    ['GET /jobs/{id}/stream', 200, 404, 403, 200, 403],
    ['GET /jobs/{id}/request', 200, 404, 403, 200, 403],
    ['GET /jobs/{id}/deliveries', 200, 404, 200, 200, 200],
    ['GET /jobs/{id}/deliveries/{delivery}', 200, 404, 200, 200, 200],
    ['POST /jobs/{id}/deliveries/{delivery}/redeliver', 202, 404, 403, 202, 202],
    ['POST /jobs/{id}/cancel', 200, 404, 403, 200, 200],
    ['DELETE /jobs/{id}', 200, 404, 403, 200, 200],
    ['POST /jobs/{id}/retry', 202, 404, 403, 202, 202],
    ['GET /deliveries', 200, 200, 200, 200, 200],
    ['GET /deliveries/receivers', 403, 403, 200, 200, 200],
    ['POST /deliveries/redeliver', 403, 403, 403, 200, 200],
    ['POST /jobs/actions', 200, 200, 403, 200, 200],
    ['GET /queue/operations/{operation}', 200, 404, 200, 200, 200],
    ['DELETE /queue/operations/{operation}', 200, 404, 403, 200, 200],
    ['GET /queue/operations/0', 404, 404, 404, 404, 404],
    ['DELETE /queue/operations/x', 404, 404, 403, 404, 404],
    ['GET /jobs/job_1', 404, 404, 404, 404, 404],
    ['POST /jobs/job_1/cancel', 404, 404, 403, 404, 404],
    ['GET /batches', 200, 200, 200, 200, 200],
    ['GET /batches/{batch}', 200, 404, 200, 200, 200],
    ['GET /batches/{batch}/results', 200, 404, 200, 200, 200],
    ['DELETE /batches/{batch}', 200, 404, 403, 200, 200],
    ['GET /metrics', 403, 403, 200, 200, 200],
    ['GET /queue', 200, 200, 200, 200, 200],
    ['GET /queue/you', 200, 200, 200, 200, 200],
    ['GET /queue/events', 200, 200, 200, 200, 200],
    ['GET /queue/timeline', 403, 403, 200, 200, 200],
    ['GET /queue/system', 403, 403, 200, 200, 200],
    ['GET /queue/arrival-order', 403, 403, 200, 200, 200],
    ['GET /queue/history', 403, 403, 200, 200, 200],
    ['GET /queue/models', 403, 403, 200, 200, 200],
    ['PATCH /jobs/{id}', 409, 404, 403, 409, 409],
    ['PUT /jobs/{id}', 405, 405, 403, 405, 405],
    ['POST /queue/pause', 403, 403, 403, 200, 200],
    ['POST /queue/resume', 403, 403, 403, 200, 200],
    ['POST /queue/close', 403, 403, 403, 200, 200],
    ['POST /queue/open', 403, 403, 403, 200, 200],
    ['POST /queue/turn/end', 403, 403, 403, 200, 200],
    ['GET /queue/holds', 403, 403, 200, 200, 200],
    ['POST /queue/holds', 403, 403, 403, 200, 200],
    ['DELETE /queue/holds/{id}', 403, 403, 403, 404, 404],
    ['GET /queue/operations', 403, 403, 200, 200, 200],
    ['GET /openapi.json', 200, 200, 200, 200, 200],
    ['GET /healthz', 200, 200, 200, 200, 200],
    ['GET /readyz', 200, 200, 200, 200, 200],
  ]
  const BODIES: Readonly<Record<string, unknown>> = {
    'POST /jobs': hello,
    'POST /jobs/batch': [hello],
    'PATCH /jobs/{id}': { priority: 'low' },
    'POST /deliveries/redeliver': { filter: {}, dry_run: true },
    'POST /jobs/actions': { action: 'cancel', filter: {}, dry_run: true },
    'POST /queue/holds': { kind: 'priority', subject: 'low' },
  }

  /** Asks for a route of the table, about what belongs to ann. */
  const walkerOf = async ({ ask, endedJob, statusOf }: Awaited<ReturnType<typeof start>>) => {
    const { id, delivery } = await endedJob('ann')
    const begun = await ask('POST', '/jobs/actions', { action: 'cancel', filter: {} }, as('ann'))
    const operation = String(begun.json['id'])
    const many = { ...as('ann'), 'content-type': 'application/json' }
    const batch = String((await ask('POST', '/jobs/batch', [hello], many)).json['batch'])
    const names = { id, delivery, operation, batch }
    return async (route: string, askers: readonly (Name | 'nobody')[]): Promise<number[]> => {
      const asked = route.replace(/{(.*?)}/g, (_, name: keyof typeof names) => names[name])
      const answered = []
      for (const asker of askers) answered.push(await statusOf(asked, asker, BODIES[route]))
      return answered
    }
  }

  const OPEN = new Set(['GET /openapi.json', 'GET /healthz', 'GET /readyz'])

  test.each<[tokens: string, variables: Record<string, string>]>([
    ['no token: everybody is an operator', {}],
    ['one token: whoever has it is the operator, and nobody else comes in', { FOREMAN_TOKENS: 'ann:a' }],
    ['several tokens: nobody comes in without one', ROLES],
  ])('the table, with %s', async (_what, variables) => {
    const walk = await walkerOf(await start({}, variables))
    const hasTokens = 'FOREMAN_TOKENS' in variables
    for (const [route, ann, , , operator] of TABLE) {
      const stranger = hasTokens && !OPEN.has(route) ? 401 : operator
      // A token that foreman does not know is that of a stranger, and without tokens it is not looked at.
      const bob = variables === ROLES ? [] : [stranger]
      const own = variables === ROLES ? ann : operator
      const answered = await walk(route, ['nobody', ...(variables === ROLES ? [] : ['bob' as const]), 'ann'])
      expect([route, ...answered]).toEqual([route, stranger, ...bob, own])
    }
  })

  test.each(['on', 'off'])('the table, with FOREMAN_REVEAL=%s', async reveal => {
    const started = await start({ FOREMAN_REVEAL: reveal })
    const { ask } = started
    const walk = await walkerOf(started)
    for (const [route, ann, bob, viewer, operator, unrevealed] of TABLE) {
      const answered = await walk(route, ['ann', 'bob', 'viewer', 'operator'])
      const expected = [ann, bob, viewer, reveal === 'on' ? operator : unrevealed]
      expect([route, ...answered]).toEqual([route, ...expected])
    }
    const { paths } = (await ask('GET', '/openapi.json')).json as { paths: Record<string, object> }
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    )
    const missing = documented.filter(each => !TABLE.some(([route]) => route === each))
    expect(missing.filter(each => !/^PARAMETERS|^\w+ \/(api|v1)\//.test(each))).toEqual([])
  })
})

describe('what is content', () => {
  const READING = [
    '/jobs',
    '/jobs?limit=1',
    '/jobs/{id}',
    '/jobs/{id}/events',
    '/jobs/{id}/request',
    '/jobs/{id}/deliveries',
    '/jobs/{id}/deliveries/{delivery}',
    '/deliveries',
  ]

  /** All that somebody can read of a job, as one text. */
  const everythingAs = async (who: Name, reveal = 'on') => {
    const { ask, endedJob, foreman } = await start({ FOREMAN_REVEAL: reveal })
    const { id, delivery, response } = await endedJob('ann')
    const texts = []
    for (const path of READING) {
      const asked = path.replace('{id}', id).replace('{delivery}', delivery)
      texts.push((await ask('GET', asked, undefined, as(who))).text)
    }
    const looks = async () =>
      (await foreman.store.operations.list({ limit: 9 })).map(({ subject }) => subject)
    return { text: texts.join('\n'), word: response.trim().split(' ')[0]!, looks }
  }

  test.each<[name: Name, reveal: string]>([
    ['viewer', 'on'],
    ['operator', 'off'],
  ])('is not shown to the %s, with FOREMAN_REVEAL=%s', async (name, reveal) => {
    const { text, word } = await everythingAs(name, reveal)
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain(word)
    // But everything else is.
    for (const known of ['"caller":"ann"', 'completion_tokens', 'event: succeeded', 'msg_', '"status":400'])
      expect(text).toContain(known)
  })

  test('is shown to the operator, and that is written down', async () => {
    const { text, word, looks } = await everythingAs('operator')
    expect(text).toContain(SECRET)
    expect(text).toContain(word)
    expect((await looks()).toSorted()).toEqual(['deliveries', expect.stringMatching(/^job_/), 'jobs'])
  })

  test('is looked at by nobody else', async () => {
    for (const [name, reveal] of [['ann'], ['viewer'], ['operator', 'off']] as const) {
      const { looks } = await everythingAs(name, reveal)
      expect([name, await looks()]).toEqual([name, []])
    }
  })
})

test('what an operator does to the jobs of others is written down, and what callers do to their own is not', async () => {
  const { ask, endedJob, submit, foreman } = await start({ FOREMAN_REVEAL: 'off' })
  const { id, delivery } = await endedJob('ann')
  const written = async () =>
    (await foreman.store.operations.list({ limit: 9 })).map(({ by, action, subject }) => [
      by,
      action,
      subject,
    ])
  const retried = async (who: Name) => {
    const { json } = await ask('POST', `/jobs/${id}/retry`, undefined, as(who))
    return json['id'] as string
  }
  await foreman.stopWorker()
  const stepIn = async (who: Name) => {
    const queued = await retried(who)
    await ask('DELETE', `/jobs/${queued}`, undefined, as(who))
    await ask('DELETE', `/jobs/${queued}`, undefined, as(who))
    await ask('POST', `/jobs/${id}/deliveries/${delivery}/redeliver`, undefined, as(who))
    return queued
  }
  await stepIn('ann')
  expect(await written()).toEqual([])
  const cancelled = await stepIn('operator')
  expect(await written()).toEqual([
    ['operator', 'redeliver', id],
    ['operator', 'cancel', cancelled],
    ['operator', 'retry', id],
  ])
  await ask('DELETE', `/jobs/${(await submit(hello, as('operator'))).id}`, undefined, as('operator'))
  expect(await written()).toHaveLength(3)
})

test('an operator steps in, and the job stays that of its caller', async () => {
  const { ask, endedJob, submit } = await start({ FOREMAN_REVEAL: 'off' })
  const { id } = await endedJob('ann')
  const { json } = await ask('POST', `/jobs/${id}/retry`, undefined, as('operator'))
  expect(json).toMatchObject({ caller: 'ann', retry_of: id })
  expect(json).not.toHaveProperty('metadata')
  expect((await submit(hello, as('operator'))).caller).toBe('operator')
  const listed = async (query: string, who: Name) => {
    const page = await ask('GET', `/jobs${query}`, undefined, as(who))
    return (page.json['jobs'] as Job[]).map(({ caller }) => caller)
  }
  for (const name of ['viewer', 'operator'] as const) {
    expect(await listed('', name)).toEqual(['operator', 'ann', 'ann'])
    expect(await listed('?caller=ann', name)).toEqual(['ann', 'ann'])
  }
  expect(await listed('', 'ann')).toEqual(['ann', 'ann'])
})

describe('who may what on the routes of Ollama', () => {
  const chat = { model: 'plain', messages: [{ role: 'user', content: 'hi' }], stream: false }
  /** A path that ends in a slash is followed by something. */
  const askedOf = (kind: RouteKind | 'generating') =>
    routes
      .filter(route => route.kind === kind)
      .flatMap(({ path, methods }) => methods.map(method => `${method} ${path.replace(/(?<=.)\/$/, '/x')}`))

  test.each<[management: string, kind: RouteKind | 'generating', refused: readonly Name[]]>([
    ['on', 'metadata', []],
    ['on', 'generating', ['viewer']],
    ['on', 'embedding', ['viewer']],
    ['on', 'management', ['viewer']],
    ['on', 'account', ['viewer']],
    ['on', 'other', ['viewer']],
    ['operator', 'metadata', []],
    ['operator', 'generating', ['viewer']],
    ['operator', 'embedding', ['viewer']],
    ['operator', 'management', ['ann', 'viewer']],
    ['operator', 'account', ['ann', 'viewer']],
    ['operator', 'other', ['ann', 'viewer']],
  ])(
    'with FOREMAN_MANAGEMENT=%s, the routes of kind %s are closed to: %j',
    async (management, kind, refused) => {
      const { statusOf } = await start({ FOREMAN_MANAGEMENT: management })
      for (const route of askedOf(kind)) {
        for (const name of ['ann', 'viewer', 'operator'] as const) {
          const isRefused = (await statusOf(route, name, { model: 'nobody' })) === 403
          expect([route, name, isRefused]).toEqual([route, name, refused.includes(name)])
        }
      }
    },
  )

  test('a viewer is refused in the form of the route, also when it does not wait', async () => {
    const { ask, foreman } = await start()
    for (const more of [{}, { prefer: 'respond-async' }]) {
      const headers = { ...as('viewer'), ...more }
      const native = await ask('POST', '/api/chat', chat, headers)
      expect([native.status, native.json]).toEqual([
        403,
        { error: expect.stringContaining('FOREMAN_VIEWER_TOKEN') as string },
      ])
      const openai = await ask('POST', '/v1/chat/completions', chat, headers)
      expect([openai.status, openai.json['error']]).toMatchObject([403, { type: 'permission_error' }])
    }
    const own = await ask('POST', '/jobs', hello, as('viewer'))
    expect(own.json).toMatchObject({ status: 403, code: 'forbidden' })
    expect(await foreman.store.records.queued()).toBe(0)
  })
})

test('where there are no tokens, or one caller alone, everything is as it is without roles', async () => {
  const variables = { FOREMAN_MANAGEMENT: 'operator' }
  const open = await startJobs({ worker: false, variables })
  const alone = await startJobs({ worker: false, variables: { ...variables, FOREMAN_TOKEN: 'a' } })
  for (const [{ ask }, headers] of [
    [open, {}],
    [alone, as('ann')],
  ] as const) {
    expect((await ask('POST', '/jobs', hello, headers)).json).toMatchObject({ caller: 'default' })
    // The simulated Ollama has no models to pull.
    expect((await ask('POST', '/api/pull', { model: 'x' }, headers)).status).toBe(501)
  }
})
