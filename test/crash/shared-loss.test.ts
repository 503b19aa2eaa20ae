import { bodyOf, recording, serve } from '@foreman/ollama-client/testing'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { startGatewayProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { post } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const CONCURRENCY = 4
const KILLER = 'kill the worker'
const listed = new Map(['tags', 'version', 'ps-empty'].map(name => [recording(name).request.path, name]))

/** A target that counts the generations of each prompt, and answers none before the killer has been seen once. */
const startTarget = async (onKiller: () => void) => {
  const generations: string[] = []
  const held: ServerResponse[] = []
  let inFlight = 0
  const answer = (response: ServerResponse) =>
    response
      .writeHead(200, { 'Content-Type': 'application/json' })
      .end('{"model":"alpha","response":"ok","done":true}')
  const generate = (prompt: string, response: ServerResponse) => {
    generations.push(prompt)
    inFlight++
    response.on('close', () => inFlight--)
    if (held.length < CONCURRENCY) {
      held.push(response)
      if (held.length === CONCURRENCY) onKiller()
    } else if (prompt === KILLER) onKiller()
    else answer(response)
  }
  const url = await serve((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const name = listed.get(request.url ?? '')
      if (name !== undefined) return void response.end(bodyOf(recording(name)))
      if (request.url !== '/api/generate') return void response.writeHead(404).end()
      generate((JSON.parse(Buffer.concat(pieces).toString()) as { prompt: string }).prompt, response)
    })
  })
  return { url, generations, inFlight: () => inFlight }
}

test(
  'a job that kills its worker each time fails alone; the jobs that it was lost with succeed',
  { timeout: 120_000 },
  async () => {
    let kills = 0
    let replaced = Promise.resolve()
    const target = await startTarget(() => {
      replaced = replaced.then(killActive)
    })
    const variables = variablesFor(target.url, { FOREMAN_CONCURRENCY: String(CONCURRENCY) })
    // One is active and the other stands by, so that the one takes over and the other is started anew.
    let workers = [startWorkerProcess(variables), startWorkerProcess(variables)]
    const killActive = async () => {
      kills++
      const active = workers.find(worker => worker.output().includes('at work'))
      active?.kill('SIGKILL')
      await active?.ended
      workers = [...workers.filter(worker => worker !== active), startWorkerProcess(variables)]
    }
    const gateway = await startGatewayProcess(variables)
    const ask = (prompt: string) =>
      post(gateway.url, '/api/generate', { model: 'alpha', prompt, stream: false })
    const neighbours = ['one', 'two', 'three']
    const answers = await Promise.all([KILLER, ...neighbours].map(ask))
    await replaced
    expect(answers.map(({ status }) => status)).toEqual([502, 200, 200, 200])
    expect(answers[0]?.text).toContain('the worker was lost 3 times while it ran this')
    // The first run was shared by all, and then three were its own.
    expect(kills).toBe(4)
    const times = (prompt: string) => target.generations.filter(other => other === prompt).length
    expect([KILLER, ...neighbours].map(times)).toEqual([4, 2, 2, 2])
    await until(() => target.inFlight() === 0)
  },
)
