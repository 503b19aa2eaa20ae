import { startSim } from '@foreman/ollama-sim'
import fs from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { post, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const start = async () => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const foreman = await startForeman({ target: sim.url })
  const get = async (path: string) => {
    const { status, body } = await send(foreman.url, { method: 'GET', path })
    return { code: status, ...(JSON.parse(body.toString()) as { status: string; reasons?: string[] }) }
  }
  const chat = () => post(foreman.url, '/api/chat', { model: 'plain', messages: [], stream: false })
  return { ...foreman, get, chat }
}

test('a queue file that is deleted makes foreman not ready, and no job is taken', async () => {
  const { dbPath, get, chat } = await start()
  expect(await get('/readyz')).toEqual({ code: 200, status: 'ready' })
  fs.rmSync(dbPath)
  await until(async () => (await get('/readyz')).code === 503)
  expect(await get('/healthz')).toMatchObject({ code: 200, degraded: true, reasons: ['queue_replaced'] })
  const { status, text } = await chat()
  expect(status).toBe(503)
  expect(text).toContain('deleted')
})

test('a queue file that is moved away and back again is served again', async () => {
  const { dbPath, get, chat } = await start()
  fs.renameSync(dbPath, `${dbPath}.away`)
  fs.writeFileSync(dbPath, '')
  await until(async () => (await get('/readyz')).reasons?.includes('queue_replaced'))
  fs.renameSync(`${dbPath}.away`, dbPath)
  await until(async () => (await get('/readyz')).reasons === undefined)
  expect((await chat()).status).toBe(200)
})
