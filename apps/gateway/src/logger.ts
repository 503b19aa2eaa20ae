import { type DestinationStream, type Level, type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

export type { Logger }

/** Logs JSON lines, or readable lines on a terminal. Prompts, answers and tokens are never logged. */
export const createLogger = (level: Level, output: NodeJS.WriteStream): Logger => {
  const destination: DestinationStream = output.isTTY
    ? PinoPretty({ destination: output, sync: true })
    : output
  return pino({ level, name: 'gateway' }, destination)
}
