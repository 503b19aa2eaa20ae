import { startSim } from '@foreman/ollama-sim'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startProcess, variablesFor } from '../test/harness/processes.ts'
import { until } from '../test/harness/until.ts'

test('what is built answers requests, and says that it is healthy', async () => {
  const build = path.join(import.meta.dirname, 'build.mjs')
  expect(spawnSync(process.execPath, [build], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const variables = variablesFor(sim.url)
  const gateway = startProcess('build/apps/cli/src/main.js', variables, ['gateway'])
  startProcess('build/apps/cli/src/main.js', variables, ['worker'])
  const url = () => /"url":"([^"]+)"/.exec(gateway.output())?.[1]
  await until(url)
  const body = JSON.stringify({ model: 'alpha', prompt: 'hi', stream: false })
  const answer = await fetch(`${url()}/api/generate`, { method: 'POST', body })
  expect(await answer.json()).toMatchObject({ done: true })
  // They are loaded with the first request for them.
  for (const route of ['/jobs', '/openapi.json', '/dashboard/'])
    expect((await fetch(url() + route)).status).toBe(200)
  const foreman = (more: Record<string, string>, ...args: string[]) =>
    startProcess('build/apps/cli/src/main.js', more, args).ended
  const { FOREMAN_DB_PATH } = variables
  expect(await foreman({ FOREMAN_DB_PATH }, 'healthcheck', 'worker')).toBe(0)
  const FOREMAN_ADDR = url()!.replace('http://', '')
  expect(await foreman({ FOREMAN_ADDR }, 'healthcheck', 'gateway')).toBe(0)
  expect(await foreman({ FOREMAN_ADDR }, 'status')).toBe(0)
}, 60_000)
