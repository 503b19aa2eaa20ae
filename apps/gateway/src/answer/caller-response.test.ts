import { generatingEndpoint } from '@foreman/ollama-client'
import type { JobView, OutputPiece } from '@foreman/store'
import { describe, expect, test } from 'vitest'
import { send } from '../testing/send.ts'
import { serve } from '../testing/serve.ts'
import { CallerResponse } from './caller-response.ts'

const job = { seq: 1, id: 'job_1' }
const asked = { model: 'm', headers: {} }
const running: JobView = {
  id: 'job_1',
  state: 'running',
  attempt: 1,
  token: 'a',
  answerAttempt: null,
  createdAt: 0,
  startedAt: 0,
  startReason: null,
  behindModel: null,
  behindSince: null,
  errorCode: null,
  errorMessage: null,
}
const succeeded: JobView = { ...running, state: 'succeeded', answerAttempt: 1 }
const cancelled: JobView = { ...running, state: 'cancelled', errorCode: 'cancelled' }
const failed: JobView = { ...running, state: 'failed', errorCode: 'stall', errorMessage: 'it stalled' }
/** The target's own error is the answer: nothing has to be said about it. */
const refused: JobView = { ...running, state: 'failed', answerAttempt: 1, errorCode: 'http_error' }

const head = (status = 200, headers: [string, string][] = []): OutputPiece => ({
  id: 1,
  kind: 'head',
  head: { status, headers: [['Content-Type', 'application/x-ndjson'], ...headers] },
})
const body = (text: string): OutputPiece => ({ id: 2, kind: 'body', bytes: Buffer.from(text) })
const LINE = '{"response":"Hi","done":false}\n'
const LAST = '{"response":"","done":true}\n'
const ERROR = '{"error":"no such thing"}'
const BEAT = '{"model":"m","created_at":"1970-01-01T00:00:00.000Z","response":"","done":false}\n'

type Step = (out: CallerResponse) => void
const pieces =
  (...all: OutputPiece[]): Step =>
  out =>
    all.forEach(piece => out.send(piece))
const beat: Step = out => out.keepAlive()
const end =
  (as: JobView): Step =>
  out =>
    out.end(as)
const takeBack =
  (as: JobView): Step =>
  out =>
    out.takeBack(as)
const stop: Step = out => out.interrupt(503, 'foreman is being stopped', { 'Retry-After': '5' })

/** What a caller of /api/generate receives when these steps are taken. */
const receive = async (streaming: boolean, steps: readonly Step[]) => {
  const endpoint = generatingEndpoint('/api/generate')!
  const url = await serve((_request, response) => {
    const out = new CallerResponse({ job, response, endpoint, streaming, asked, now: () => 0 })
    for (const step of steps) step(out)
  })
  const { status, headers, text, isComplete } = await send(url)
  expect(headers['x-foreman-job-id']).toBe('job_1')
  return [status, text, isComplete ? 'complete' : 'cut']
}

const error = (text: string) => `{"error":"${text}"}`
/** What a decoder of one JSON value does not take for one. */
const begun = (text: string) => `{"error":"${text}"`

describe('a streaming caller', () => {
  test.each<[state: string, event: string, steps: Step[], received: [number, string, string]]>([
    ['unsent', 'the end', [pieces(head()), end(succeeded)], [200, '', 'complete']],
    ['unsent', 'a failure', [end(failed)], [502, error('it stalled'), 'complete']],
    ['unsent', 'a cancellation', [end(cancelled)], [499, error('request canceled'), 'complete']],
    ['unsent', 'a refusal', [pieces(head(404), body(ERROR)), end(refused)], [404, ERROR, 'complete']],
    ['unsent', 'a stop', [stop], [503, error('foreman is being stopped'), 'complete']],
    [
      'unsent',
      'a bad head',
      [pieces(head(0), body(LINE)), end(succeeded)],
      [502, expect.any(String) as string, 'complete'],
    ],
    [
      'committed',
      'the end',
      [beat, pieces(head(), body(LINE + LAST)), end(succeeded)],
      [200, BEAT + LINE + LAST, 'complete'],
    ],
    ['committed', 'a failure', [beat, end(failed)], [200, `${BEAT}${error('it stalled')}\n`, 'cut']],
    [
      'committed',
      'a cancellation',
      [beat, end(cancelled)],
      [200, `${BEAT}${error('request canceled')}\n`, 'cut'],
    ],
    [
      'committed',
      'a stop',
      [beat, beat, stop],
      [200, `${BEAT}${BEAT}${error('foreman is being stopped')}\n`, 'cut'],
    ],
    [
      'refused',
      'the end',
      [beat, pieces(head(404), body(ERROR)), end(refused)],
      [200, `${BEAT}${error('no such thing')}\n`, 'cut'],
    ],
    [
      'refused',
      'a heartbeat',
      [beat, pieces(head(404), body(ERROR)), beat, end(refused)],
      [200, `${BEAT}${BEAT}${error('no such thing')}\n`, 'cut'],
    ],
    [
      'refused',
      'an unreadable refusal',
      [beat, pieces(head(500), body('<p>')), end(refused)],
      [200, `${BEAT}${error('the target answered with status 500')}\n`, 'cut'],
    ],
    [
      'refused',
      'another attempt',
      [beat, pieces(head(503), body('busy'), head(), body(LAST)), end(succeeded)],
      [200, BEAT + LAST, 'complete'],
    ],
    [
      'answering',
      'the end',
      [pieces(head(), body(LINE), body(LAST)), end(succeeded)],
      [200, LINE + LAST, 'complete'],
    ],
    [
      'answering',
      'a heartbeat',
      [pieces(head(), body(LINE)), beat, pieces(body(LAST)), end(succeeded)],
      [200, LINE + BEAT + LAST, 'complete'],
    ],
    [
      'answering',
      'a heartbeat inside a line',
      [pieces(head(), body('{"a":')), beat, pieces(body('1}\n')), end(succeeded)],
      [200, '{"a":1}\n', 'complete'],
    ],
    [
      'answering',
      'a heartbeat behind the last line',
      [pieces(head(), body(LAST)), beat, end(succeeded)],
      [200, LAST, 'complete'],
    ],
    [
      'answering',
      'a failure',
      [pieces(head(), body(LINE)), end({ ...failed, answerAttempt: 1 })],
      [200, `${LINE}${error('it stalled')}\n`, 'cut'],
    ],
    [
      'answering',
      'a failure inside a line',
      [pieces(head(), body('{"a":')), end({ ...failed, answerAttempt: 1 })],
      [200, `{"a":\n${error('it stalled')}\n`, 'cut'],
    ],
    [
      'answering',
      'bytes that are void',
      [pieces(head(), body(LINE)), takeBack(running)],
      [200, `${LINE}${error('this attempt broke off, and the job runs again')}\n`, 'cut'],
    ],
    [
      'answering',
      'a cancellation',
      [pieces(head(), body(LINE)), takeBack(cancelled)],
      [200, `${LINE}${error('request canceled')}\n`, 'cut'],
    ],
    [
      'answering',
      'a stop behind the last line',
      [pieces(head(), body(LINE + LAST)), stop],
      [200, LINE + LAST, 'complete'],
    ],
    [
      'answering',
      'a stop before the last line',
      [pieces(head(), body(LINE)), stop],
      [200, `${LINE}${error('foreman is being stopped')}\n`, 'cut'],
    ],
    [
      'answering with a length',
      'a heartbeat',
      [
        pieces(head(200, [['Content-Length', String(LINE.length + LAST.length)]]), body(LINE)),
        beat,
        pieces(body(LAST)),
        end(succeeded),
      ],
      [200, LINE + LAST, 'complete'],
    ],
    [
      'over',
      'everything',
      [end(failed), beat, pieces(head(), body(LINE)), end(succeeded)],
      [502, error('it stalled'), 'complete'],
    ],
  ])('%s, %s', async (_state, _event, steps, received) => {
    expect(await receive(true, steps)).toEqual(received)
  })
})

describe('a non-streaming caller', () => {
  test.each<[state: string, event: string, steps: Step[], received: [number, string, string]]>([
    ['unsent', 'the end', [pieces(head(), body(LAST)), end(succeeded)], [200, LAST, 'complete']],
    ['unsent', 'a failure', [end(failed)], [502, error('it stalled'), 'complete']],
    [
      'unsent',
      'an answer of an earlier attempt',
      [pieces(head(503), body('busy')), end({ ...failed, attempt: 2, answerAttempt: 1 })],
      [503, 'busy', 'complete'],
    ],
    [
      'committed',
      'the end',
      [beat, beat, pieces(head(), body(LAST)), end(succeeded)],
      [200, `  ${LAST}`, 'complete'],
    ],
    ['committed', 'a failure', [beat, end(failed)], [200, ` ${begun('it stalled')}`, 'cut']],
    [
      'refused',
      'the end',
      [beat, pieces(head(404), body(ERROR)), end(refused)],
      [200, ` ${begun('no such thing')}`, 'cut'],
    ],
    [
      'answering',
      'a heartbeat',
      [pieces(head(), body('{')), beat, pieces(body('}')), end(succeeded)],
      [200, '{}', 'complete'],
    ],
    [
      'answering',
      'a failure',
      [pieces(head(), body('{')), end({ ...failed, answerAttempt: 1 })],
      [200, `{${begun('it stalled')}`, 'cut'],
    ],
  ])('%s, %s', async (_state, _event, steps, received) => {
    expect(await receive(false, steps)).toEqual(received)
  })
})

test('an answer whose length was announced is cut when it fails, behind what has arrived: foreman can add nothing to it', async () => {
  const head99 = pieces(head(200, [['Content-Length', '99']]), body(LINE))
  expect(await receive(true, [head99, end({ ...failed, answerAttempt: 1 })])).toEqual([200, LINE, 'cut'])
})

test.each([
  [LAST.length, 'complete'],
  [LAST.length + 5, 'cut'],
])('the caller of a whole answer whose head announced %i bytes sees it as %s', async (length, ending) => {
  const announced = head(200, [['Content-Length', String(length)]])
  expect(await receive(false, [pieces(announced, body(LAST)), end(succeeded)])).toEqual([200, LAST, ending])
})

describe('words about the wait', () => {
  const CHAT = '/v1/chat/completions'
  const MESSAGES = '/v1/messages'
  const event = (type: string, fields: object = {}) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
  const prospect = (text: string) => ({
    position: 2,
    start: undefined,
    why: { code: 'behind_in_line', text },
    now: 0,
  })
  const show =
    (text: string): Step =>
    out => {
      expect(out.showsWait).toBe(true)
      out.show(prospect(text))
    }
  const events = (status = 200, type = 'text/event-stream'): OutputPiece => ({
    id: 1,
    kind: 'head',
    head: { status, headers: [['Content-Type', type]] },
  })

  /** What a caller of a path receives that is shown its wait in a place, with the words of foreman as short names. */
  const receiveFrom = async (path: string, place: 'status' | 'thinking', steps: readonly Step[]) => {
    const endpoint = generatingEndpoint(path)!
    const url = await serve((_request, response) => {
      const shownWait = endpoint.showsWait[place]
      const common = { job, response, endpoint, streaming: true, asked, shownWait, now: () => 0 }
      const out = new CallerResponse(common)
      for (const step of steps) step(out)
    })
    const { status, headers, text, isComplete } = await send(url)
    const shown = text
      .replaceAll(
        /data: \{"id":"chatcmpl-job_1".*"description":"(.*?)","done":(true|false).*\n\n/g,
        '<$1 $2>',
      )
      .replaceAll(/data: \{"id":"chatcmpl-job_1".*"content":"".*\n\n/g, '<beat>')
      .replace(
        /event: message_start\n.*"msg_job_1".*\n\nevent: .*\n.*"index":0,"content_block".*\n\n/,
        '<begin>',
      )
      .replaceAll(/event: content_block_delta\n.*"index":0.*"thinking":"(.*)\\n".*\n\n/g, '<$1>')
      .replace(/event: error\n.*"message":"(.*?)".*\n\n/, '<error $1>')
    return { status, headers, text: shown, ending: isComplete ? 'complete' : 'cut' }
  }
  const CHUNK = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'
  const DONE = 'data: [DONE]\n\n'

  test('commit foreman’s own 200, with what is foretold in its head, and are ended before the answer', async () => {
    const steps = [
      show('3rd'),
      beat,
      show('2nd'),
      pieces(events(), body(CHUNK), body(DONE)),
      (out: CallerResponse) => expect(out.showsWait).toBe(false),
      end(succeeded),
    ]
    const { status, headers, text } = await receiveFrom(CHAT, 'status', steps)
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-foreman-queue-position': '2' })
    expect(text).toBe(`<3rd false><beat><2nd false>< true>${CHUNK}${DONE}`)
  })

  test.each<[what: string, steps: Step[], text: RegExp]>([
    ['an error of foreman', [end(failed)], /^<3rd false>< true>data: \{"error":\{"message":"it stalled"/],
    ['a cancellation', [end(cancelled)], /^<3rd false>< true>data: \{"error":\{"message":"request canceled"/],
    [
      'a refusal of the target, of which more may follow',
      [pieces(events(404, 'application/json'), body(ERROR)), show('again'), end(refused)],
      /^<3rd false><again false>< true>data: \{"error":\{"message":"no such thing"/,
    ],
    ['an answer without a body', [pieces(events()), end(succeeded)], /^<3rd false>< true>$/],
    [
      'an answer that breaks off',
      [pieces(events(), body(CHUNK)), takeBack(running)],
      /^<3rd false>< true>data: \{"choices.*\n\ndata: \{"error"/,
    ],
  ])('are ended once, before %s', async (_what, steps, text) => {
    const received = await receiveFrom(CHAT, 'status', [show('3rd'), ...steps])
    expect(received.text).toMatch(text)
  })

  test('are not ended when none were shown', async () => {
    const steps = [pieces(events(), body(CHUNK + DONE)), end(succeeded)]
    expect(await receiveFrom(CHAT, 'status', steps)).toMatchObject({ text: CHUNK + DONE })
    expect((await receiveFrom(CHAT, 'status', [beat, ...steps])).text).toBe(`<beat>${CHUNK}${DONE}`)
    expect((await receiveFrom(CHAT, 'status', [end(failed)])).status).toBe(502)
  })

  test('are not shown behind the first byte of the answer, or where a route has no place for them', async () => {
    const late: Step = out => out.show(prospect('late'))
    const steps = [pieces(events(), body(CHUNK)), late, pieces(body(DONE)), late, end(succeeded), late]
    expect((await receiveFrom(CHAT, 'status', steps)).text).toBe(CHUNK + DONE)
    expect((await receiveFrom(MESSAGES, 'status', [late, ...steps])).text).toBe(CHUNK + DONE)
  })

  const START = event('message_start', { message: { id: 'msg_1' } })
  const BLOCK = (index: number) => event('content_block_start', { index, content_block: {} })
  const STOP = event('message_stop')
  const PING = event('ping')
  const END = event('content_block_stop', { index: 0 })

  test('on /v1/messages are a block of a message with which the answer goes on, and heartbeats stand between events only', async () => {
    const { text, ending } = await receiveFrom(MESSAGES, 'thinking', [
      show('3rd'),
      beat,
      show('2nd'),
      pieces(events(), body(START.slice(0, 20)), body(START.slice(20))),
      beat,
      pieces(body(BLOCK(0).slice(0, -30))),
      beat,
      pieces(body(BLOCK(0).slice(-30))),
      beat,
      pieces(body(STOP)),
      beat,
      end(succeeded),
    ])
    expect(text).toBe(`<begin><3rd>${PING}<2nd>${END}${PING}${BLOCK(1)}${PING}${STOP}`)
    expect(ending).toBe('complete')
  })

  test.each<[what: string, steps: Step[], rest: string]>([
    [
      'an error event of the target',
      [pieces(events(), body(event('error', { error: {} }))), end(refused)],
      event('error', { error: {} }),
    ],
    [
      'an answer that is no event stream',
      [pieces(events(200, 'application/json'), body('{"index":0}')), end(refused)],
      '{"index":0}',
    ],
    [
      'an end in mid-line',
      [pieces(events(), body(`${BLOCK(0)}event: pi`)), end(succeeded)],
      `${BLOCK(1)}event: pi`,
    ],
    [
      'an attempt that broke off before anything of it was sent',
      [pieces(events(), body(START)), out => expect(out.hasBody).toBe(true), takeBack(running)],
      '<error this attempt broke off, and the job runs again>',
    ],
    [
      'an attempt that broke off in mid-line',
      [pieces(events(), body(`${BLOCK(0)}event: pi`)), takeBack(running)],
      `${BLOCK(1)}<error this attempt broke off, and the job runs again>`,
    ],
  ])('on /v1/messages are followed by %s', async (_what, steps, rest) => {
    const { text } = await receiveFrom(MESSAGES, 'thinking', [show('3rd'), ...steps])
    expect(text).toBe(`<begin><3rd>${END}${rest}`)
  })

  test('that were not shown leave the answer of /v1/messages as it is', async () => {
    const answer = START + BLOCK(0) + STOP
    const steps = [beat, pieces(events(), body(answer)), end(succeeded)]
    expect((await receiveFrom(MESSAGES, 'thinking', steps)).text).toBe(PING + answer)
  })
})

test('output without a head is an error of foreman', async () => {
  const endpoint = generatingEndpoint('/api/generate')!
  const url = await serve((_request, response) => {
    const out = new CallerResponse({ job, response, endpoint, streaming: true, asked, now: () => 0 })
    expect(() => out.send(body(LINE))).toThrow('job job_1 has output without a head')
    response.end()
  })
  await send(url)
})
