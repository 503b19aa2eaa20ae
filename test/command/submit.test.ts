import type { JobPage } from '@foreman/foreman-client'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../harness/foreman.ts'
import { endless, hello, type JobsUnderTest, startJobs } from '../harness/jobs.ts'
import { root, startProcess } from '../harness/processes.ts'
import { until } from '../harness/until.ts'
import { inTerminal } from './terminal.ts'

const inputOf = (lines: readonly (string | object)[]): string => {
  const file = path.join(temporaryDirectory(), 'input.jsonl')
  fs.writeFileSync(
    file,
    lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  )
  return file
}
const resultsFile = (): string => path.join(temporaryDirectory(), 'results.jsonl')

const submitting = ({ foreman }: Pick<JobsUnderTest, 'foreman'>, ...args: string[]) =>
  startProcess('apps/cli/src/main.ts', { FOREMAN_URL: foreman.url }, ['submit', ...args])

interface Result {
  readonly line: number
  readonly input: string
  readonly id: string
  readonly state: string
  readonly result?: { readonly response: string }
}

const resultsIn = (file: string): Result[] =>
  fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Result)

const endedCount = async ({ ask }: JobsUnderTest): Promise<number> =>
  ((await ask('GET', '/queue?fields=ever')).json['ever'] as { jobs: number }).jobs

/** Waits until the file has so many lines, and kills the process in the middle of its work. */
const killAt = async (lines: number, file: string, run: ReturnType<typeof submitting>): Promise<void> => {
  await until(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8').split('\n').length > lines, 60_000)
  run.kill('SIGKILL')
  expect(await run.ended).toBe('SIGKILL')
}

/** `FOREMAN_SOAK=1`: more of them. */
const COUNT = process.env['FOREMAN_SOAK'] === '1' ? 20_000 : 500

/** Many lines, some of which are the same. Each is a request that is answered in one piece. */
const numbers = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    request: { model: 'plain', prompt: `Number ${n % (count - 10)}`, stream: false },
  }))

test.each([
  ['in order', ['--in-order']],
  ['as they end', []],
])(
  `${COUNT} lines, killed three times and with a torn line, bring each result once, %s`,
  async (_, flags) => {
    const jobs = await startJobs()
    const input = inputOf(numbers(COUNT))
    const output = resultsFile()
    const args = [input, '-o', output, '--batch', '40', ...flags]
    for (const share of [0.1, 0.4, 0.7]) await killAt(share * COUNT, output, submitting(jobs, ...args))
    fs.appendFileSync(output, `{"line":${COUNT - 1},"input":"0`)
    const last = submitting(jobs, ...args)
    expect([await last.ended, last.output()]).toEqual([
      0,
      expect.stringContaining(`${COUNT} of ${COUNT} done, 0 failed`),
    ])
    const written = resultsIn(output).map(({ line }) => line)
    const inOrder = Array.from({ length: COUNT }, (_each, at) => at + 1)
    expect(flags.length > 0 ? written : written.toSorted((a, b) => a - b)).toEqual(inOrder)
    // No line became two jobs.
    await until(async () => (await endedCount(jobs)) === COUNT)
  },
  120_000,
)

test('prompts are lines of text, or JSON strings that may have line feeds', async () => {
  const jobs = await startJobs()
  const input = inputOf(['Hello!', '', '"two\\nlines"', '"Who?", she said', hello])
  const output = resultsFile()
  const run = submitting(jobs, input, '-o', output, '--in-order', '--model', 'plain', '--priority', 'low')
  expect([await run.ended, run.output()]).toEqual([0, expect.stringContaining('4 of 4 done')])
  expect(resultsIn(output)).toMatchObject([
    { line: 1, state: 'succeeded', priority: 'low', result: { response: expect.any(String) as string } },
    { line: 3 },
    { line: 4 },
    { line: 5, priority: 'normal' },
  ])
  const prompts = []
  for (const { id } of resultsIn(output))
    prompts.push((await jobs.ask('GET', `/jobs/${id}/request`)).json['prompt'])
  expect(prompts).toEqual(['Hello!', 'two\nlines', '"Who?", she said', 'Hello!'])
})

test('a batch that is larger than foreman takes is divided', async () => {
  const jobs = await startJobs({ variables: { FOREMAN_MAX_BATCH: '2KB' } })
  const output = resultsFile()
  const run = submitting(jobs, inputOf(numbers(100)), '-o', output, '--in-order')
  expect([await run.ended, run.output()]).toEqual([0, expect.stringContaining('100 of 100 done')])
  expect(resultsIn(output).map(({ line }) => line)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1))
})

test.each<[what: string, lines: (string | object)[], before: string, expected: [number, RegExp]]>([
  ['prompts without a model', ['Hello!'], '', [2, /line 1: it is a prompt: say with --model/]],
  [
    'a line that foreman refuses',
    [hello, '', { request: {} }],
    '',
    [2, /foreman: line 3: \/endpoint: must be given/],
  ],
  [
    'a model that is not there',
    [hello, { request: { model: 'no', prompt: 'x' } }],
    '',
    [2, /line 2: .*'?no/],
  ],
  [
    'results of another input',
    [hello],
    '{"line":1,"input":"00000001","state":"failed"}\n',
    [2, /line 1: the results/],
  ],
  ['results that are none', [hello], 'my diary\n', [2, /line 1: it is not of 'foreman submit'/]],
])('%s: a message says so', async (_, lines, before, [exitCode, message]) => {
  const jobs = await startJobs()
  const output = resultsFile()
  fs.writeFileSync(output, before)
  const run = submitting(jobs, inputOf(lines), '-o', output)
  expect([await run.ended, run.output()]).toEqual([exitCode, expect.stringMatching(message)])
  expect(fs.readFileSync(output, 'utf8').startsWith(before)).toBe(true)
})

test('results that another submit writes are refused, until it has ended, by kill -9 too', async () => {
  const jobs = await startJobs()
  const input = inputOf([hello, endless])
  const output = resultsFile()
  const first = submitting(jobs, input, '-o', output)
  await until(() => fs.existsSync(output) && resultsIn(output).length === 1, 30_000)
  const second = submitting(jobs, input, '-o', output)
  expect([await second.ended, second.output()]).toEqual([
    2,
    expect.stringContaining(`another submit writes ${output}: wait for it`),
  ])
  first.kill('SIGKILL')
  await first.ended
  const third = submitting(jobs, input, '-o', output, '--timeout', '3s')
  expect([await third.ended, third.output()]).toEqual([6, expect.stringContaining('1 of 2 done')])
  expect(fs.readdirSync(path.dirname(output))).toEqual([path.basename(output)])
}, 60_000)

test.each<[what: string, args: () => string[], message: RegExp]>([
  [
    'results that are a device',
    () => [inputOf([hello]), '-o', '/dev/null'],
    /\/dev\/null is no file; without/,
  ],
  [
    'an input that is a directory',
    () => [temporaryDirectory()],
    /the input cannot be read: .* is a directory/,
  ],
])('%s: a message says so, and nothing is submitted', async (_, args, message) => {
  const jobs = await startJobs()
  const run = submitting(jobs, ...args())
  expect([await run.ended, run.output()]).toEqual([2, expect.stringMatching(message)])
  expect((await jobs.ask('GET', '/jobs')).json['jobs']).toEqual([])
})

test('without a file the results are data on stdout, and a failed job is exit code 1', async () => {
  const jobs = await startJobs()
  const bad = { ...endless, deadline: new Date(Date.now() + 8_000) }
  const run = submitting(jobs, inputOf([hello, bad]), '--in-order')
  expect(await run.ended).toBe(1)
  expect(run.output()).toMatch(/\{"line":1,"input":"[0-9a-f]{8}",.*\n(.*\n)?\{"line":2,.*deadline_exceeded/)
})

test('Ctrl-C where nobody can be asked leaves the jobs to foreman, and another run gets their results', async () => {
  const jobs = await startJobs()
  const input = inputOf([hello, endless])
  const first = submitting(jobs, input, '-o', resultsFile())
  await until(async () => (await endedCount(jobs)) === 1)
  first.kill('SIGINT')
  expect([await first.ended, first.output()]).toEqual([
    130,
    expect.stringContaining('The same command goes on'),
  ])
  const { json } = await jobs.ask('GET', '/queue?fields=running')
  expect(json['running']).toBe(1)
})

test('as they end, results come before those of a job that goes on, and each once', async () => {
  const jobs = await startJobs({ sim: { parallel: 2 }, variables: { FOREMAN_CONCURRENCY: '2' } })
  const short = { request: { ...endless.request, options: { num_predict: 2 } } }
  const output = resultsFile()
  const run = submitting(jobs, inputOf([endless, short, short]), '-o', output)
  await until(() => fs.existsSync(output) && resultsIn(output).length === 2, 30_000)
  const [{ id } = { id: '' }] = ((await jobs.ask('GET', '/jobs?state=running')).json as unknown as JobPage)
    .jobs
  await jobs.ask('DELETE', `/jobs/${id}`)
  expect(await run.ended).toBe(1)
  expect(resultsIn(output).map(({ line, state }) => [line, state])).toEqual([
    [expect.any(Number), 'succeeded'],
    [expect.any(Number), 'succeeded'],
    [1, 'cancelled'],
  ])
}, 60_000)

test('Ctrl-C on a terminal asks whether to cancel what is left, and the same command submits that anew', async () => {
  const jobs = await startJobs()
  const main = path.join(root, 'apps/cli/src/main.ts')
  const command = [
    process.execPath,
    '-C',
    '@foreman/source',
    main,
    'submit',
    inputOf([endless]),
    '-o',
    resultsFile(),
  ]
  const run = inTerminal(command, { env: { FOREMAN_URL: jobs.foreman.url } })
  const ids = async (state: string) =>
    ((await jobs.ask('GET', `/jobs?state=${state}`)).json as unknown as JobPage).jobs.map(({ id }) => id)
  await until(async () => (await ids('running')).length === 1)
  run.type('\u0003')
  await until(() => run.output().includes('Cancel the jobs that have not ended?'))
  run.type('y\r')
  expect(await run.ended).toBe(130)
  expect(run.output()).toContain('They are cancelled')
  await until(async () => (await ids('cancelled')).length === 1)
  const again = inTerminal(command, { env: { FOREMAN_URL: jobs.foreman.url } })
  await until(async () => (await ids('running')).length === 1)
  expect(await ids('running')).not.toEqual(await ids('cancelled'))
  again.kill('SIGKILL')
  await again.ended
}, 60_000)
