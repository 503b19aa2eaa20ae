/** A command that reads its own flags: each is also a setting (docs/configuration.md). */
export interface ProcessCommand {
  readonly words: readonly string[]
  readonly describe: string
  readonly run: (argv: readonly string[]) => Promise<void>
}

export const processes: readonly ProcessCommand[] = [
  {
    words: ['start'],
    describe: 'Run a gateway and a worker, and start either again when it dies',
    run: async argv => (await import('../start/run-start.ts')).runStart(argv),
  },
  {
    words: ['gateway'],
    describe: 'Run the gateway: it accepts requests and sends the answers back',
    run: async argv => (await import('@foreman/gateway/run')).runGateway(argv),
  },
  {
    words: ['worker'],
    describe: 'Run the worker: it runs the jobs on the Ollama server',
    run: async argv => (await import('@foreman/worker/run')).runWorker(argv),
  },
  {
    words: ['sim'],
    describe: 'Run a simulated Ollama, to try foreman without one',
    run: async argv => (await import('@foreman/ollama-sim/run')).runSim(argv),
  },
  {
    words: ['healthcheck', 'gateway'],
    describe: 'Exit with 0 if the gateway of this machine accepts jobs, else with one line and 1',
    run: async argv => (await import('../health/check-gateway.ts')).checkGateway(argv),
  },
  {
    words: ['healthcheck', 'worker'],
    describe: 'Exit with 0 if a worker is alive, else with one line and 1',
    run: async argv => (await import('../health/check-worker.ts')).checkWorker(argv),
  },
  {
    words: ['webhook', 'tail'],
    describe: 'Receive webhooks, verify their signatures, and print a line for each',
    run: async argv => (await import('../webhooks/tail.ts')).tailWebhooks(argv),
  },
  {
    words: ['suggest'],
    describe: 'Print what may come next on a command line; the completions of shells call it',
    run: async argv => (await import('../completion/suggest.ts')).suggest(argv),
  },
]
