import { dialectOf, dialects, generatingEndpoints, JSON_HEARTBEAT, routes } from '@foreman/ollama-client'
import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { originPolicy } from '../../apps/gateway/src/access/origins.ts'
import { forwardedHeaders, jobHeaders } from '../../apps/gateway/src/http/headers.ts'
import { WaitingCallers } from '../../apps/gateway/src/intake/waiting-callers.ts'
import { allRows, files, read, rows, section } from '../harness/documents.ts'
import { startForeman } from '../harness/foreman.ts'
import { send } from '../harness/request.ts'

const wire = read('docs/wire.md')
const code = (text: string): string => `\`${text}\``
const wordsOf = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!)

describe('docs/wire.md', () => {
  test('tells of every generating route what the table of endpoints has', () => {
    const streaming = {
      by_default: 'unless `stream` is false',
      if_asked: 'if `stream` is true',
      never: 'never',
    }
    const told = rows(section(wire, '## Generating routes'))
    const expected = generatingEndpoints.map(each => [
      code(each.path),
      each.dialect.name,
      code(each.prompt),
      streaming[each.streams],
      each.loadsWithoutPrompt ? 'loads the model' : 'the target decides',
    ])
    expect(told.map(cells => cells.slice(0, 5))).toEqual(expected)
  })

  test('names the last pieces of each stream', () => {
    const pieceOf = (word: string) =>
      word === '[DONE]' ? word : word === '"done":true' ? { done: true } : { type: word }
    for (const [route, , , , , last] of rows(section(wire, '## Generating routes'))) {
      const endpoint = generatingEndpoints.find(({ path }) => code(path) === route)
      const verdicts = wordsOf(last!).map(word => [word, endpoint?.isLastPiece(pieceOf(word))])
      expect(verdicts).toEqual(wordsOf(last!).map(word => [word, true]))
      expect([route, verdicts.length > 0]).toEqual([route, endpoint?.streams !== 'never'])
    }
  })

  test('names the embedding routes', () => {
    const lanes = section(wire, '## Which lane')
    const embedding = routes.filter(({ kind }) => kind === 'embedding').map(({ path }) => path)
    expect(embedding.filter(path => !lanes.includes(`POST ${path}\``))).toEqual([])
  })

  test('shows the content types of each dialect', () => {
    const json = code(JSON.stringify(Buffer.from(JSON_HEARTBEAT).toString()))
    const expected = Object.values(dialects).map(({ name, stream, json: whole }) => [
      code(name),
      code(stream.contentType),
      code(whole.contentType),
      json,
    ])
    expect(rows(section(wire, '### What is sent when'))).toEqual(expected)
  })

  test('shows the heartbeat of each route', () => {
    const shown = rows(section(wire, '### Heartbeats in a stream'))
    const waiting = { id: '…', model: '…', headers: {}, last: undefined, now: 0 }
    const streaming = generatingEndpoints.filter(({ streams }) => streams !== 'never')
    const expected = streaming.map(({ path, heartbeat }) => {
      const text = Buffer.from(heartbeat(waiting) ?? []).toString()
      const masked = text.replace(
        /("created":)\d+|("created_at":)"[^"]*"/,
        (_, number: string, time: string) => (number ? `${number}…` : `${time}"…"`),
      )
      return [code(path), masked.trim().replace('\n', ' ')]
    })
    expect(shown.map(([path]) => path)).toEqual(expected.map(([path]) => path))
    for (const [at, [, heartbeat]] of expected.entries())
      expect(heartbeat?.startsWith(wordsOf(shown[at]![1]!)[0]!)).toBe(true)
  })

  test('shows how each route shows a wait', () => {
    const told = rows(section(wire, '### A wait that can be seen'))
    const waiting = { id: '…', model: '…', headers: {}, last: undefined, now: 0 }
    const expected = generatingEndpoints.flatMap(({ path, showsWait }) =>
      Object.entries(showsWait).map(([place, { say }]) => {
        const text = Buffer.from(say('…', waiting)).toString()
        const shape = text.replace('"created":0', '"created":…').replace(/"1970[^"]*"/, '"…"')
        return [code(path), code(place), code(shape.trim().replace('\n', ' '))]
      }),
    )
    expect(told).toEqual(expected)
  })

  test('shows the errors of each dialect', () => {
    const shapes = rows(section(wire, '## Errors')).filter(([name]) => name!.slice(1, -1) in dialects)
    const expected = Object.values(dialects).map(dialect => {
      const body = Buffer.from(dialect.error(418, '…').body).toString()
      const shape = body.replace('"api_error"', '"…"').replace(/"req_[0-9a-f]+"/, '"req_…"')
      return [code(dialect.name), code(shape)]
    })
    expect(shapes.map(cells => cells.slice(0, 2))).toEqual(expected)
  })

  test('has the words for each status', () => {
    const typeIn = (path: string, status: number): string => {
      const { error } = JSON.parse(Buffer.from(dialectOf(path).error(status, '').body).toString()) as {
        error: { type: string }
      }
      return code(error.type)
    }
    const told = new Map(
      allRows(section(wire, '## Errors').split('\n### ', 1)[0]!)
        .filter(([cell]) => !cell!.startsWith('`'))
        .flatMap(([statuses, openai, anthropic]) =>
          statuses!.split(', ').map(status => [status, [openai, anthropic]] as const),
        ),
    )
    for (let status = 400; status < 512; status++) {
      const expected = [typeIn('/v1/chat/completions', status), typeIn('/v1/messages', status)]
      expect([status, told.get(String(status)) ?? told.get('any other')]).toEqual([status, expected])
    }
  })

  test('has every text with which the gateway refuses', () => {
    const told = allRows(section(wire, '### What foreman answers itself')).map(([status, text]) =>
      [status, text].join(' '),
    )
    const sources = files('apps/gateway/src/**/*.ts').filter(file => !file.endsWith('.test.ts'))
    const refusal = /(?:Refusal|retryLater|interrupt)\(\s*(\d{3}),\s*'([^']+)'/g
    const texts = sources.flatMap(file =>
      [...read(file).matchAll(refusal)].map(([, status, text]) => `${status} ${code(text!)}`),
    )
    const faults = files('packages/store/src/sqlite/state/state.ts').flatMap(file =>
      [...read(file).matchAll(/refusal: '([^']+)'/g)].map(([, text]) => `503 ${code(text!)}`),
    )
    expect(faults).toHaveLength(2)
    texts.push(...faults)
    expect(texts.length).toBeGreaterThan(5)
    expect(texts.filter(text => !told.includes(text))).toEqual([])
    const full = new WaitingCallers(0)
    expect(() => full.enter()).toThrow(expect.objectContaining({ status: 503 }))
    const busy = told.find(row => row.startsWith('503 `server busy'))
    expect(() => full.enter()).toThrow(busy?.slice('503 `'.length, -1))
  })

  test('says which headers of a request go on', () => {
    const passes = (headersOf: typeof jobHeaders, name: string): string =>
      headersOf({ rawHeaders: [name, 'x'] } as IncomingMessage).length === 1 ? 'passed on' : 'dropped'
    const table = rows(section(wire, '## Requests'))
    const told = table.flatMap(([names, direct, job]) =>
      wordsOf(names!).map(name => [name, direct, job!.split(';')[0]]),
    )
    expect(told.length).toBeGreaterThan(10)
    expect(told).toEqual(
      told.map(([name]) => [name, passes(forwardedHeaders, name!), passes(jobHeaders, name!)]),
    )
  })

  test('names the origins that may call, and the headers that a page may read', async () => {
    const pages = wordsOf(section(wire, '## Web pages').replaceAll('\n', ' '))
    const origins = pages.filter(word => /^[a-z-]+:\/\//.test(word))
    const asked = origins.flatMap(origin =>
      origin.startsWith('http') ? [origin, `${origin}:3000`] : [origin.replace('*', 'x')],
    )
    expect(asked.length).toBeGreaterThan(10)
    expect(asked.filter(origin => !originPolicy('')?.allows(origin))).toEqual([])

    const foreman = await startForeman({ target: 'http://127.0.0.1:9', worker: false })
    const headers = { origin: 'http://localhost' }
    const answer = await send(foreman.url, { method: 'GET', path: '/api/ps', headers })
    const exposed = String(answer.headers['access-control-expose-headers']).split(',')
    expect(exposed.filter(name => !pages.includes(name))).toEqual([])
  })

  test('argues about each recording that does not come out as it was', () => {
    const differences = section(wire, '## Differences from the recordings')
    const gone = files('test/recordings/ollama-0.24.0/faults/*.json').filter(file => {
      const { response } = JSON.parse(read(file)) as { response: { complete?: boolean } }
      return response.complete !== true
    })
    const ofPages = files('test/recordings/ollama-0.24.0/*.json').filter(file => {
      const { request } = JSON.parse(read(file)) as { request: { headers: Record<string, string> } }
      return 'origin' in request.headers
    })
    expect(gone.length + ofPages.length).toBe(5)
    const names = [...gone, ...ofPages].map(file => /([^/]+)\.json$/.exec(file)![1]!)
    expect(names.filter(name => !differences.includes(code(name)))).toEqual([])
  })
})
