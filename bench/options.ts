import { setting, type SettingTable } from '@foreman/process'
import path from 'node:path'
import { resultsDirectory } from './results.ts'

export const settings = {
  quick: setting.choice({
    env: 'FOREMAN_BENCH_QUICK',
    default: 'off',
    choices: ['on', 'off'],
    describe: 'A few seconds each, to see that it runs; --quick alone is --quick on',
  }),
  directory: setting.text({
    env: 'FOREMAN_BENCH_DIRECTORY',
    default: path.relative(process.cwd(), resultsDirectory),
    describe: 'Where the queues lie while they are measured: the disk to be measured',
  }),
  profile: setting.text({
    env: 'FOREMAN_BENCH_PROFILE',
    optional: true,
    describe: 'A directory for CPU profiles of gateway and worker',
  }),
} satisfies SettingTable

export interface BenchOptions {
  readonly quick: boolean
  /** On the disk to be measured. */
  readonly directory: string
  readonly profileDirectory: string | undefined
}
