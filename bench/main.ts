import { onStopRequest, readSettings, runMain, SettingError } from '@foreman/process'
import { constants } from 'node:os'
import path from 'node:path'
import { idle } from './idle.ts'
import { jobs } from './jobs.ts'
import { latency } from './latency.ts'
import { type BenchOptions, settings } from './options.ts'
import { stopAll } from './processes.ts'
import { machineLine, writeResults } from './results.ts'
import { swaps } from './swaps.ts'

const benchmarks = { latency, swaps, idle, jobs }
type Name = keyof typeof benchmarks
const names = Object.keys(benchmarks) as Name[]

/** Longer than all of them together take. */
const LONGEST_MS = 20 * 60_000

const summary = [
  'Measures foreman against a simulated Ollama, each benchmark in comparison with the same calls sent directly.',
  '',
  'latency  what foreman adds to the first and the last byte of an answer',
  'swaps    model loads, time and waits of jobs over three models',
  'idle     CPU and memory of gateway and worker while nothing happens and while callers wait',
  'jobs     work that nobody waits for: how fast it is taken, claimed, run, told of and pruned',
  'all      one after the other',
  '',
  'Each prints a table and writes bench/results/NAME.json.',
].join('\n')

const run = async (name: Name, options: BenchOptions): Promise<void> => {
  console.log(`\n${name}: ${machineLine()}\n`)
  const { text, ...measured } = await benchmarks[name](options)
  console.log(text)
  console.log(`\nwritten to ${writeResults(name, { quick: options.quick, ...measured })}`)
}

const readName = (word: string | undefined): readonly Name[] => {
  if (word === 'all') return names
  const name = names.find(one => one === word)
  if (!name) throw new SettingError(`say which: npm run bench -- ${[...names, 'all'].join('|')} (see --help)`)
  return [name]
}

const end = async (exitCode: number): Promise<never> => {
  await stopAll()
  process.exit(exitCode)
}

const main = async (): Promise<void> => {
  const argv = process.argv.slice(2)
  const word = argv[0]?.startsWith('-') ? undefined : argv.shift()
  const { quick, directory, profile } = readSettings(settings, {
    command: `npm run bench -- ${[...names, 'all'].join('|')}`,
    summary,
    argv: argv.map((flag, at) =>
      flag === '--quick' && argv[at + 1]?.startsWith('o') !== true ? '--quick=on' : flag,
    ),
    env: process.env,
  })
  const chosen = readName(word)
  onStopRequest(process, reason => void end(reason === 'orphaned' ? 1 : 128 + constants.signals[reason]))
  setTimeout(() => {
    console.error('the benchmark takes too long')
    void end(1)
  }, LONGEST_MS).unref()
  for (const name of chosen) {
    await run(name, { quick: quick === 'on', directory, profileDirectory: profile && path.resolve(profile) })
  }
}

try {
  await runMain(main)
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
await stopAll()
process.exit()
