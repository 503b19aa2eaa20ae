import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { sign, verify, type VerifyOptions } from './index.ts'

const secret = `whsec_${Buffer.from('a key of twenty-four bytes').toString('base64')}`
const other = `whsec_${Buffer.from('another key, just as long').toString('base64')}`
const raw = 'not base64: just words, ünïcode'
const timestamp = Math.floor(Date.now() / 1000)
const message = { id: 'evt_2f9', timestamp, body: '{"type":"job.succeeded","text":"ünïcode 🚂"}' }

describe('the published implementation', () => {
  test.each([
    ['a whsec_ secret', secret, new Webhook(secret)],
    ['any other secret', raw, new Webhook(Buffer.from(raw), { format: 'raw' })],
  ])('verifies what is signed here with %s, and the reverse', (_, ours, theirs) => {
    const headers = sign({ secrets: [ours], ...message })
    expect(theirs.verify(message.body, { ...headers })).toEqual(JSON.parse(message.body))
    expect(headers['webhook-signature']).toBe(
      theirs.sign(message.id, new Date(timestamp * 1000), message.body),
    )

    const signed = {
      'webhook-id': message.id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': theirs.sign(message.id, new Date(timestamp * 1000), message.body),
    }
    expect(verify({ secrets: [ours], headers: signed, body: message.body })).toEqual({
      id: message.id,
      timestamp,
    })
  })

  test('verifies with either secret what both have signed', () => {
    const headers = { ...sign({ secrets: [secret, other], ...message }) }
    expect(headers['webhook-signature'].split(' ')).toHaveLength(2)
    for (const key of [secret, other])
      expect(() => new Webhook(key).verify(message.body, headers)).not.toThrow()
  })
})

describe('sign', () => {
  test('gives the signature that the specification gives as its example', () => {
    const headers = sign({
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
    })
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  test('signs bytes that are no text as they are', () => {
    const body = Buffer.from([0xff, 0x00, 0xfe])
    const headers = { ...sign({ secrets: [secret], ...message, body }) }
    expect(verify({ secrets: [secret], headers, body })).toEqual({ id: message.id, timestamp })
    expect(() => verify({ secrets: [secret], headers, body: body.toString() })).toThrow(
      'no signature matches',
    )
  })

  test.each([
    ['no secret', { secrets: [] }],
    ['an empty secret', { secrets: [''] }],
    ['an empty whsec_ secret', { secrets: ['whsec_'] }],
    ['a whsec_ secret that is no base64', { secrets: ['whsec_not*base64'] }],
    ['a second secret that is no base64', { secrets: [secret, 'whsec_not*base64'] }],
    ['an id with a line break', { id: 'evt\r\nx: y' }],
    ['an empty id', { id: '' }],
    ['a fraction of a second', { timestamp: 1.5 }],
  ])('refuses %s without repeating a secret', (_, wrong) => {
    const attempt = () => sign({ secrets: [secret], ...message, ...wrong })
    expect(attempt).toThrow(TypeError)
    expect(attempt).not.toThrow(/not\*base64/)
  })
})

describe('verify', () => {
  const headers = { ...sign({ secrets: [secret], ...message }) }
  const check = (changed: Partial<VerifyOptions>) =>
    verify({ secrets: [secret], headers, body: message.body, now: timestamp, ...changed })

  test.each<[string, Partial<VerifyOptions>]>([
    [
      'names in any case',
      { headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toUpperCase(), v])) },
    ],
    ["fetch's Headers", { headers: new Headers(headers) }],
    [
      'one good signature among others',
      {
        headers: { ...headers, 'webhook-signature': `v1a,abc v1,AAAA ${headers['webhook-signature']}` },
      },
    ],
    ['one good secret among others', { secrets: [other, raw, secret] }],
    ['the last second of the tolerance', { now: timestamp + 300 }],
    ['the first second of the tolerance', { now: timestamp - 300 }],
    ['an old message when the tolerance is wide', { now: timestamp + 3000, toleranceSeconds: 3000 }],
  ])('accepts %s', (_, changed) => {
    expect(check(changed)).toEqual({ id: message.id, timestamp })
  })

  test.each<[string, string, Partial<VerifyOptions>]>([
    ['another body', 'no_match', { body: `${message.body} ` }],
    ['another secret', 'no_match', { secrets: [other] }],
    ['no secret', 'no_match', { secrets: [] }],
    ['another id', 'no_match', { headers: { ...headers, 'webhook-id': 'evt_3' } }],
    ['another time', 'no_match', { headers: { ...headers, 'webhook-timestamp': String(timestamp + 1) } }],
    [
      'another scheme',
      'no_match',
      { headers: { ...headers, 'webhook-signature': headers['webhook-signature'].replace('v1', 'v2') } },
    ],
    ['an empty signature', 'no_match', { headers: { ...headers, 'webhook-signature': 'v1,' } }],
    [
      'a cut signature',
      'no_match',
      { headers: { ...headers, 'webhook-signature': headers['webhook-signature'].slice(0, -8) } },
    ],
    ['no signature', 'missing_header', { headers: { ...headers, 'webhook-signature': undefined } }],
    ['no id', 'missing_header', { headers: { ...headers, 'webhook-id': '' } }],
    ['two ids', 'missing_header', { headers: { ...headers, 'webhook-id': [message.id, message.id] } }],
    ['no time', 'missing_header', { headers: { ...headers, 'webhook-timestamp': undefined } }],
    [
      'a time that is none',
      'bad_timestamp',
      { headers: { ...headers, 'webhook-timestamp': `${timestamp}x` } },
    ],
    ['an old message', 'too_old', { now: timestamp + 301 }],
    ['a message from the future', 'too_new', { now: timestamp - 301 }],
  ])('refuses %s: %s', (_, code, changed) => {
    expect(() => check(changed)).toThrow(expect.objectContaining({ name: 'VerificationError', code }))
  })
})
