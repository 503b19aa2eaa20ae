import { serve } from '@foreman/ollama-client/testing'
import { startSim } from '@foreman/ollama-sim'
import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory, type Variables } from '../harness/foreman.ts'
import { startGatewayProcess, startProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { until } from '../harness/until.ts'

interface Finding {
  readonly check: string
  readonly verdict: string
  readonly text: string
  readonly remedy?: string
}

const doctor = async (variables: Variables, ...args: string[]) => {
  const run = startProcess('apps/cli/src/main.ts', variables, ['doctor', '--json', ...args])
  const code = await run.ended
  const findings = run
    .output()
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Finding)
  // How fast the disk of the test is says nothing about foreman.
  const wrong = findings.filter(({ verdict, check }) => /warn|fail/.test(verdict) && check !== 'disk speed')
  return { code, findings, wrong, names: wrong.map(({ check }) => check), output: run.output() }
}

/** A gateway and a worker, as processes, with an operator, and what doctor needs to know to find them. */
const installation = async () => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const own = variablesFor(sim.url, {
    FOREMAN_OPERATOR_TOKEN: 'planted-operator',
    FOREMAN_TOKEN: 'planted-token',
  })
  const gateway = await startGatewayProcess(own)
  const variables: Variables & { FOREMAN_DB_PATH: string } = {
    ...own,
    FOREMAN_ADDR: new URL(gateway.url).host,
  }
  const worker = startWorkerProcess(variables)
  const isDegraded = async () =>
    ((await (await fetch(`${gateway.url}/healthz`)).json()) as { degraded: boolean }).degraded
  await until(async () => !(await isDegraded()))
  return { sim, gateway, worker, variables }
}

/** A server that gives every request this answer. */
const answering = (status: number, body: string): Promise<string> =>
  serve((_request, response) => response.writeHead(status).end(body))

test('nothing is wrong with a healthy installation, from the file to a token, and the bundle has no secret', async () => {
  const { variables, gateway } = await installation()
  const bundle = path.join(temporaryDirectory(), 'bundle.json')
  const args = ['--deep', '--generate', 'plain', '--through', gateway.url, '--bundle', bundle]
  const { code, wrong, findings } = await doctor(variables, ...args)
  expect([code, wrong]).toEqual([0, []])
  expect(findings.filter(({ verdict }) => verdict === 'skipped').map(({ check }) => check)).toEqual([])
  const text = fs.readFileSync(bundle, 'utf8')
  expect(text).toContain('FOREMAN_OLLAMA_URL')
  expect(text).not.toContain('planted')
  expect(fs.statSync(bundle).mode & 0o777).toBe(0o600)
}, 60_000)

test('a target that no setting names is that of the gateway that runs', async () => {
  const { variables, sim } = await installation()
  const { code, wrong, findings } = await doctor({ ...variables, FOREMAN_OLLAMA_URL: '' })
  expect([code, wrong]).toEqual([0, []])
  expect(findings.find(({ check }) => check === 'target')?.text).toContain(sim.url)
}, 60_000)

test('a worker that hangs is named; without one, and without a target, these are what is wrong', async () => {
  const { variables, worker, sim } = await installation()
  worker.kill('SIGSTOP')
  await until(async () => {
    const found = await doctor(variables)
    const finding = found.wrong.find(({ check }) => check === 'worker')
    if (!finding) return false
    expect([found.code, finding.remedy]).toEqual([1, `kill -9 ${worker.pid}, and start a worker`])
    return true
  }, 30_000)
  worker.kill('SIGKILL')
  await worker.ended
  await sim.close()
  const { code, wrong, names } = await doctor(variables)
  expect([code, names]).toEqual([1, ['worker', 'target']])
  expect(wrong.map(({ text }) => text)).toEqual([
    'no worker is there: jobs wait',
    `nothing answers at ${sim.url} (ECONNREFUSED)`,
  ])
}, 60_000)

test('settings that have drifted are named', async () => {
  const { variables, worker } = await installation()
  worker.kill('SIGTERM')
  await worker.ended
  const other = startWorkerProcess({ ...variables, FOREMAN_JOB_TTL: '1h' })
  await until(() => other.output().includes('at work'))
  await until(async () => {
    const { wrong } = await doctor(variables)
    return wrong.some(({ text }) => text.includes('different values of FOREMAN_JOB_TTL'))
  })
}, 60_000)

test.each<[fault: string, plant: (file: string) => void, args: string[], check: string, remedy: RegExp]>([
  ['others can read it', file => fs.chmodSync(file, 0o644), [], 'privacy', /chmod 600/],
  [
    'it is newer',
    file => void new Database(file).exec('PRAGMA user_version = 99').close(),
    [],
    'queue',
    /newer foreman/,
  ],
  [
    'it is damaged',
    file => fs.writeFileSync(file, fs.readFileSync(file).fill(0x5a, fs.statSync(file).size - 8 * 4_096)),
    ['--deep'],
    'damage',
    /foreman restore/,
  ],
  ['it is no database', file => fs.writeFileSync(file, 'x'.repeat(5_000)), [], 'queue', /foreman restore/],
])('what is wrong with a file is said: %s', async (_, plant, args, check, remedy) => {
  const variables = variablesFor('http://127.0.0.1:9/')
  const gateway = await startGatewayProcess(variables)
  gateway.kill('SIGTERM')
  await gateway.ended
  plant(variables.FOREMAN_DB_PATH)
  const before = fs.readFileSync(variables.FOREMAN_DB_PATH)
  const { code, wrong } = await doctor({ ...variables, FOREMAN_ADDR: '127.0.0.1:18999' }, ...args)
  expect(code).toBe(1)
  expect(wrong.find(finding => finding.check === check) ?? wrong).toMatchObject({
    remedy: expect.stringMatching(remedy) as string,
  })
  expect(fs.readFileSync(variables.FOREMAN_DB_PATH).equals(before)).toBe(true)
})

test('others at the addresses of gateway and target are seen, and so is a wrong setting', async () => {
  const other = await answering(404, 'not here')
  const variables = { ...variablesFor(other), FOREMAN_ADDR: new URL(other).host }
  expect((await doctor(variables)).names).toEqual(['queue', 'gateway', 'target'])
  const refusing = { ...variables, FOREMAN_OLLAMA_URL: await answering(401, '{}') }
  expect((await doctor(refusing)).wrong.find(({ check }) => check === 'target')?.remedy).toMatch(
    /FOREMAN_OLLAMA_TOKEN/,
  )
  const wrong = { ...variables, FOREMAN_JOB_TTL: 'soon' }
  expect((await doctor(wrong)).wrong[0]).toMatchObject({ check: 'settings', verdict: 'fail' })
  expect(fs.existsSync(variables.FOREMAN_DB_PATH)).toBe(false)
}, 30_000)
