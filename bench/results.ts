import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export const resultsDirectory = path.join(import.meta.dirname, 'results')

const machine = () => ({
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  cores: os.availableParallelism(),
  cpu: os.cpus()[0]?.model ?? 'unknown',
  memoryBytes: os.totalmem(),
  /** The load average of the last minute: it shows whether other processes kept the machine busy. */
  load: os.loadavg()[0],
})

/**
 * Writes what a benchmark measured, and on which machine, to a file.
 *
 * @returns the path of the file
 */
export const writeResults = (name: string, measured: object): string => {
  fs.mkdirSync(resultsDirectory, { recursive: true })
  const file = path.join(resultsDirectory, `${name}.json`)
  const content = { name, at: new Date().toISOString(), machine: machine(), ...measured }
  fs.writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`)
  return file
}

export const machineLine = (): string => {
  const { node, cores, cpu, load } = machine()
  return `node ${node}, ${cores} cores (${cpu}), load ${load?.toFixed(1)}`
}
