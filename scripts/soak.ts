import { readSettings, runMain, setting, SettingError } from '@foreman/process'
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')
const VITEST = path.join(ROOT, 'node_modules/vitest/vitest.mjs')

/** The tests of each part, as arguments of vitest. */
const parts = {
  bodies: ['test/soak/bodies.test.ts'],
  targets: ['test/soak/targets.test.ts'],
  crash: ['test/crash'],
  wire: ['test/wire/bad-input.test.ts', 'test/wire/big-answers.test.ts'],
  clients: ['--config', 'test/clients/vitest.config.ts', 'real-limits', 'openapi-fuzz'],
} as const
const names = Object.keys(parts) as (keyof typeof parts)[]

const settings = {
  seed: setting.integer({
    env: 'FOREMAN_SOAK_SEED',
    optional: true,
    min: 0,
    describe: 'The seed of bodies and targets, which each run prints. Default: another each time',
  }),
  rounds: setting.integer({
    env: 'FOREMAN_SOAK_ROUNDS',
    optional: true,
    min: 1,
    describe: 'How many rounds bodies and targets make. Default: 5 and 6',
  }),
}

const summary = [
  'Runs tests for longer than npm test does.',
  '',
  'bodies   requests with large, deep, packed, cut and oddly framed bodies, by several callers',
  'targets  a target that answers oddly, on every route',
  'crash    kill -9 of gateway and worker at random moments',
  'wire     mutated requests, and answers of 500 MB',
  'clients  waits of more than five minutes, and requests made from /openapi.json',
  '',
  'Without a name, all of them run one after the other.',
].join('\n')

const namesIn = (word: string | undefined): typeof names => {
  if (word === undefined || word.startsWith('-')) return names
  const name = names.find(each => each === word)
  if (!name) throw new SettingError(`no soak is called ${word}: there are ${names.join(', ')}`)
  return [name]
}

const run = (name: keyof typeof parts, env: NodeJS.ProcessEnv): boolean => {
  const args = ['-C', '@foreman/source', VITEST, 'run', ...parts[name]]
  return spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' }).status === 0
}

const main = (): void => {
  const [word, ...rest] = process.argv.slice(2)
  const chosen = namesIn(word)
  const argv = chosen === names && word !== undefined ? [word, ...rest] : rest
  const { seed, rounds } = readSettings(settings, {
    command: 'npm run soak --',
    summary,
    argv,
    env: process.env,
  })
  const env = {
    ...process.env,
    FOREMAN_SOAK: '1',
    FOREMAN_SOAK_SEED: seed === undefined ? '' : String(seed),
    FOREMAN_SOAK_ROUNDS: rounds === undefined ? '' : String(rounds),
  }
  const failed = chosen.filter(name => !run(name, env))
  if (failed.length === 0) return
  console.error(`failed: ${failed.join(', ')}`)
  process.exitCode = 1
}

await runMain(main)
