import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { countRequests, RequestCounts, routeNamed } from './request-counts.ts'
import { listen } from './server.ts'

test.each<[path: string, route: string]>([
  ['/', '/'],
  ['/healthz', '/healthz'],
  ['/jobs', '/jobs'],
  ['/jobs/job_1/events', '/jobs'],
  ['/queue/history', '/queue'],
  ['/batches/batch_1/results', '/batches'],
  ['/v1/files/file_1/content', '/v1/files'],
  ['/v1/filesystem', 'other'],
  ['/deliveries/redeliver', '/deliveries'],
  ['/api/chat', '/api/chat'],
  ['/v1/chat/completions', '/v1/chat/completions'],
  ['/v1/models/secret', '/v1/models/'],
  ['/api/chat/', 'other'],
  ['/metrics', '/metrics'],
  ['/anything', 'other'],
])('%s is counted as %s', (path, route) => {
  expect(routeNamed(path)).toBe(route)
})

test('a request is counted once it is over, by route and class of its status', async () => {
  const counts = new RequestCounts()
  const app = express()
  app.use(countRequests(counts))
  app.get('/healthz', (_request, response) => void response.json({}))
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    const closed = server.stopAccepting()
    server.cutConnections()
    await closed
  })
  for (const path of ['/healthz', '/healthz?a=1', '/x', '/y']) await (await fetch(server.url + path)).text()
  await expect.poll(() => [...counts.counts.keys()].toSorted()).toEqual(['/healthz', 'other'])
  expect(counts.counts.get('/healthz')).toMatchObject({ '2xx': 2, '4xx': 0 })
  expect(counts.counts.get('other')).toMatchObject({ '2xx': 0, '4xx': 2 })
})
