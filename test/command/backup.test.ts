import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../harness/foreman.ts'
import { endless, hello, startJobs } from '../harness/jobs.ts'
import { startGatewayProcess, startProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const foreman = async (dbPath: string, ...args: string[]) => {
  const run = startProcess('apps/cli/src/main.ts', { FOREMAN_DB_PATH: dbPath }, args)
  return { code: await run.ended, output: run.output() }
}
const NAME = /^queue-\d{8}T\d{6}Z\.db$/

test('backups while 16 callers work are whole, and as many are kept as are wanted', async () => {
  const { ask, foreman: running } = await startJobs()
  let isOver = false
  const callers = Array.from({ length: 16 }, async () => {
    while (!isOver)
      expect((await ask('POST', '/api/generate', { ...hello.request, stream: false })).status).toBe(200)
  })
  const directory = temporaryDirectory()
  const others = [
    'other-20300131T120000Z.db',
    'queue-20200131T120000Z.db',
    'queue-20200231T120000Z.db',
    'queue.txt',
  ]
  for (const name of others) fs.writeFileSync(path.join(directory, name), '')
  for (let n = 0; n < 2; n++) {
    const { code, output } = await foreman(running.dbPath, 'backup', directory, '--keep', '2')
    expect([code, output]).toEqual([0, expect.stringContaining('checked')])
  }
  isOver = true
  await Promise.all(callers)
  const kept = fs.readdirSync(directory).toSorted()
  const made = kept.filter(name => NAME.test(name))
  expect([made.length, made.includes('queue-20200131T120000Z.db')]).toEqual([2, false])
  expect(kept.filter(name => !made.includes(name))).toEqual(['other-20300131T120000Z.db', 'queue.txt'])
  const check = await foreman(running.dbPath, 'restore-check', path.join(directory, made[1]!))
  expect([check.code, check.output]).toEqual([0, expect.stringMatching(/default +\d+ jobs/)])
  const { json } = await ask('GET', '/queue/operations')
  expect(JSON.stringify(json)).toContain(made[1])
}, 60_000)

test.each(['SIGKILL', 'SIGINT'] as const)(
  'a backup that is stopped by %s leaves nothing under its name, and the next one clears up',
  async signal => {
    const { ask, foreman: running } = await startJobs({ worker: false })
    const large = { request: { ...hello.request, prompt: 'x'.repeat(4_000_000) } }
    for (let n = 0; n < 15; n++) expect((await ask('POST', '/jobs', large)).status).toBe(202)
    const directory = temporaryDirectory()
    const killed = startProcess('apps/cli/src/main.ts', { FOREMAN_DB_PATH: running.dbPath }, [
      'backup',
      directory,
    ])
    await until(() => fs.readdirSync(directory).some(name => name.endsWith('.partial')))
    killed.kill(signal)
    expect([await killed.ended, killed.output()]).toEqual([
      signal,
      expect.stringMatching(/copies into .*\.partial/),
    ])
    expect(fs.readdirSync(directory).filter(name => NAME.test(name))).toEqual([])
    const { code } = await foreman(running.dbPath, 'backup', directory)
    expect([code, fs.readdirSync(directory)]).toEqual([0, [expect.stringMatching(NAME)]])
  },
  60_000,
)

test('a restored queue runs: what was queued and running then runs again', async () => {
  const jobs = await startJobs()
  const { id } = await jobs.submit(endless)
  const { id: queued } = await jobs.submit(hello)
  await until(async () => (await jobs.foreman.store.records.byId(id))?.state === 'running')
  const backup = path.join(temporaryDirectory(), 'a.db')
  const variables = variablesFor(jobs.sim.url)
  const { FOREMAN_DB_PATH: place } = variables
  expect((await foreman(jobs.foreman.dbPath, 'backup', backup)).code).toBe(0)
  await jobs.ask('DELETE', `/jobs/${id}`)
  expect((await foreman(place, 'restore', backup)).output).toMatch(/Nobody can be asked here: add --yes/)
  const restored = await foreman(place, 'restore', backup, '--yes')
  expect([restored.code, restored.output]).toEqual([
    0,
    expect.stringMatching(/1 run +1 run again +0 cancelled/),
  ])
  const gateway = await startGatewayProcess(variables)
  const worker = startWorkerProcess(variables)
  const stateOf = async (job: string) =>
    (
      JSON.parse((await send(gateway.url, { method: 'GET', path: `/jobs/${job}` })).body.toString()) as {
        state: string
      }
    ).state
  await until(async () => (await stateOf(id)) === 'running')
  await send(gateway.url, { method: 'DELETE', path: `/jobs/${id}` })
  await until(async () => (await stateOf(queued)) === 'succeeded')
  worker.kill('SIGKILL')
  await worker.ended
  const refused = await foreman(place, 'restore', backup, '--yes')
  expect([refused.code, refused.output]).toEqual([
    1,
    expect.stringMatching(/a gateway or a worker has it open: stop both/),
  ])
}, 60_000)

test.each<[what: string, args: string[], code: number, message: RegExp]>([
  [
    '--keep without a directory',
    ['backup', 'a.db', '--keep', '2'],
    2,
    /--keep needs a directory, and a\.db is none/,
  ],
  ['--keep of nothing', ['backup', '.', '--keep', '0'], 2, /--keep must be a whole number from 1/],
  ['a directory that is not there', ['backup', 'no/a.db'], 2, /there is no directory no/],
  ['a queue that is not there', ['backup', 'a.db'], 1, /queue\.db: .*no such file/],
  ['a backup that is not there', ['restore-check', 'a.db'], 1, /a\.db: .*no such file/],
])('%s: a message says so', async (_, args, code, message) => {
  const { code: ended, output } = await foreman(path.join(temporaryDirectory(), 'queue.db'), ...args)
  expect([ended, output]).toEqual([code, expect.stringMatching(message)])
  expect(output.trim().split('\n')).toHaveLength(1)
})

test('a copy for a bug report is no backup, and has a name that says so', async () => {
  const { submit, foreman: running } = await startJobs({ worker: false })
  await submit({ request: { model: 'plain', prompt: 'PLANTED' } })
  const directory = temporaryDirectory()
  const { code } = await foreman(running.dbPath, 'backup', directory, '--without-content')
  const [name] = fs.readdirSync(directory)
  expect([code, name]).toEqual([0, expect.stringMatching(/^queue-without-content-\d{8}T\d{6}Z\.db$/)])
  expect(fs.readFileSync(path.join(directory, name!)).includes('PLANTED')).toBe(false)
})
