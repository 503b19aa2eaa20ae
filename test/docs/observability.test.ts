import { BACKUP } from '@foreman/jobs'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { read } from '../harness/documents.ts'
import { endless, startJobs } from '../harness/jobs.ts'
import { metricsAt, namesIn, seriesIn } from '../harness/metrics.ts'
import { root } from '../harness/processes.ts'
import { startReceiver, webhookVariables } from '../harness/receiver.ts'
import { until } from '../harness/until.ts'

const RULES = 'docs/observability/foreman.rules.yml'
const DASHBOARD = 'docs/observability/grafana.json'

/** The metrics of a foreman that has done everything, and does something now. */
const metricsOfARun = async (): Promise<string> => {
  const receiver = await startReceiver()
  const { foreman, submit, ended, ask } = await startJobs({ variables: webhookVariables })
  const generate = { prompt: 'hi', options: { num_predict: 3 } }
  const webhook = { url: receiver.url }
  for (const model of ['alpha', 'beta'])
    await ended((await submit({ request: { model, ...generate }, webhook })).id)
  await submit(endless)
  await until(async () => (await foreman.store.queue.ready(9)) === 0)
  await submit({ request: { model: 'beta', ...generate } })
  await foreman.store.operations.note({ by: 'operator', action: BACKUP, subject: 'a.db' }, Date.now())
  await ask('GET', '/nowhere')
  await until(async () => {
    const seen = seriesIn(await metricsAt(foreman.url))
    return (
      seen.get('foreman_webhooks_finished_total{result="delivered"}') === 2 &&
      seen.get('foreman_choices_total{reason="first"}') === 1
    )
  })
  return metricsAt(foreman.url)
}

/** The names of metrics in expressions. */
const namesUsed = (text: string): string[] => [
  ...new Set([...text.matchAll(/\b(?:foreman|gen_ai|process|nodejs)_[a-z_]+[a-z]\b/g)].map(([name]) => name)),
]

describe('what is shipped for Prometheus and Grafana', () => {
  test('names only metrics that a foreman has', async () => {
    const text = await metricsOfARun()
    const emitted = new Set([...seriesIn(text).keys()].map(series => series.split('{', 1)[0]!))
    const { panels } = JSON.parse(read(DASHBOARD)) as {
      panels: { targets?: { expr: string }[] }[]
    }
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n')
    const rules = [...read(RULES).matchAll(/expr:([\s\S]*?)\n {8}(?:for|labels):/g)]
      .map(([, expr]) => expr!)
      .join('\n')
    expect(namesUsed(expressions).length).toBeGreaterThan(20)
    expect(namesUsed(rules).length).toBeGreaterThan(8)
    expect(namesUsed(`${expressions}\n${rules}`).filter(name => !emitted.has(name))).toEqual([])
    expect(namesIn(text).size).toBeGreaterThan(40)
  })

  test('has an alert for each test of it', () => {
    const alerts = [...read(RULES).matchAll(/- alert: (\w+)/g)].map(([, name]) => name!)
    const tests = read('docs/observability/foreman.rules.test.yml')
    expect(alerts.length).toBeGreaterThan(10)
    for (const alert of alerts)
      expect(tests.match(new RegExp(`\\b${alert}\\b`, 'g'))?.length).toBeGreaterThan(1)
  })
})

const PROMTOOL = process.env['PROMTOOL'] ?? 'promtool'
const hasPromtool = spawnSync(PROMTOOL, ['--version']).status === 0

describe.runIf(hasPromtool)('promtool', () => {
  const run = (args: readonly string[], input = '') => {
    const cwd = path.join(root, 'docs/observability')
    const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { cwd, input, encoding: 'utf8' })
    return { status, said: `${stdout}${stderr}` }
  }

  test('has nothing to say about the metrics', async () => {
    expect(run(['check', 'metrics'], await metricsOfARun())).toEqual({ status: 0, said: '' })
  })

  test.each([
    ['check', 'foreman.rules.yml'],
    ['test', 'foreman.rules.test.yml'],
  ])('%s rules', (action, file) => {
    const { status, said } = run([action, 'rules', file])
    expect([status, said]).toEqual([0, expect.stringContaining('SUCCESS')])
  })
})

test.skipIf(hasPromtool)(
  'promtool is not here: set PROMTOOL to the one of the Debian package prometheus',
  context => context.skip(),
)
