import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endless, hello } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'
import { type Installation, OPERATOR, startInstallation } from './installation.ts'

let foreman: Installation

beforeAll(async () => {
  foreman = await startInstallation()
}, 60_000)

afterAll(() => foreman.stop())

const later = { ...hello, priority: 'low' }

const ESCAPE = '\u001b'
const linesOf = (text: string) => (text === '' ? [] : text.trimEnd().split('\n'))
const jsonOf = (text: string) => linesOf(text).map(line => JSON.parse(line) as Record<string, unknown>)

/** A job that has ended. */
const ended = async (submission: object = hello): Promise<string> => {
  const id = await foreman.submit(submission)
  await foreman.run(['jobs', 'watch', id])
  return id
}

describe('in a pipe and in a terminal', () => {
  /** Each command that only shows something, and what it says. */
  test.each<[string, string[], RegExp]>([
    ['status', ['status'], /^running {2}\d+ running, \d+ waiting/],
    ['models', ['models'], /^plain:latest/m],
    ['version', ['version'], /^command +\d+\.\d+/],
    ['jobs ls', ['jobs', 'ls'], /^job_\S+ +succeeded +plain/],
    ['holds ls', ['holds', 'ls'], /^$/],
    ['batches ls', ['batches', 'ls'], /^$/],
    ['webhook ls', ['webhook', 'ls'], /^$/],
  ])('%s prints data, has no colours in a pipe, and is JSON with --json', async (_, args, text) => {
    await ended()
    const piped = await foreman.run(args)
    expect(piped).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(text) as string })
    expect(piped.stdout).not.toContain(ESCAPE)
    const json = await foreman.run([...args, '--json'])
    expect(json).toMatchObject({ code: 0, stderr: '' })
    expect(() => jsonOf(json.stdout)).not.toThrow()
    const shown = foreman.show(args)
    expect(await shown.ended).toBe(0)
  })

  test('there are colours on a terminal, and none with NO_COLOR', async () => {
    const coloured = foreman.show(['status'])
    expect(await coloured.ended).toBe(0)
    expect(coloured.output()).toContain(`${ESCAPE}[`)
    const plain = foreman.show(['status'], { env: { NO_COLOR: '1' } })
    expect(await plain.ended).toBe(0)
    expect(plain.output()).not.toContain(ESCAPE)
  })

  test('a table fits the width of the terminal', async () => {
    await ended()
    const narrow = foreman.show(['jobs', 'ls'], { columns: 40, env: { NO_COLOR: '1' } })
    expect(await narrow.ended).toBe(0)
    const lines = narrow.output().trimEnd().split('\r\n')
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(40)
    expect(lines[0]).toMatch(/^job_\w+ {2}.*…$/)
  })
})

describe('what goes wrong', () => {
  test.each<[string, string[], Record<string, string>, number, RegExp]>([
    ['a command that there is not', ['jbs'], {}, 2, /did you mean jobs/i],
    ['a flag that there is not', ['status', '--verbose'], {}, 2, /verbose.*see --help/i],
    ['a missing word', ['jobs', 'show'], {}, 2, /something is missing.*see --help/],
    ['a group alone', ['jobs'], {}, 2, /foreman jobs --help/],
    ['a wrong filter', ['jobs', 'ls', '--filter', 'colour=red'], {}, 2, /"colour=red" is no filter/],
    ...[
      ['jobs', 'ls'],
      ['batches', 'ls'],
      ['webhook', 'ls'],
      ['webhook', 'ls', 'job_0'],
    ].flatMap(words =>
      ['0', 'many'].map((limit): [string, string[], Record<string, string>, number, RegExp] => [
        `${words.join(' ')} with ${limit} as its limit`,
        [...words, '-n', limit],
        {},
        2,
        /--limit must be a whole number from 1 on/,
      ]),
    ),
    ['a value that foreman refuses', ['jobs', 'ls', '--state', 'odd'], {}, 2, /state/],
    [
      'nobody there',
      ['status'],
      { FOREMAN_URL: 'http://127.0.0.1:9' },
      3,
      /cannot be reached.*foreman start/,
    ],
    ['no token', ['status'], { FOREMAN_OPERATOR_TOKEN: '' }, 4, /wants a token/],
    [
      'a wrong token',
      ['status'],
      { FOREMAN_OPERATOR_TOKEN: 'wrong' },
      4,
      /does not know the token of FOREMAN_OPERATOR_TOKEN/,
    ],
    [
      'no operator',
      ['pause'],
      { FOREMAN_OPERATOR_TOKEN: '', FOREMAN_TOKEN: 'token-of-ann' },
      4,
      /token of an operator/,
    ],
    ['no job', ['jobs', 'show', 'job_0'], {}, 5, /job_0/],
    ['no hold', ['release', 'low'], {}, 5, /nothing holds low/],
    [
      'no job of a filter',
      ['jobs', 'cancel', '--filter', 'state=queued', '--filter', 'model=none'],
      {},
      0,
      /no job matches/,
    ],
  ])('%s', async (_, args, env, code, message) => {
    const said = await foreman.run(args, { env })
    expect(said).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) as string })
    expect(said.stderr).not.toMatch(/\n +at /)
    expect(said.stderr).not.toContain(OPERATOR)
  })

  test('--timeout exits with 6, Ctrl-C with 130, SIGTERM with 143', async () => {
    const id = await foreman.submit(endless)
    const late = await foreman.run(['jobs', 'watch', id, '--timeout', '300ms'])
    expect(late).toMatchObject({ code: 6, stderr: 'foreman: the time of --timeout is over\n' })
    for (const [end, code] of [
      ['\u0003', 130],
      ['SIGTERM', 143],
    ] as const) {
      const watching = foreman.show(['jobs', 'watch', id])
      await until(() => watching.output().includes('started'))
      if (end === 'SIGTERM') watching.kill(end)
      else watching.type(end)
      expect(await watching.ended).toBe(code)
    }
    await foreman.run(['jobs', 'cancel', id])
  })
})

test('the version of the command is shown although foreman is away, and a caller sees that of the gateway', async () => {
  const away = await foreman.run(['version'], { env: { FOREMAN_URL: 'http://127.0.0.1:9' } })
  expect(away).toMatchObject({ code: 3, stdout: expect.stringMatching(/^command {2}\d\S+\n$/) as string })
  const { stdout } = away
  const flag = await foreman.run(['--version'], { env: { FOREMAN_URL: 'http://127.0.0.1:9' } })
  expect(flag).toMatchObject({ code: 0, stdout: stdout.replace('command  ', ''), stderr: '' })
  const caller = { FOREMAN_OPERATOR_TOKEN: '', FOREMAN_TOKEN: 'token-of-ann' }
  expect((await foreman.run(['version'], { env: caller })).stdout).toMatch(
    /^command {2}\S+\ngateway {2}\S+\n$/,
  )
  expect((await foreman.run(['version'])).stdout).toMatch(
    /\ngateway .*\nworker .*\nqueue file {2}\d+\nOllama/,
  )
})

describe('jobs', () => {
  test('show has the digits of the answer and of the metadata', async () => {
    const id = await foreman.submit(hello)
    const json = await foreman.run(['jobs', 'show', id, '--json'])
    expect(jsonOf(json.stdout)).toMatchObject([{ id, model: 'plain' }])
    const shown = await foreman.run(['jobs', 'show', id])
    expect(shown.stdout).toMatch(new RegExp(`^id +${id}\\nstate +\\w+\\nmodel +plain\\n`))
    expect((await foreman.run(['jobs', 'show', id, '--request'])).stdout).toBe(
      `${JSON.stringify(hello.request)}\n`,
    )
  })

  test('watch exits by the end of the job', async () => {
    const good = await foreman.run(['jobs', 'watch', await foreman.submit(hello)])
    expect([good.code, linesOf(good.stdout).at(-1)]).toEqual([0, 'succeeded'])
    const late = { ...endless, deadline: new Date(Date.now() + 300).toISOString() }
    const bad = await foreman.run(['jobs', 'watch', await foreman.submit(late)])
    expect([bad.code, linesOf(bad.stdout).at(-1)]).toEqual([1, 'failed  deadline_exceeded'])
    const several = await foreman.run(['jobs', 'watch', '-', '--json'], {
      stdin: `${await foreman.submit(hello)}\n{"id":"${await foreman.submit(hello)}"}\n`,
    })
    expect([several.code, jsonOf(several.stdout).map(({ state }) => state)]).toEqual([
      0,
      ['succeeded', 'succeeded'],
    ])
  })

  test('a job that waits says why, gets another priority, is cancelled and submitted again', async () => {
    await foreman.run(['hold', 'plain', '--reason', 'a test'])
    const id = await foreman.submit(later)
    expect((await foreman.run(['jobs', 'why', id])).stdout).toMatch(new RegExp(`^${id} {2}queued: .*held`))
    expect(await foreman.run(['jobs', 'priority', 'high', id])).toMatchObject({
      code: 0,
      stdout: `${id}  has priority high\n`,
    })
    expect(await foreman.run(['jobs', 'cancel', id])).toMatchObject({ code: 0, stdout: `${id}  cancelled\n` })
    const again = await foreman.run(['jobs', 'retry', id, 'job_0'])
    expect(again).toMatchObject({ code: 5, stderr: expect.stringMatching(/^foreman: job_0: /) as string })
    expect(again.stdout).toMatch(/is submitted again as job_\w+\n/)
    expect((await foreman.run(['release', 'plain'])).stdout).toBe('running\n')
  })

  test('many jobs need a yes: on a terminal it is asked for, elsewhere it is a flag', async () => {
    await foreman.run(['hold', 'beta'])
    const waiting = { request: { model: 'beta', prompt: 'x' } }
    for (let n = 0; n < 3; n++) await foreman.submit(waiting)
    const all = ['jobs', 'cancel', '--filter', 'state=queued', '--filter', 'model=beta']
    expect(await foreman.run(all)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('add --yes') as string,
    })
    const asked = foreman.show(all)
    await until(() => asked.output().includes('Cancel 3 jobs? [y/N] '))
    asked.type('n\r')
    expect(await asked.ended).toBe(0)
    const counted = await foreman.run([...all, '--yes', '--json'])
    expect([counted.code, jsonOf(counted.stdout)]).toMatchObject([
      0,
      [{ action: 'cancel', state: 'done', matched: 3, done: 3 }],
    ])
    await foreman.run(['release', 'beta'])
  })
})

describe('the answer of a job', () => {
  test('is printed as text, thinking apart', async () => {
    const id = await ended({ request: { model: 'think', prompt: 'x' } })
    const tail = await foreman.run(['jobs', 'tail', id])
    expect(tail).toEqual({ code: 0, stdout: 'The answer is 42\n', stderr: 'Let me see…\n' })
    const shown = foreman.show(['jobs', 'tail', id])
    expect(await shown.ended).toBe(0)
    expect(shown.output()).toContain(`${ESCAPE}[2m`)
    const raw = await foreman.run(['jobs', 'tail', id, '--raw'])
    expect(jsonOf(raw.stdout).at(-1)).toMatchObject({ done: true })
  })
})
