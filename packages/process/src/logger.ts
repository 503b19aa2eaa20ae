import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, pino } from 'pino'
import type PinoPretty from 'pino-pretty'
import type { LogLevel } from './shared-settings.ts'

export type { Logger }

export interface LoggerOptions {
  /** Which process it is. Every line has the name. */
  readonly name: 'gateway' | 'worker'
  readonly level: LogLevel
  readonly output: NodeJS.WriteStream
}

/**
 * The logger of a process: JSON lines, or readable ones on a terminal. Never give it a prompt, an answer or a token.
 *
 * @example
 * const logger = createLogger({ name: 'worker', level: config.logLevel, output: process.stdout })
 */
export const createLogger = ({ name, level, output }: LoggerOptions): Logger => {
  const destination: DestinationStream = output.isTTY
    ? prettyPrinter()({ destination: output, sync: true })
    : output
  return pino({ level, name }, destination)
}

/** Loaded late: only a terminal needs it. */
const prettyPrinter = () => createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty
