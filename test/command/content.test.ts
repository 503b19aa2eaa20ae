import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Installation, startInstallation } from './installation.ts'

const EVIL = 'safe\u001b]0;title\u0007\u001b[2J\u009b31m\u202egnp\u007f'
const SHOWN = 'safe␛]0;title␇␛[2J\ufffd31m\ufffdgnp␡'

let foreman: Installation

beforeAll(async () => {
  foreman = await startInstallation(
    {},
    { proseModels: [{ name: 'evil', size: 1, prose: () => ({ text: EVIL }) }] },
  )
}, 60_000)

afterAll(() => foreman.stop())

// oxlint-disable-next-line no-control-regex -- they are what must not come
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/

const submit = async (): Promise<string> => {
  const id = await foreman.submit({ request: { model: 'evil', prompt: EVIL }, metadata: { [EVIL]: EVIL } })
  await foreman.run(['jobs', 'watch', id])
  return id
}

test('what a model and a caller have written does not reach the terminal, but for --raw', async () => {
  const id = await submit()
  const tail = await foreman.run(['jobs', 'tail', id])
  expect(tail.stdout.trim()).toBe(SHOWN)
  for (const args of [
    ['jobs', 'show', id],
    ['jobs', 'show', id, '--request'],
    ['jobs', 'show', id, '--json'],
    ['jobs', 'tail', id, '--json'],
    ['jobs', 'ls', '--json'],
    ['jobs', 'why', EVIL],
    ['hold', EVIL],
  ]) {
    const { stdout, stderr } = await foreman.run(args)
    expect([args, OBEYED.exec(stdout + stderr)?.[0]]).toEqual([args, undefined])
  }
  const shown = foreman.show(['jobs', 'tail', id], { env: { NO_COLOR: '1' } })
  await shown.ended
  expect(shown.output().replaceAll('\r\n', '')).toBe(SHOWN)
  const raw = await foreman.run(['jobs', 'tail', id, '--raw'])
  expect(raw.stdout).toContain('\u009b31m')
})

test('JSON is the same object all the same', async () => {
  const id = await submit()
  const { stdout } = await foreman.run(['jobs', 'show', id, '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ metadata: { [EVIL]: EVIL } })
})

test('whoever reads only the beginning ends the command quietly', async () => {
  for (let n = 0; n < 3; n++) await submit()
  const [node = '', ...args] = foreman.command(['jobs', 'ls', '--json'])
  const { stdout, stderr } = spawnSync('sh', ['-c', '"$@" | head -n 1', 'sh', node, ...args], {
    env: { ...foreman.environment },
    encoding: 'utf8',
  })
  expect([stdout.split('\n').length, stderr]).toEqual([2, ''])
})

test('the completion of bash knows commands and models', async () => {
  const script = (await foreman.run(['completion', 'bash'])).stdout
  const completed = (line: string): string[] => {
    const ask = `${script}\nforeman() { ${foreman.command([]).join(' ')} "$@"; }\nCOMP_LINE="$1" COMP_POINT=\${#1}\n_foreman\nprintf '%s\\n' "\${COMPREPLY[@]}"`
    const env = { ...foreman.environment }
    return spawnSync('bash', ['-c', ask, 'bash', line], { env, encoding: 'utf8' })
      .stdout.trimEnd()
      .split('\n')
  }
  expect(completed('foreman jobs w')).toEqual(['why', 'watch'])
  expect(completed('foreman jobs tail --r')).toEqual(['--raw'])
})

test('the health of the gateway is asked for without a word', async () => {
  const FOREMAN_ADDR = new URL(foreman.url).host
  expect(await foreman.run(['healthcheck', 'gateway'], { env: { FOREMAN_ADDR } })).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  })
  const away = await foreman.run(['healthcheck', 'gateway'], { env: { FOREMAN_ADDR: '127.0.0.1:9' } })
  expect(away).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^http:\/\/127.0.0.1:9 is not ready: .*\n$/) as string,
  })
})
