#!/usr/bin/env node
import { processes } from './processes/processes.ts'

// Processes read their own flags. They are started without what reads those of the other commands.
const argv = process.argv.slice(2)
const started = processes.find(({ words }) => words.every((word, at) => argv[at] === word))
if (started) await started.run(argv.slice(started.words.length))
else {
  const { runCommandLine } = await import('./command-line/run-command-line.ts')
  await runCommandLine(argv)
}
