import { onStopRequest, readSettings, runMain, SettingError } from '@foreman/process'
import { constants } from 'node:os'
import path from 'node:path'
import { backlog } from './backlog.ts'
import { claims } from './claims.ts'
import { estimates } from './estimates.ts'
import { fair } from './fair.ts'
import { idle } from './idle.ts'
import { jobs } from './jobs.ts'
import { latency } from './latency.ts'
import { neighbours } from './neighbours.ts'
import { type BenchOptions, settings } from './options.ts'
import { page } from './page.ts'
import { stopAll } from './processes.ts'
import { recordTrace } from './record-trace.ts'
import { machineLine, writeResults } from './results.ts'
import { schedule } from './schedule.ts'
import { swaps } from './swaps.ts'
import { watchers } from './watchers.ts'
import { webhooks } from './webhooks.ts'

const benchmarks = {
  latency,
  swaps,
  schedule,
  'record-trace': recordTrace,
  fair,
  estimates,
  idle,
  jobs,
  backlog,
  claims,
  webhooks,
  neighbours,
  watchers,
  page,
}
type Name = keyof typeof benchmarks
const names = Object.keys(benchmarks) as Name[]
/** The benchmarks that can measure another checkout, too. */
const comparable: readonly Name[] = ['latency', 'idle', 'jobs', 'backlog', 'claims', 'webhooks', 'neighbours']
/** The benchmarks that are parts of another one, and what only records. */
const notInAll: ReadonlySet<Name> = new Set<Name>(['record-trace', 'backlog', 'claims', 'webhooks'])

/** All benchmarks together take less. */
const TIMEOUT_MS = 40 * 60_000

const summary = [
  'Measures foreman with a simulated Ollama as its target, and compares it with calls to that target directly.',
  '',
  'latency  what foreman adds to the time of the first and the last byte of an answer',
  'swaps    model loads, run time and waits of jobs for three models',
  'schedule  the policy of foreman on a clock of its own, and other orders of the same arrivals',
  'record-trace  90 s of a simulated Ollama, for schedule: what its callers send, and when',
  'fair     callers who come back for their model, through the real processes',
  'estimates  how well it foretells when jobs start, through the real processes',
  'idle     CPU and memory of gateway and worker while nothing happens and while callers wait',
  'jobs     background jobs: how fast they are accepted, claimed, run, announced by webhooks and deleted',
  'backlog  the part of jobs that accepts and runs them behind a backlog',
  'claims   the part of jobs that chooses and claims them',
  'webhooks  the part of jobs that announces them by webhooks',
  'neighbours  how long an answer stands still while another caller sends what costs much, and the memory for it',
  'page     how quickly the dashboard opens on a slow machine, and how quickly it filters 100,000 jobs',
  'watchers  what those who watch the queue cost a caller, behind a million jobs',
  'all      all of them but record-trace, one after the other',
  '',
  'Each benchmark prints a table and writes bench/results/NAME.json.',
  '',
  'With --against DIR, the gateway and the worker of another checkout run on the same simulation and take',
  'turns with those of this checkout. The tables call them "before", and show the ratio before / foreman:',
  'latency compares all figures; idle compares CPU and memory; backlog compares how many jobs a second the',
  'gateway accepts and the worker runs, claims how long a claim takes, webhooks how many messages a second the',
  'worker sends, and jobs all three. swaps and deletion are not compared. The results go to bench/results/NAME-against.json.',
].join('\n')

const run = async (name: Name, options: BenchOptions): Promise<void> => {
  console.log(`\n${name}: ${machineLine()}\n`)
  const { text, ...measured } = await benchmarks[name](options)
  console.log(text)
  const file = options.against === undefined ? name : `${name}-against`
  console.log(`\nwritten to ${writeResults(file, { quick: options.quick, ...measured })}`)
}

const readNames = (word: string | undefined, against: string | undefined): readonly Name[] => {
  const possible = against === undefined ? names : comparable
  if (word === 'all') return possible.filter(name => !notInAll.has(name))
  const name = names.find(one => one === word)
  if (!name) throw new SettingError(`say which: npm run bench -- ${[...names, 'all'].join('|')} (see --help)`)
  if (!possible.includes(name))
    throw new SettingError(`${name} cannot be compared with another checkout (see --help)`)
  return [name]
}

const end = async (exitCode: number): Promise<never> => {
  await stopAll()
  process.exit(exitCode)
}

const main = async (): Promise<void> => {
  const argv = process.argv.slice(2)
  const word = argv[0]?.startsWith('-') ? undefined : argv.shift()
  const { quick, against, directory, profile } = readSettings(settings, {
    command: `npm run bench -- ${[...names, 'all'].join('|')}`,
    summary,
    argv: argv.map((flag, at) =>
      flag === '--quick' && argv[at + 1]?.startsWith('o') !== true ? '--quick=on' : flag,
    ),
    env: process.env,
  })
  const chosen = readNames(word, against)
  onStopRequest(process, reason => void end(reason === 'orphaned' ? 1 : 128 + constants.signals[reason]))
  setTimeout(() => {
    console.error('the benchmark takes too long')
    void end(1)
  }, TIMEOUT_MS).unref()
  const profileDirectory = profile && path.resolve(profile)
  for (const name of chosen) await run(name, { quick: quick === 'on', against, directory, profileDirectory })
}

try {
  await runMain(main)
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
await stopAll()
process.exit()
