import { type Setting, setting, type SettingTable } from '@foreman/process'
import fs from 'node:fs'
import path from 'node:path'
import { resultsDirectory } from './results.ts'

/** What must be there for the processes of another checkout to start. */
const NEEDED = ['apps/gateway/src/main.ts', 'apps/worker/src/main.ts', 'node_modules']

const checkoutAt = (text: string): string | undefined => {
  const directory = path.resolve(text)
  return NEEDED.every(file => fs.existsSync(path.join(directory, file))) ? directory : undefined
}

export const settings = {
  quick: setting.choice({
    env: 'FOREMAN_BENCH_QUICK',
    default: 'off',
    choices: ['on', 'off'],
    describe: 'Run each benchmark for a few seconds, to see that it works; --quick alone is --quick on',
  }),
  against: {
    env: 'FOREMAN_BENCH_AGAINST',
    optional: true,
    describe: 'Another checkout of foreman, already installed: measure it in turns with this one',
    allowed: 'the directory of another checkout of foreman whose dependencies are installed',
    parse: checkoutAt,
  } satisfies Setting<string | undefined>,
  directory: setting.text({
    env: 'FOREMAN_BENCH_DIRECTORY',
    default: path.relative(process.cwd(), resultsDirectory),
    describe: 'Where the queues are during a benchmark: choose the disk that you want to measure',
  }),
  profile: setting.text({
    env: 'FOREMAN_BENCH_PROFILE',
    optional: true,
    describe: 'A directory for CPU profiles of gateway and worker',
  }),
} satisfies SettingTable

export interface BenchOptions {
  readonly quick: boolean
  /** The root of another checkout to compare this one with. */
  readonly against: string | undefined
  /** On the disk to be measured. */
  readonly directory: string
  readonly profileDirectory: string | undefined
}
