import { destinationPolicy, parseAllowList } from '@foreman/webhooks'
import { expect, test } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { Admission } from './admission.ts'
import type { JobDraft } from './intake.ts'

const draft = (model: string, url?: string): JobDraft => ({
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

/** The target has every model but `missing`. Webhooks may go to public addresses only. */
const trial = ({ hasWebhookSecret = true } = {}) => {
  const asked: string[] = []
  const checked: string[] = []
  const policy = destinationPolicy({ allow: parseAllowList('')! })
  const admission = new Admission({
    store: tempStore(),
    target: {
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
  const { admission } = trial()
  await admission.ensureAcceptable(draft('m'))
  await admission.ensureAcceptable(draft('m', `${RECEIVER}/hook`))
})

test('a model that the target does not have is refused', async () => {
  await expect(trial().admission.ensureAcceptable(draft('missing'))).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
  })
})

test.each([
  ['a private address', 'http://127.0.0.1/', /FOREMAN_WEBHOOK_ALLOW can allow it/],
  ['text that is no URL', 'nowhere', /./],
])('a webhook to %s is refused', async (_what, url, message) => {
  await expect(trial().admission.ensureAcceptable(draft('m', url))).rejects.toMatchObject({
    status: 422,
    code: 'webhook_refused',
    message: expect.stringMatching(message) as string,
  })
})

test('a webhook is refused when none can be signed', async () => {
  const { admission } = trial({ hasWebhookSecret: false })
  await expect(admission.ensureAcceptable(draft('m', RECEIVER))).rejects.toThrow(/FOREMAN_WEBHOOK_SECRET/)
  await admission.ensureAcceptable(draft('m'))
})

test('a host name that cannot be looked up now is no reason to refuse', async () => {
  const admission = new Admission({
    store: tempStore(),
    target: { refusesModel: async () => false },
    policy: destinationPolicy({
      allow: parseAllowList('')!,
      resolve: () => Promise.reject(new Error('the name server is away')),
    }),
    hasWebhookSecret: true,
  })
  await admission.ensureAcceptable(draft('m', 'https://receiver.example'))
})

test('a batch asks about each model and each receiver once', async () => {
  const { admission, asked, checked } = trial()
  await admission.ensureAllAcceptable([
    draft('m', `${RECEIVER}/1`),
    draft('n', `${RECEIVER}/2`),
    draft('m', `${RECEIVER}/1`),
  ])
  expect([asked, checked]).toEqual([['m', 'n'], [`${RECEIVER}/1`]])
})

test.each([
  ['is no URL', 'nowhere'],
  ['holds a password', 'https://me:hush@93.184.216.34/'],
  ['holds characters of no URL', `${RECEIVER}/\u00e4`],
  ['holds a space', `${RECEIVER}/a b`],
  ['is a private address', 'http://10.0.0.1/'],
])('a batch is refused for a later job whose webhook %s, before anything is asked', async (_what, url) => {
  const { admission, asked, checked } = trial()
  const jobs = [draft('m', `${RECEIVER}/1`), draft('m'), draft('m', url)]
  await expect(admission.ensureAllAcceptable(jobs)).rejects.toMatchObject({
    name: 'BatchRefusal',
    index: 2,
    refusal: { status: 422, code: 'webhook_refused' },
  })
  expect([asked, checked]).toEqual([[], []])
})

test('a batch is refused for the first webhook when none can be signed', async () => {
  const { admission } = trial({ hasWebhookSecret: false })
  await expect(
    admission.ensureAllAcceptable([draft('m'), draft('m', RECEIVER), draft('m', RECEIVER)]),
  ).rejects.toMatchObject({ name: 'BatchRefusal', index: 1 })
})

test('a batch is refused for the first job with a refused model or receiver', async () => {
  const { admission } = trial()
  await expect(
    admission.ensureAllAcceptable([draft('m'), draft('missing'), draft('missing')]),
  ).rejects.toMatchObject({ name: 'BatchRefusal', index: 1, refusal: { status: 404 } })
  await expect(
    admission.ensureAllAcceptable([draft('m'), draft('m'), draft('m', 'http://10.0.0.1/')]),
  ).rejects.toMatchObject({ name: 'BatchRefusal', index: 2, refusal: { status: 422 } })
})
