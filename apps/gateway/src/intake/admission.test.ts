import { destinationPolicy, parseAllowList } from '@foreman/webhooks'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { Admission, type Candidate } from './admission.ts'

const draft = (model: string, url?: string): Candidate => ({
  flaw: undefined,
  needs: ['completion'],
  path: '/api/chat',
  endpoint: '/api/chat',
  model,
  modelName: model,
  loadOptions: '{}',
  streaming: false,
  headers: [],
  body: Buffer.from('{}'),
  caller: 'default',
  priority: 'normal',
  webhook: url === undefined ? undefined : { url, events: ['job.succeeded'] },
})

/** A target that has every model, and refuses no request. */
const willing = {
  refusesModel: async () => false,
  capabilitiesOf: async () => [],
  refusal: async () => undefined,
}

/** The target has every model but `missing`. Webhooks may go to public addresses only. */
const trial = async ({ hasWebhookSecret = true } = {}) => {
  const asked: string[] = []
  const checked: string[] = []
  const policy = destinationPolicy({ allow: parseAllowList('')! })
  const admission = new Admission({
    store: await tempStore(),
    target: {
      ...willing,
      refusesModel: async model => {
        asked.push(model)
        return model === 'missing'
      },
    },
    policy: {
      ...policy,
      check: async url => {
        checked.push(url)
        return policy.check(url)
      },
    },
    hasWebhookSecret,
  })
  return { admission, asked, checked }
}

const RECEIVER = 'https://93.184.216.34'

test('a job is acceptable when the target has its model and its webhook may be sent', async () => {
  const { admission } = await trial()
  await admission.ensureAcceptable(draft('m'))
  await admission.ensureAcceptable(draft('m', `${RECEIVER}/hook`))
})

test('a model that the target does not have is refused', async () => {
  const { admission } = await trial()
  await expect(admission.ensureAcceptable(draft('missing'))).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
  })
})

test.each([
  ['a private address', 'http://127.0.0.1/', /FOREMAN_WEBHOOK_ALLOW can allow it/],
  ['text that is no URL', 'nowhere', /./],
])('a webhook to %s is refused', async (_what, url, message) => {
  const { admission } = await trial()
  await expect(admission.ensureAcceptable(draft('m', url))).rejects.toMatchObject({
    status: 422,
    code: 'webhook_refused',
    message: expect.stringMatching(message) as string,
  })
})

test('a webhook is refused when none can be signed', async () => {
  const { admission } = await trial({ hasWebhookSecret: false })
  await expect(admission.ensureAcceptable(draft('m', RECEIVER))).rejects.toThrow(/FOREMAN_WEBHOOK_SECRET/)
  await admission.ensureAcceptable(draft('m'))
})

test('a host name that cannot be looked up now is no reason to refuse', async () => {
  const admission = new Admission({
    store: await tempStore(),
    target: willing,
    policy: destinationPolicy({
      allow: parseAllowList('')!,
      resolve: () => Promise.reject(new Error('the name server is away')),
    }),
    hasWebhookSecret: true,
  })
  await admission.ensureAcceptable(draft('m', 'https://receiver.example'))
})

test('a batch asks about each model and each receiver once', async () => {
  const { admission, asked, checked } = await trial()
  await admission.ensureAllAcceptable([
    draft('m', `${RECEIVER}/1`),
    draft('n', `${RECEIVER}/2`),
    draft('m', `${RECEIVER}/1`),
  ])
  expect([asked, checked]).toEqual([['m', 'n'], [`${RECEIVER}/1`]])
})

test('a batch looks each host up once, whatever its ports and paths', async () => {
  const looked: string[] = []
  const resolve = async (name: string) => {
    looked.push(name)
    return [{ address: '93.184.216.34', family: 4 } as const]
  }
  const admission = new Admission({
    store: await tempStore(),
    target: willing,
    policy: destinationPolicy({ allow: parseAllowList('')!, resolve }),
    hasWebhookSecret: true,
  })
  const urls = ['https://a.example/1', 'https://a.example:8443/', 'http://a.example/2', 'https://b.example/']
  await admission.ensureAllAcceptable([...urls, ...urls].map(url => draft('m', url)))
  expect(looked).toEqual(['a.example', 'b.example'])

  const many = Array.from({ length: 1_000 }, (_, n) => `https://h${n % 250}.example:${n + 1}/`)
  looked.length = 0
  await admission.ensureAllAcceptable(many.map(url => draft('m', url)))
  expect(looked).toHaveLength(250)
})

test('a batch of names that no name server answers for is accepted after one deadline', async () => {
  const resolve = () => new Promise<never>(() => undefined)
  const admission = new Admission({
    store: await tempStore(),
    target: willing,
    policy: destinationPolicy({ allow: parseAllowList('')!, resolve, lookUpDeadlineMs: 100 }),
    hasWebhookSecret: true,
  })
  const startedAt = performance.now()
  const names = Array.from({ length: 100 }, (_, n) => draft('m', `https://h${n}.example/`))
  await admission.ensureAllAcceptable(names)
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})

describe('the models of a batch', () => {
  /** A target that answers when the test lets it. */
  const slowTarget = async () => {
    const answers: ((isRefused: boolean) => void)[] = []
    const refusesModel = () => new Promise<boolean>(resolve => answers.push(resolve))
    const admission = new Admission({
      store: await tempStore(),
      target: { ...willing, refusesModel },
      policy: destinationPolicy({ allow: parseAllowList('')! }),
      hasWebhookSecret: true,
    })
    const answersCome = (count: number) => expect.poll(() => answers.length).toBe(count)
    return { admission, answers, answersCome }
  }
  const models = (count: number) => Array.from({ length: count }, (_, n) => draft(`m${n}`))

  test('are asked about eight at a time, and each once under whatever name', async () => {
    const { admission, answers, answersCome } = await slowTarget()
    const again = { ...draft('m0:latest'), modelName: 'm0' }
    const admitted = admission.ensureAllAcceptable([...models(10), again, ...models(10)])
    await answersCome(8)
    answers[3]!(false)
    await answersCome(9)
    answers[8]!(false)
    await answersCome(10)
    for (const answer of answers) answer(false)
    await admitted
    expect(answers).toHaveLength(10)
  })

  test('are asked about no more once one of them is refused', async () => {
    const { admission, answers, answersCome } = await slowTarget()
    const admitted = admission.ensureAllAcceptable(models(20))
    await answersCome(8)
    answers[5]!(true)
    await expect(admitted).rejects.toMatchObject({ name: 'BatchRefusal', index: 5 })
    for (const answer of answers) answer(false)
    await setImmediate()
    await setImmediate()
    expect(answers).toHaveLength(8)
  })
})

test.each([
  ['is no URL', 'nowhere'],
  ['holds a password', 'https://me:hush@93.184.216.34/'],
  ['holds characters of no URL', `${RECEIVER}/\u00e4`],
  ['holds a space', `${RECEIVER}/a b`],
  ['is a private address', 'http://10.0.0.1/'],
])('a batch is refused for a later job whose webhook %s, before anything is asked', async (_what, url) => {
  const { admission, asked, checked } = await trial()
  const jobs = [draft('m', `${RECEIVER}/1`), draft('m'), draft('m', url)]
  await expect(admission.ensureAllAcceptable(jobs)).rejects.toMatchObject({
    name: 'BatchRefusal',
    index: 2,
    refusal: { status: 422, code: 'webhook_refused' },
  })
  expect([asked, checked]).toEqual([[], []])
})

test('a batch is refused for the first webhook when none can be signed', async () => {
  const { admission } = await trial({ hasWebhookSecret: false })
  await expect(
    admission.ensureAllAcceptable([draft('m'), draft('m', RECEIVER), draft('m', RECEIVER)]),
  ).rejects.toMatchObject({ name: 'BatchRefusal', index: 1 })
})

test('a batch is refused for the first job with a refused model or receiver', async () => {
  const { admission } = await trial()
  await expect(
    admission.ensureAllAcceptable([draft('m'), draft('missing'), draft('missing')]),
  ).rejects.toMatchObject({ name: 'BatchRefusal', index: 1, refusal: { status: 404 } })
  await expect(
    admission.ensureAllAcceptable([draft('m'), draft('m'), draft('m', 'http://10.0.0.1/')]),
  ).rejects.toMatchObject({ name: 'BatchRefusal', index: 2, refusal: { status: 422 } })
})
